"""Reading a request body within limits."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from .problem import Problem

_GZIP = 31  # zlib's window bits for a gzip header
_MAX_DIGITS = 64
_MAX_EXPONENT = 64
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SURROGATES = re.compile("[\\ud800-\\udfff]")
_BRACES = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read(httprequest, limit: int) -> bytes:
    """The request's body, decompressed.

    :param limit: bytes that the body may have, before and after decompression
    :raises Problem: 413 when it is larger, 415 for an unknown content coding, 400 when it is damaged
    """
    if (httprequest.content_length or 0) > limit:
        raise _too_large(limit)
    # One byte more: a chunked body that reaches the stream's limit is cut there without a word.
    httprequest.max_content_length = limit + 1
    body = httprequest.get_data(cache=True, parse_form_data=False)
    if len(body) > limit:
        raise _too_large(limit)
    coding = httprequest.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise Problem(
            415,
            "body.coding",
            "This content coding is not supported; send gzip or none.",
            headers={"Accept-Encoding": "gzip, identity"},
        )
    return _gunzip(body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(_GZIP)
    try:
        plain = decompressor.decompress(body, limit + 1)
    except zlib.error:
        raise Problem(400, "body.gzip", "The body is not valid gzip.") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not decompressor.eof or decompressor.unused_data:
        raise Problem(400, "body.gzip", "The body is not one complete gzip member.")
    return plain


def _too_large(limit: int) -> Problem:
    return Problem(413, "body.too_large", f"The body may have {limit} bytes.", limit=limit)


class Quota(NamedTuple):
    """How much one request may bring or ask for."""

    body: int = 8 * 1024 * 1024  #: bytes, after decompression
    page: int = 500  #: records of one answer
    bundle: int = 500  #: entries of one bundle or set
    depth: int = 64  #: levels of a JSON document


def read_json(httprequest, limit: int, max_depth: int = 64):
    """The request's body as JSON, see :func:`parse_json`.

    :raises Problem: also whatever :func:`read` raises
    """
    return parse_json(read(httprequest, limit), max_depth)


def parse_json(content: bytes, max_depth: int = 64):
    """Read a JSON document strictly: numbers with a fraction become ``Decimal``.

    :param max_depth: levels of objects and lists that it may have
    :raises Problem: 400 when it is not JSON in UTF-8, too deep, or has a repeated member, ``NaN``, ``Infinity`` or
        a number beyond all measure; the last three with JSON pointers
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(400, "json.encoding", "The body is not UTF-8.") from None
    if _deeper_than(content, max_depth):
        raise Problem(400, "json.depth", f"The document may have {max_depth} levels.", limit=max_depth)
    flaws: list[_Flaw] = []

    def flaw(kind: str, names=()) -> _Flaw:
        flaws.append(_Flaw(kind, names))
        return flaws[-1]

    def members(pairs):
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        counts = Counter(name for name, _value in pairs)
        return flaw("repeated", tuple(name for name, count in counts.items() if count > 1))

    def number(digits: str):
        try:
            value = Decimal(digits)
        except ArithmeticError:
            return flaw("number")
        return value if len(digits) <= _MAX_DIGITS and abs(value.adjusted()) <= _MAX_EXPONENT else flaw("number")

    def integer(digits: str):
        return int(digits) if len(digits) <= _MAX_DIGITS else flaw("number")

    try:
        document = json.loads(
            text, object_pairs_hook=members, parse_float=number, parse_int=integer, parse_constant=flaw
        )
    except (ValueError, RecursionError) as error:
        where = {"offset": error.pos} if isinstance(error, json.JSONDecodeError) else {}
        raise Problem(400, "json.syntax", "The body is not valid JSON.", **where) from None
    # Escapes can write what no column can hold: half a surrogate pair, or a zero.
    if flaws or ("\\u" in text and _unfit(document)):
        errors = list(_locate(document, ""))
        raise Problem(400, "json.content", "The document has members or numbers that cannot be used.", errors=errors)
    return document


def _unfit(value) -> bool:
    if isinstance(value, str):
        return not _fit(value)
    if isinstance(value, dict):
        return any(not _fit(name) or _unfit(item) for name, item in value.items())
    return isinstance(value, list) and any(_unfit(item) for item in value)


def _fit(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not _SURROGATES.search(text))


class _Flaw:
    """Stands in a document where something cannot be used."""

    __slots__ = ("kind", "names")

    def __init__(self, kind: str, names: tuple):
        self.kind, self.names = kind, names


def _locate(value, pointer: str):
    if isinstance(value, _Flaw):
        if value.kind == "repeated":
            for name in value.names:
                yield {"pointer": f"{pointer}/{_escape(name)}", "detail": "This member is repeated."}
        else:
            text = "This number is too large or too long." if value.kind == "number" else "This is not a number."
            yield {"pointer": pointer, "detail": text}
    elif isinstance(value, str):
        if not _fit(value):
            yield {"pointer": pointer, "detail": "This text has a character that no record can hold."}
    elif isinstance(value, dict):
        for name, item in value.items():
            if not _fit(name):
                yield {"pointer": pointer, "detail": "A member's name has a character that no record can hold."}
                continue
            yield from _locate(item, f"{pointer}/{_escape(name)}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _locate(item, f"{pointer}/{n}")


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _deeper_than(content: bytes, max_depth: int) -> bool:
    """Whether brackets are nested deeper, without building anything: each round takes the innermost pairs away."""
    if content.count(b"{") + content.count(b"[") <= max_depth:
        return False
    left = _STRINGS.sub(b"", content).translate(_BRACES, _NOT_BRACKETS)
    for _level in range(max_depth):
        shorter = left.replace(b"{}", b"")
        if len(shorter) == len(left):  # empty, or not JSON at all
            break
        left = shorter
    return b"{}" in left
