"""Who is calling: Basic and Bearer, with the same work for known and unknown clients.

Accounts, secrets and interfaces are kept per process the way Odoo keeps access
rules: whatever changes them clears the caches of all processes, which look for
that at the start of every request. So revoking a secret, archiving an account
or taking an interface away acts on the next request, and one that is let in
costs no query here.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import time
from dataclasses import dataclass
from urllib.parse import unquote_plus

from odoo.addons.interop_hub import keyring

from . import jose_guard, problem, throttle
from .body import Quota
from .models.interop_service_account import VALID_AT_ONCE
from .models.interop_service_credential import digest, matches
from .problem import Problem
from .scopes import Grant

AUDIENCE = "interop"
TOKEN_SECONDS = 300
FAILURES_PER_MINUTE = 10
ADDRESS_FACTOR = 5
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="interop", charset="UTF-8", Bearer realm="interop"'}
_NO_HASH = "0" * 64
_MAX_HEADER = jose_guard.MAX_TOKEN_BYTES + 16

_NOTE_USE = """
    UPDATE interop_service_credential SET last_used_at = now() AT TIME ZONE 'UTC'
     WHERE id IN (SELECT id FROM interop_service_credential
                   WHERE id = %s AND (last_used_at IS NULL
                                      OR last_used_at < now() AT TIME ZONE 'UTC' - interval '10 minutes')
                     FOR UPDATE SKIP LOCKED)
 RETURNING 1
"""
_NOTE_SECONDS = 600.0

# (database, id of a secret) -> when this process noted its use last
_noted: dict[tuple[str, int], float] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated service account."""

    account_id: int
    client_id: str
    credential_id: int
    company_ids: frozenset[int] | None  #: None: all
    rate_limit: int
    interface_ids: frozenset[int]
    user_id: int  #: the technical user
    grant: Grant  #: of the account, or of the token that it showed


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request brought to prove who it is: a secret, or a token."""

    client_id: str
    secret: str = ""
    token: str = ""
    kid: str = ""


def read_authorization(header: str | None) -> Presented:
    """Take an ``Authorization`` header apart.

    :raises Problem: 401 when there is none, or it is neither Basic nor Bearer, or malformed
    """
    if not header:
        raise _unauthorized("auth.missing", "Authenticate with Basic or Bearer.")
    if len(header) > _MAX_HEADER:
        raise _unauthorized("auth.malformed", "The Authorization header is too long.")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        try:
            client_id, colon, secret = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except (ValueError, binascii.Error):
            colon = client_id = secret = ""
        if not colon:
            raise _unauthorized("auth.malformed", "The Basic credentials cannot be read.")
        return Presented(_clean(client_id), secret=_clean(secret))
    if scheme.lower() == "bearer":
        try:
            peek = jose_guard.peek(value)
        except jose_guard.TokenError as error:
            # Looked up all the same, and counted as a failure.
            return Presented("", token=error.code)
        return Presented(_clean(peek.subject), token=value, kid=peek.kid[:64])
    raise _unauthorized("auth.scheme", "Authenticate with Basic or Bearer.")


def _clean(text: str) -> str:
    """RFC 6749 has clients form-encode both parts of a Basic header; ours hold no character that it changes."""
    return unquote_plus(text).replace("\0", "")[:256] if "%" in text else text.replace("\0", "")[:256]


def identify(env, presented: Presented, address: str) -> Caller:
    """Find out whose credentials these are.

    :param address: of the client, as the server sees it
    :raises Problem: 401 when they are not valid, 429 after too many failures
    """
    if throttle.watching() and (wait := throttle.blocked(env, _buckets(env, presented.client_id, address))):
        raise _too_many("auth.throttled", "Too many failed attempts.", wait)
    # The same work for everybody: one digest and two comparisons (or one signature).
    presented_hash = digest(presented.client_id, presented.secret)
    account = env["interop.service.account"]._at_the_door(presented.client_id)
    secrets = account.valid_secrets(throttle.clock())
    if presented.token:
        code, claimed = _check_token(env, presented)
        matched = next((secret_id for secret_id, _hash in secrets if secret_id == claimed), None)
    else:
        code, matched = "auth.refused", None
        for n in range(VALID_AT_ONCE):
            secret_id, stored = secrets[n] if n < len(secrets) else (None, _NO_HASH)
            if matches(presented_hash, stored):
                matched = secret_id
    if matched is None:
        if code != "token.expired":  # its signature was good: a client that must ask for a new one
            throttle.hit(env, _buckets(env, presented.client_id, address))
        raise _unauthorized(code, "The credentials are not valid (any more).")
    _note_use(env, matched)
    return Caller(
        account.id,
        account.client_id,
        matched,
        account.company_ids,
        account.rate_limit,
        account.interface_ids,
        account.user_id,
        account.grant,
    )


def may_use(caller: Caller, interface) -> bool:
    """Whether the account was allowed this interface, or everybody is."""
    return interface.id in caller.interface_ids or interface.open_to_all


def quota(interface, caller: Caller | None) -> Quota:
    """How much a request may bring to, or ask of, this interface."""
    return Quota(interface.max_body_bytes, interface.max_page, interface.max_bundle, interface.max_json_depth)


def partner_env(env, caller: Caller):
    """The environment of the account's technical user, with its companies."""
    companies = {} if caller.company_ids is None else {"allowed_company_ids": sorted(caller.company_ids)}
    return env(user=caller.user_id, su=False, context=companies)


def _note_use(env, credential_id: int) -> None:
    """Note the use of a secret, at most once in ten minutes."""
    name, now = (env.cr.dbname, credential_id), time.monotonic()
    if now - _noted.get(name, -_NOTE_SECONDS) >= _NOTE_SECONDS:
        _noted[name] = now
        throttle.run_apart(env, _NOTE_USE, [credential_id])


def _check_token(env, presented: Presented) -> tuple[str, int | None]:
    """Verify a token; return (code of the failure, id of the credential that it was issued for)."""
    if not presented.kid:
        return presented.token, None  # did not even look like one; the reason stands in its place
    try:
        claims = jose_guard.verify(
            presented.token,
            env["interop.signing.key"]._verifier,
            audience=AUDIENCE,
            issuer=issuer(env),
            max_lifetime=TOKEN_SECONDS,
        )
    except jose_guard.TokenError as error:
        return error.code, None
    credential_id = claims.get("cid")
    return "auth.refused", credential_id if type(credential_id) is int else None


def check_rate(env, caller: Caller) -> None:
    """Count the request against the account's limit.

    :raises Problem: 429 when it is used up
    """
    if not caller.rate_limit:
        return
    bucket = throttle.Bucket(keyring.ring().digest(f"rate:{caller.account_id}"), caller.rate_limit)
    if wait := throttle.admit(env, bucket):
        raise _too_many("rate.limit", f"This account may send {caller.rate_limit} requests per minute.", wait)


def issuer(env) -> str:
    """Who issues tokens here: this database, by its own id."""
    return f"urn:uuid:{env['ir.config_parameter'].sudo().get_param('database.uuid')}"


def issue_token(env, caller: Caller) -> str:
    """A signed access token for ``caller``, bound to the secret that it showed."""
    now = int(throttle.clock())
    return jose_guard.sign(
        {
            "iss": issuer(env),
            "sub": caller.client_id,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": jose_guard.new_id(),
            "cid": caller.credential_id,
        },
        env["interop.signing.key"]._signer(),
    )


def _buckets(env, client_id: str, address: str) -> tuple[throttle.Bucket, throttle.Bucket]:
    """Failures are counted per client and address, and per address, never per client alone:

    whoever knows a client id could otherwise lock its owner out.
    """
    parameter = env["ir.config_parameter"].sudo().get_param("interop_api.failures_per_minute")
    limit = max(1, int(parameter)) if (parameter or "").isdigit() else FAILURES_PER_MINUTE
    network = _network(address)
    ring = keyring.ring()
    return (
        throttle.Bucket(ring.digest(f"auth-client:{client_id}@{network}"), limit),
        throttle.Bucket(ring.digest(f"auth-address:{network}"), limit * ADDRESS_FACTOR),
    )


def _network(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 site has for itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6 and not parsed.ipv4_mapped:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _unauthorized(code: str, detail: str) -> Problem:
    error = Problem(401, code, detail, headers=_CHALLENGE)
    problem.log(error)
    return error


def _too_many(code: str, detail: str, wait: int) -> Problem:
    error = Problem(429, code, detail, headers={"Retry-After": wait})
    problem.log(error)
    return error
