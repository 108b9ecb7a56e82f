"""Who is calling: a secret, a token or a signed assertion, with the same work for known and unknown clients.

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

from . import assertion, jose_guard, limiter, problem, throttle, tokens
from .body import Quota
from .models.interop_service_account import VALID_AT_ONCE
from .models.interop_service_credential import digest, matches
from .problem import Problem
from .scopes import Grant

AUDIENCE = tokens.AUDIENCE
TOKEN_SECONDS = tokens.TOKEN_SECONDS
issuer = tokens.issuer
base_url = tokens.base_url
FAILURES_PER_MINUTE = 10
ADDRESS_FACTOR = 5
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="interop", charset="UTF-8", Bearer realm="interop"'}
# The signature was good (a client that must ask for a new token), or could not be looked at: nobody is guessing.
_NO_GUESS = frozenset({"token.expired", "token.revoked", "token.ended", "token.keys_unavailable"})
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
    rate_burst: int = 0
    company_id: int | None = None  #: the first of its companies
    quota: tuple[int, int, int] = (0, 0, 0)  #: body, page, bundle; 0: those of the interface


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request brought to prove who it is: a secret, an access token, or an assertion.

    ``client_id`` is empty beside a token, which names its client itself.
    """

    client_id: str
    secret: str = ""
    token: str = ""
    assertion: str = ""
    certificate: str = ""  #: thumbprint, as a trusted proxy reports it


def read_authorization(header: str | None, certificate: str = "") -> Presented:
    """Take an ``Authorization`` header apart.

    :param certificate: thumbprint of the client certificate that came with it
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
        return Presented(_clean(client_id), secret=_clean(secret), certificate=certificate)
    if scheme.lower() == "bearer":
        return Presented("", token=value, certificate=certificate)
    raise _unauthorized("auth.scheme", "Authenticate with Basic or Bearer.")


def _clean(text: str) -> str:
    """RFC 6749 has clients form-encode both parts of a Basic header; ours hold no character that it changes."""
    return unquote_plus(text).replace("\0", "")[:256] if "%" in text else text.replace("\0", "")[:256]


def identify(env, presented: Presented, address: str, spent: set[str] | None = None) -> Caller:
    """Find out whose credentials these are.

    :param address: of the client, as the server sees it
    :param spent: assertions that this very request used before, when Odoo runs it again
    :raises Problem: 401 when they are not valid, 429 after too many failures
    """
    if throttle.watching():
        buckets = _buckets(env, client_of(env, presented), address)
        if wait := throttle.blocked(env, buckets):
            raise _too_many("auth.throttled", "Too many failed attempts.", wait)
    code, grant = "auth.refused", None
    try:
        if presented.token:
            account, credential_id, grant = _by_token(env, presented)
        elif presented.assertion:
            account, credential_id = assertion.check(env, presented.assertion, spent if spent is not None else set())
        else:
            account, credential_id = _by_secret(env, presented)
        if account.certificates and presented.certificate not in account.certificates:
            code, credential_id = "auth.certificate", None
    except jose_guard.TokenError as error:
        code, credential_id = error.code, None
    if credential_id is None:
        if code not in _NO_GUESS:
            throttle.hit(env, _buckets(env, client_of(env, presented), address))
        if code == "token.keys_unavailable":  # known to us, not to be told to strangers
            code = "token.refused"
        raise _unauthorized(code, "The credentials are not valid (any more).")
    if credential_id:
        _note_use(env, credential_id)
    return Caller(
        account.id,
        account.client_id,
        credential_id,
        account.company_ids,
        account.rate_limit,
        account.interface_ids,
        account.user_id,
        account.grant if grant is None else grant,
        account.rate_burst,
        account.company_id,
        account.quota,
    )


def _by_secret(env, presented: Presented) -> tuple:
    """Account and id of the secret, or None for the id; one digest and two comparisons for everybody."""
    presented_hash = digest(presented.client_id, presented.secret)
    account = env["interop.service.account"]._at_the_door(presented.client_id)
    secrets = account.valid_secrets(throttle.clock())
    matched = None
    for n in range(VALID_AT_ONCE):
        secret_id, stored = secrets[n] if n < len(secrets) else (None, _NO_HASH)
        if matches(presented_hash, stored):
            matched = secret_id
    return account, matched


def _by_token(env, presented: Presented) -> tuple:
    """Account, id of the credential that the token was issued for, and what it gives.

    :raises TokenError: when it does not count (any more)
    """
    verified = tokens.check(env, presented.token)
    account = tokens.account_of(env, verified)
    if account.id is None or verified.issued < account.tokens_from:
        raise jose_guard.TokenError("token.ended")
    if not verified.issuer_id and not account.has_credential(verified.credential_id, throttle.clock()):
        raise jose_guard.TokenError("token.ended")
    if verified.certificate and verified.certificate != presented.certificate:
        raise jose_guard.TokenError("auth.certificate")
    return account, verified.credential_id, verified.within(account.grant)


def client_of(env, presented: Presented) -> str:
    """The client whose failures are counted: what the request says of itself, believed or not."""
    text = presented.token or presented.assertion
    if not text:
        return presented.client_id
    if presented.token and (known := tokens.recall(env, text)):
        return known.subject
    try:
        return _clean(jose_guard.peek(text, optional=True).subject)
    except jose_guard.TokenError:
        return ""


def may_use(caller: Caller, interface) -> bool:
    """Whether the account was allowed this interface, or everybody is."""
    return interface.id in caller.interface_ids or interface.open_to_all


def quota(interface, caller: Caller | None) -> Quota:
    """How much a request may bring to, or ask of, this interface."""
    body, page, bundle = caller.quota if caller else (0, 0, 0)
    return Quota(
        body or interface.max_body_bytes,
        page or interface.max_page,
        bundle or interface.max_bundle,
        interface.max_json_depth,
    )


def partner_env(env, caller: Caller):
    """The environment of the account's technical user, with its companies."""
    if caller.company_ids is None:
        return env(user=caller.user_id, su=False, context={})
    others = sorted(caller.company_ids - {caller.company_id})
    return env(user=caller.user_id, su=False, context={"allowed_company_ids": [caller.company_id, *others]})


def _note_use(env, credential_id: int) -> None:
    """Note the use of a secret, at most once in ten minutes."""
    name, now = (env.cr.dbname, credential_id), time.monotonic()
    if now - _noted.get(name, -_NOTE_SECONDS) >= _NOTE_SECONDS:
        _noted[name] = now
        throttle.run_apart(env, _NOTE_USE, [credential_id])


def check_rate(env, caller: Caller, interface=None) -> dict[str, str]:
    """Count the request against the account's limit at this interface; return the headers that tell of it.

    :raises Problem: 429 when it is used up
    """
    limit = caller.rate_limit or (interface.account_rate if interface else 0)
    if not limit:
        return {}
    place = interface.id if interface else 0
    verdict = limiter.admit(env, f"{caller.account_id}:{place}", limit, caller.rate_burst)
    headers = verdict.headers()
    if verdict.wait:
        raise _too_many("rate.limit", f"This account may send {limit} requests per minute here.", verdict.wait, headers)
    return headers


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


def _too_many(code: str, detail: str, wait: int, headers: dict | None = None) -> Problem:
    error = Problem(429, code, detail, headers={**(headers or {}), "Retry-After": wait})
    problem.log(error)
    return error
