"""The only door to python-jose in the suite.

python-jose verifies what it is told to verify, and forgives the rest: it lets
the token name the algorithm, takes key bytes for an HMAC secret, ignores
``kid``, ``crit`` and missing claims, and decodes sloppy base64. This module
narrows it to compact JWS made by a key that *we* chose:

* keys come as JWK mappings only (never PEM or DER bytes) and carry exactly one
  algorithm, fixed when the key is built;
* the key is looked up by the token's ``kid`` in what we know, and its algorithm
  must be the token's;
* ``exp``, ``iat``, ``aud``, ``iss``, ``sub`` and ``jti`` are required, with strict types;
* ``crit``, encryption, embedded or linked keys, duplicate members, non-canonical
  base64url and tokens over 8 kB are refused.

Pure Python: no Odoo import. Sources: RFC 7515, RFC 7518 section 3, RFC 8725.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk as jose_jwk
from jose import jws as jose_jws
from jose import jwt as jose_jwt
from jose.exceptions import JOSEError

MAX_TOKEN_BYTES = 8192
MIN_RSA_BITS = 2048
LEEWAY_SECONDS = 10

# algorithm -> (kty, curve or None, bytes of an HMAC key at least)
_ALGORITHMS = {
    "ES256": ("EC", "P-256", 0),
    "ES384": ("EC", "P-384", 0),
    "RS256": ("RSA", None, 0),
    "RS384": ("RSA", None, 0),
    "HS256": ("oct", None, 32),
    "HS384": ("oct", None, 48),
}
_PUBLIC_MEMBERS = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e"), "oct": ("kty", "k")}
_PRIVATE_MEMBERS = {"EC": ("d",), "RSA": ("d", "p", "q", "dp", "dq", "qi"), "oct": ()}
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
# Known to others, and harmless as long as nothing is done with them: an address that we registered ourselves
# (compared), and digests of a certificate (left alone).
_OPTIONAL_MEMBERS = frozenset({"jku", "x5t", "x5t#S256"})
TYPES = frozenset({"JWT", "at+jwt"})
ACCESS_TOKEN = frozenset({"at+jwt"})
ASSERTION = frozenset({"JWT", "client-authentication+jwt"})
CLAIMS = ("exp", "iat", "aud", "iss", "sub", "jti")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+\Z")


class TokenError(Exception):
    """The token is refused.

    :param code: short machine code, safe for logs; never contains a part of the token
    """

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class KeyRefused(Exception):
    """The key is not one that this suite signs or verifies with."""


@dataclass(frozen=True, slots=True)
class GuardedKey:
    """A built key, bound to one key id and one algorithm."""

    kid: str
    algorithm: str
    key: object
    private: bool


@dataclass(frozen=True, slots=True)
class Peek:
    """What a token says of itself before anything is verified: good for look-ups only."""

    kid: str
    subject: str
    claims: Mapping
    algorithm: str


def _decode_segment(segment: str, code: str) -> bytes:
    """Decode one base64url segment, canonical form only: no padding, no spaces, no stray bits."""
    if not _SEGMENT.match(segment) or len(segment) % 4 == 1:
        raise TokenError(code)
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        raise TokenError(code)
    return raw


def _unique(pairs: list) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str):
    raise ValueError(name)


def _decode_object(segment: str, code: str) -> dict:
    return _object(_decode_segment(segment, code), code)


def _object(raw: bytes, code: str) -> dict:
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise TokenError(code) from None
    if not isinstance(value, dict):
        raise TokenError(code)
    return value


def _members(jwk: Mapping, names: tuple) -> dict:
    members = {}
    for name in names:
        value = jwk.get(name)
        if not isinstance(value, str):
            raise KeyRefused(f"member {name!r} is missing")
        if name not in ("kty", "crv"):
            try:
                _decode_segment(value, "jwk")
            except TokenError:
                raise KeyRefused(f"member {name!r} is not base64url") from None
        members[name] = value
    return members


def build_key(jwk: Mapping, *, kid: str, algorithm: str, private: bool = False) -> GuardedKey:
    """Build a key once; parsing costs tens of milliseconds, so cache the result.

    :param jwk: the JWK as a mapping; only the members of its type are used
    :param kid: the id under which tokens name it
    :param algorithm: the one algorithm that this key is used with
    :param private: keep the private members, to sign
    :raises KeyRefused: for PEM or DER bytes, another type or curve than the algorithm's, weak keys
    """
    if not isinstance(jwk, Mapping):
        raise KeyRefused("keys are JWK mappings; PEM and DER are not taken")
    if algorithm not in _ALGORITHMS:
        raise KeyRefused("this algorithm is not used here")
    kty, curve, secret_bytes = _ALGORITHMS[algorithm]
    if jwk.get("kty") != kty:
        raise KeyRefused(f"{algorithm} takes a key of type {kty}")
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("the key is not for signatures")
    if jwk.get("alg", algorithm) != algorithm:
        raise KeyRefused("the key names another algorithm")
    if "key_ops" in jwk and not ({"sign", "verify"} & set(jwk["key_ops"])):
        raise KeyRefused("the key's operations do not include signatures")
    members = _members(jwk, _PUBLIC_MEMBERS[kty] + (_PRIVATE_MEMBERS[kty] if private else ()))
    if curve and members["crv"] != curve:
        raise KeyRefused(f"{algorithm} takes curve {curve}")
    if kty == "RSA" and int.from_bytes(_decode_segment(members["n"], "jwk"), "big").bit_length() < MIN_RSA_BITS:
        raise KeyRefused(f"RSA keys need {MIN_RSA_BITS} bits")
    if kty == "oct" and len(_decode_segment(members["k"], "jwk")) < secret_bytes:
        raise KeyRefused(f"{algorithm} needs a secret of {secret_bytes} bytes")
    try:
        key = jose_jwk.construct(members, algorithm)
    except (JOSEError, ValueError, TypeError, KeyError):
        raise KeyRefused("the key cannot be read") from None
    return GuardedKey(kid=kid, algorithm=algorithm, key=key, private=private)


def new_ec_jwk() -> dict:
    """A fresh P-256 private key as JWK, for ES256."""
    return new_jwk("ES256")


def public_jwk(jwk: Mapping) -> dict:
    """The public members of ``jwk``.

    :raises KeyRefused: for a symmetric key, which has no public part
    """
    if jwk.get("kty") not in ("EC", "RSA"):
        raise KeyRefused("a symmetric key has no public part")
    return _members(jwk, _PUBLIC_MEMBERS[jwk["kty"]])


def sign(claims: Mapping, key: GuardedKey) -> str:
    """Sign ``claims`` as a compact JWT naming ``key`` by its id.

    :raises KeyRefused: when the key was built without its private part
    """
    if not key.private:
        raise KeyRefused("a public key cannot sign")
    return jose_jwt.encode(dict(claims), key.key, algorithm=key.algorithm, headers={"kid": key.kid, "typ": "at+jwt"})


def new_id() -> str:
    """A random token or key id."""
    return secrets.token_urlsafe(16)


def key_type(algorithm: str) -> str:
    """The ``kty`` of keys for ``algorithm``; empty when it is not used here."""
    return _ALGORITHMS.get(algorithm, ("",))[0]


def new_jwk(algorithm: str) -> dict:
    """A fresh private key as JWK for ``algorithm``: for tests, and to stand in for a key that nobody has."""
    if algorithm in ("RS256", "RS384"):
        numbers = rsa.generate_private_key(65537, MIN_RSA_BITS).private_numbers()
        public = numbers.public_numbers
        members = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
        members |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        return {"kty": "RSA", **{name: encode_number(number) for name, number in members.items()}}
    curve, size = (ec.SECP384R1(), 48) if algorithm == "ES384" else (ec.SECP256R1(), 32)
    numbers = ec.generate_private_key(curve).private_numbers()
    return {
        "kty": "EC",
        "crv": "P-384" if size == 48 else "P-256",
        "x": encode_number(numbers.public_numbers.x, size),
        "y": encode_number(numbers.public_numbers.y, size),
        "d": encode_number(numbers.private_value, size),
    }


def encode_number(number: int, size: int = 0) -> str:
    """A number as JWKs write it: base64url of its bytes, at least ``size``."""
    raw = number.to_bytes(size or (number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def thumbprint(jwk: Mapping) -> str:
    """The name that a public key has by itself (RFC 7638).

    :raises KeyRefused: when a member is missing
    """
    members = public_jwk(jwk)
    text = json.dumps(dict(sorted(members.items())), separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _open(token: str, optional: bool = False) -> tuple[dict, dict]:
    """Header and claims of a compact JWT."""
    header, payload = _split(token, optional)
    return header, _object(payload, "token.claims")


def _split(token: str, optional: bool) -> tuple[dict, bytes]:
    """Header and payload of a compact JWS in canonical form."""
    if not isinstance(token, str) or not token.isascii():
        raise TokenError("token.malformed")
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenError("token.too_long")
    segments = token.split(".")
    if len(segments) != 3:  # five segments are a JWE
        raise TokenError("token.malformed")
    header = _decode_object(segments[0], "token.header")
    payload = _decode_segment(segments[1], "token.claims")
    _decode_segment(segments[2], "token.signature")
    if (
        header.keys() - _HEADER_MEMBERS - (_OPTIONAL_MEMBERS if optional else set())
    ):  # crit, b64, zip, jku, jwk, x5u, x5c and whatever comes next
        raise TokenError("token.header")
    if header.get("typ", "JWT") not in TYPES | ASSERTION:
        raise TokenError("token.header")
    if not isinstance(header.get("alg"), str) or not isinstance(header.get("kid"), str):
        raise TokenError("token.header")
    return header, payload


def peek(token: str, *, optional: bool = False) -> Peek:
    """Read key id and subject of a well-formed but **unverified** token, to look both up.

    :param optional: let header members pass that others write and that :func:`verify` compares or ignores
    :raises TokenError: when the token could never be one of ours
    """
    header, claims = _open(token, optional)
    subject = claims.get("sub")
    return Peek(header["kid"], subject if isinstance(subject, str) else "", claims, header["alg"])


def verify(
    token: str,
    find_key: Callable[[str], GuardedKey | None],
    *,
    audience: str,
    issuer: str,
    max_lifetime: int,
    types: frozenset[str] = TYPES,
    required: tuple[str, ...] = CLAIMS,
    audience_list: bool = False,
    max_ahead: int | None = None,
    jku: str | None = None,
) -> dict:
    """Verify ``token`` completely and return its claims.

    :param find_key: key id -> the key that we hold under it, or None
    :param audience: the one audience expected, compared as a whole string
    :param issuer: the one issuer expected
    :param max_lifetime: seconds between ``iat`` and ``exp`` at most
    :param types: values of ``typ`` that are accepted; no ``typ`` is one of ``JWT``
    :param required: claims that must be there; ``iat`` and ``jti`` may be left out of it, for tokens of others
    :param audience_list: take a list of audiences that has ours
    :param max_ahead: seconds from now to ``exp`` at most, for assertions
    :param jku: the one address that the header may name as the place of the keys; it is compared, never called
    :raises TokenError: whatever is wrong with it
    """
    header, claims = _open(token, optional=jku is not None)
    if header.get("typ", "JWT") not in types or header.get("jku", jku) != jku:
        raise TokenError("token.header")
    _check_types(claims, required, audience_list)
    key = find_key(header["kid"])
    if key is None or key.kid != header["kid"]:
        raise TokenError("token.key")
    if header["alg"] != key.algorithm:
        raise TokenError("token.algorithm")
    _check_signature(token, key)
    _check_values(claims, audience, issuer, max_lifetime, max_ahead)
    return claims


def check_signature(token: str, key: GuardedKey) -> None:
    """Verify a compact JWS whatever it carries: form, header, algorithm and signature.

    :raises TokenError: whatever is wrong with it
    """
    header, _payload = _split(token, optional=False)
    if header["kid"] != key.kid:
        raise TokenError("token.key")
    if header["alg"] != key.algorithm:
        raise TokenError("token.algorithm")
    _check_signature(token, key)


def _check_signature(token: str, key: GuardedKey) -> None:
    try:
        jose_jws.verify(token, key.key, algorithms=[key.algorithm])
    except JOSEError:
        raise TokenError("token.refused") from None


def _check_types(claims: dict, required: tuple[str, ...], audience_list: bool) -> None:
    for claim in ("aud", "iss", "sub", "jti"):
        if claim not in claims and claim not in required:
            continue
        value = claims.get(claim)
        if claim == "aud" and audience_list and isinstance(value, list):
            if not value or not all(isinstance(item, str) for item in value):
                raise TokenError("token.claims")
        elif not isinstance(value, str) or not value:
            raise TokenError("token.claims")
    for claim in ("exp", "iat"):
        if claim not in claims and claim not in required:
            continue
        if type(claims.get(claim)) is not int:  # bool is an int to isinstance
            raise TokenError("token.claims")
    if type(claims.get("nbf", 0)) is not int:
        raise TokenError("token.claims")


def _check_values(claims: dict, audience: str, issuer: str, max_lifetime: int, max_ahead: int | None) -> None:
    """Times, audience and issuer, none of which python-jose is left to judge."""
    now = time.time()
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if audience not in audiences or claims["iss"] != issuer:
        raise TokenError("token.claims")
    if claims["exp"] <= now:
        raise TokenError("token.expired")
    if claims.get("nbf", 0) > now + LEEWAY_SECONDS:
        raise TokenError("token.claims")
    if "iat" in claims:
        if claims["iat"] > now + LEEWAY_SECONDS:
            raise TokenError("token.future")
        if not 0 < claims["exp"] - claims["iat"] <= max_lifetime:
            raise TokenError("token.lifetime")
    if max_ahead is not None and claims["exp"] > now + max_ahead + LEEWAY_SECONDS:
        raise TokenError("token.lifetime")
