"""Clients that prove who they are with a key of their own (``private_key_jwt``).

Sources: RFC 7523, section 3; SMART App Launch 2, "Client Authentication: Asymmetric".
"""

from __future__ import annotations

import hashlib
import threading

from . import jose_guard, jwks, throttle, tokens
from .jose_guard import TokenError

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
SECONDS_AHEAD = 300

# Keys of partners by database, id of the record: reading one costs tens of milliseconds, and it never changes.
_built: dict[tuple[str, int], jose_guard.GuardedKey | None] = {}
_strangers: dict[str, jose_guard.GuardedKey] = {}
_lock = threading.Lock()


def check(env, token: str, spent: set[str]) -> tuple[object, int]:
    """Find out whose assertion this is: the account as the door knows it, and the id of the key.

    :param spent: what this very request used before, when Odoo runs it again
    :raises TokenError: whatever is wrong with it
    """
    peek = jose_guard.peek(token, optional=True)
    account = env["interop.service.account"]._at_the_door(peek.subject)
    key, credential_id = None, 0
    if peek.algorithm in ALGORITHMS:
        key, credential_id = _key_of(env, account, peek)
        if key is None:  # the same work for clients that are not there
            _verify(env, token, _stranger(peek.algorithm, peek.kid), peek.subject, account.jwks_url)
            raise TokenError("token.key")
    claims = _verify(env, token, key, peek.subject, account.jwks_url)
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1:  # it would do for others as well
        raise TokenError("token.claims")
    digest = hashlib.sha256(f"{peek.subject}\0{claims['jti']}".encode("utf-8", "surrogatepass")).hexdigest()
    if digest not in spent:
        if not env["interop.token.id"]._first_time(f"assertion:{digest}", claims["exp"] + jose_guard.LEEWAY_SECONDS):
            raise TokenError("token.replayed")
        spent.add(digest)
    return account, credential_id


def _verify(env, token: str, key, client_id: str, jku: str) -> dict:
    """Verify an assertion with ``key``: issuer and subject are the client, the audience is our token address."""
    return jose_guard.verify(
        token,
        lambda kid: key,
        audience=tokens.token_url(env),
        issuer=client_id,
        max_lifetime=24 * 3600,
        types=jose_guard.ASSERTION,
        required=("exp", "aud", "iss", "sub", "jti"),
        audience_list=True,
        max_ahead=SECONDS_AHEAD,
        jku=jku,
    )


def _key_of(env, account, peek: jose_guard.Peek) -> tuple[jose_guard.GuardedKey | None, int]:
    """The one key that the account registered under this id, for this algorithm."""
    named = [
        key for key in account.valid_keys(throttle.clock()) if key.kid == peek.kid and key.algorithm == peek.algorithm
    ]
    if len(named) == 1:
        return _build(env, named[0]), named[0].id
    if account.jwks_url and not named:
        try:
            return jwks.find(account.jwks_url, peek.kid, peek.algorithm, tokens.allowed_hosts(env))[0], 0
        except jwks.Unavailable:
            raise TokenError("token.keys_unavailable") from None
    return None, 0


def _build(env, key) -> jose_guard.GuardedKey | None:
    name = (env.cr.dbname, key.id)
    if name not in _built:
        try:
            built = jose_guard.build_key(jwks.parse(key.jwk)[0], kid=key.kid, algorithm=key.algorithm)
        except jose_guard.KeyRefused:
            built = None
        with _lock:
            if len(_built) > 1024:
                _built.clear()
            _built[name] = built
    return _built[name]


def _stranger(algorithm: str, kid: str) -> jose_guard.GuardedKey:
    """A key that nobody has, made once."""
    if algorithm not in _strangers:
        jwk = jose_guard.public_jwk(jose_guard.new_jwk(algorithm))
        _strangers[algorithm] = jose_guard.build_key(jwk, kid="", algorithm=algorithm)
    known = _strangers[algorithm]
    return jose_guard.GuardedKey(kid, algorithm, known.key, private=False)
