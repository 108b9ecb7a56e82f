"""Access tokens: our own, and those of trusted outside issuers.

A token is a signed statement of five minutes; whether it still counts is asked of what this
process holds of accounts, keys and revocations at every request. Only the verdict on the
signature itself is remembered (by a digest of the token, for as long as the token lives), as
verifying one costs as much as the rest of a request.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from . import jose_guard, jwks, throttle
from .jose_guard import TokenError
from .scopes import Grant

AUDIENCE = "interop"
TOKEN_SECONDS = 300
TOKEN_PATH = "/interop/oauth2/token"  # noqa: S105  an address
MAX_REMEMBERED = 8192


def base_url(env) -> str:
    """The one public address of this server. Never what a request says of it: ``Host`` is the client's to choose."""
    parameter = env["ir.config_parameter"].sudo().get_param
    return (parameter("interop_api.public_url") or parameter("web.base.url") or "http://localhost").rstrip("/")


def issuer(env) -> str:
    """Who issues tokens here (RFC 8414): the public address."""
    return base_url(env)


def token_url(env) -> str:
    """The address that client assertions must name as their audience."""
    return base_url(env) + TOKEN_PATH


@dataclass(slots=True)
class Verified:
    """A token whose signature and claims were found good."""

    issuer: str
    issuer_id: int  #: of a trusted issuer's record; 0: our own
    kid: str
    subject: str  #: client id, or what the trusted issuer calls the account
    credential_id: int
    jti: str
    issued: float
    expires: float
    grant: Grant
    certificate: str
    until: float  #: when the signature must be verified again
    claims: dict
    narrowed: tuple | None = None  #: (grant of the account, what both give)

    def within(self, grant: Grant) -> Grant:
        """What the token gives, as far as the account still has it."""
        if self.narrowed is None or self.narrowed[0] is not grant:
            self.narrowed = (grant, grant.narrow(self.grant))
        return self.narrowed[1]


_remembered: dict[tuple[str, bytes], Verified] = {}
_lock = threading.Lock()


def issue(env, caller, grant: Grant, certificate: str = "") -> str:
    """A signed access token for ``caller``, bound to the credential that it showed.

    :param grant: what it gives
    :param certificate: thumbprint of the client certificate that must come with it, if any
    """
    now = int(throttle.clock())
    claims = {
        "iss": issuer(env),
        "sub": caller.client_id,
        "client_id": caller.client_id,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": jose_guard.new_id(),
        "cid": caller.credential_id,
    }
    if grant:
        claims["scope"] = str(grant)
    if certificate:
        claims["cnf"] = {"x5t#S256": certificate}
    return jose_guard.sign(claims, env["interop.signing.key"]._signer())


def recall(env, token: str) -> Verified | None:
    """What is remembered of a token, whether or not it still counts."""
    return _remembered.get((env.cr.dbname, hashlib.sha256(token.encode()).digest()))


def check(env, token: str) -> Verified:
    """Verify an access token, and that nothing has ended it since.

    :raises TokenError: whatever is wrong with it
    """
    name = (env.cr.dbname, hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())
    verified = _remembered.get(name)
    if verified is None or verified.until <= time.monotonic():
        verified = _verify(env, token)
        with _lock:
            while len(_remembered) >= MAX_REMEMBERED:
                del _remembered[next(iter(_remembered))]
            _remembered[name] = verified
    if verified.expires <= throttle.clock():
        raise TokenError("token.expired")
    if verified.issuer_id:
        trusted = env["interop.trusted.issuer"]._at_the_door(verified.issuer)
        if trusted is None or trusted.id != verified.issuer_id:
            raise TokenError("token.issuer")
    else:
        if verified.issuer != issuer(env):
            raise TokenError("token.issuer")
        if env["interop.signing.key"]._verifier(verified.kid) is None:
            raise TokenError("token.key")
        if verified.jti in env["interop.token.id"]._revoked():
            raise TokenError("token.revoked")
    return verified


def account_of(env, verified: Verified):
    """The account of a verified token, as the door knows it; one that nothing matches when it is gone."""
    Account = env["interop.service.account"]
    if verified.issuer_id:
        return Account._external_at_the_door(verified.issuer_id, verified.subject)
    return Account._at_the_door(verified.subject)


def _verify(env, token: str) -> Verified:
    peek = jose_guard.peek(token, optional=True)
    name = peek.claims.get("iss")
    own = issuer(env)
    if name == own or not isinstance(name, str):
        return _verify_own(env, token, own)
    trusted = env["interop.trusted.issuer"]._at_the_door(name)
    if trusted is None:
        raise TokenError("token.issuer")
    return _verify_trusted(env, token, peek, trusted)


def _verify_own(env, token: str, own: str) -> Verified:
    claims = jose_guard.verify(
        token,
        env["interop.signing.key"]._verifier,
        audience=AUDIENCE,
        issuer=own,
        max_lifetime=TOKEN_SECONDS,
        types=jose_guard.ACCESS_TOKEN,
    )
    credential_id, scope, confirmed = claims.get("cid"), claims.get("scope", ""), claims.get("cnf", {})
    if type(credential_id) is not int or not isinstance(scope, str) or not isinstance(confirmed, dict):
        raise TokenError("token.claims")
    return Verified(
        own,
        0,
        jose_guard.peek(token).kid,
        claims["sub"],
        credential_id,
        claims["jti"],
        claims["iat"],
        claims["exp"],
        Grant.parse(scope),
        str(confirmed.get("x5t#S256", "")),
        time.monotonic() + TOKEN_SECONDS,
        claims,
    )


def _verify_trusted(env, token: str, peek: jose_guard.Peek, trusted) -> Verified:
    if peek.algorithm not in trusted.algorithms:
        raise TokenError("token.algorithm")
    try:
        key, age = jwks.find(trusted.jwks_url, peek.kid, peek.algorithm, allowed_hosts(env))
    except jwks.Unavailable:
        raise TokenError("token.keys_unavailable") from None
    claims = jose_guard.verify(
        token,
        lambda kid: key,
        audience=trusted.audience,
        issuer=trusted.issuer,
        max_lifetime=trusted.max_lifetime,
        required=("exp", "iat", "aud", "iss", "sub"),
        audience_list=True,
        jku=trusted.jwks_url,
    )
    subject = _claim(claims, trusted.account_claim)
    confirmed = claims.get("cnf")
    return Verified(
        trusted.issuer,
        trusted.id,
        peek.kid,
        subject if isinstance(subject, str) else "",
        0,
        str(claims.get("jti", "")),
        claims["iat"],
        claims["exp"],
        trusted.grant_of(_claim(claims, trusted.scope_claim)),
        str(confirmed.get("x5t#S256", "")) if isinstance(confirmed, dict) else "",
        time.monotonic() + age,
        claims,
    )


def _claim(claims: dict, name: str):
    """A claim by its name, or by a path with dots, as in ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    value = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def allowed_hosts(env) -> frozenset[str]:
    """Hosts inside that an administrator allows key sets to be fetched from."""
    text = env["ir.config_parameter"].sudo().get_param("interop_api.allowed_hosts") or ""
    return frozenset(text.replace(",", " ").lower().split())
