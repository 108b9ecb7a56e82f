"""Headers that change what a request means: preconditions, preferences, idempotency keys. Pure Python."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_KEY = re.compile(r'"((?:[^"\\]|\\["\\])*)"\Z')
_ETAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|\Z)')


def etag_of(content: bytes) -> str:
    """A strong entity tag, without its quotes."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _tags(header: str) -> list[tuple[bool, str]]:
    found, at = [], 0
    while at < len(header):
        match = _ETAG.match(header, at)
        if not match:
            break
        # A compressed answer carries the same tag with a suffix, as its bytes differ.
        found.append((bool(match[1]), match[2].removesuffix("-gzip")))
        at = match.end()
    return found


def none_match(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` lets the answer be given (RFC 9110, section 13.1.2; weak comparison)."""
    if not header:
        return True
    return header.strip() != "*" and all(tag != etag for _weak, tag in _tags(header))


def match(header: str, etag: str) -> bool:
    """Whether ``If-Match`` lets the change be made (RFC 9110, section 13.1.1; strong comparison)."""
    return header.strip() == "*" or any(tag == etag and not weak for weak, tag in _tags(header))


@dataclass(frozen=True, slots=True)
class Prefer:
    """The preferences that are honoured (RFC 7240)."""

    representation: str = "representation"  #: or ``minimal``
    handling: str = "strict"  #: or ``lenient``
    applied: str = ""

    @classmethod
    def parse(cls, header: str | None) -> Prefer:
        """Read ``Prefer``; unknown preferences are ignored, as the RFC wants."""
        found: dict[str, str] = {}
        for part in (header or "").split(","):
            name, _equals, value = part.split(";")[0].strip().partition("=")
            found.setdefault(name.strip().lower(), value.strip().strip('"').lower())
        representation = found.get("return") if found.get("return") in ("minimal", "representation") else None
        handling = found.get("handling") if found.get("handling") in ("strict", "lenient") else None
        applied = [f"return={representation}"] if representation else []
        applied += [f"handling={handling}"] if handling else []
        return cls(representation or "representation", handling or "strict", ", ".join(applied))


def idempotency_key(header: str | None) -> str:
    """The ``Idempotency-Key``: a structured-field string, with its quotes or without.

    Source: draft-ietf-httpapi-idempotency-key-header-07.

    :raises ValueError: it is neither, or empty, or longer than 255 characters
    """
    header = (header or "").strip()
    if not header:
        return ""
    found = _KEY.match(header)
    key = re.sub(r"\\(.)", r"\1", found[1]) if found else header
    if not key or len(key) > 255 or not key.isascii() or not key.isprintable() or (not found and '"' in key):
        raise ValueError("Idempotency-Key must be a string of 1 to 255 printable characters.")
    return key
