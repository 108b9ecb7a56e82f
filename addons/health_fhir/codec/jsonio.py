"""FHIR's JSON (hl7.org/fhir/R4/json.html): reading strictly and writing without losing a digit."""

import json
import re
import secrets
from decimal import Decimal, InvalidOperation

from .issues import FATAL, FhirError, Issue

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 64
#: Characters of a number, and the powers of ten it may span: more is a mistake or an attack.
_MAX_NUMBER = 64
_MAX_POWER = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SURROGATE = re.compile("[\0\ud800-\udfff]")


class _Duplicated(dict):
    """An object in which a name stood twice."""

    name = ""


class _NoNumber:
    """What stood where a number cannot be: NaN, Infinity, or far too many digits."""


_NO_NUMBER = _NoNumber()


def parse(body: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> dict:
    """Read one JSON object; decimals come as :class:`~decimal.Decimal`, a byte order mark is tolerated.

    :param body: UTF-8
    :raises FhirError: 400 for what is not one clean JSON object (duplicate names, NaN, too deep,
        broken text), 413 for what is too large
    """
    if len(body) > max_bytes:
        raise FhirError(Issue(FATAL, "too-long", "", f"The body may have {max_bytes} bytes."), 413)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise _fatal(f"The body is not UTF-8 (byte {failure.start}).") from None
    if not text.strip():
        raise _fatal("The body is empty; one JSON object is expected.")
    try:
        value = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as failure:
        raise _fatal(f"The body is not JSON (line {failure.lineno}, column {failure.colno}).") from None
    except RecursionError:
        raise _fatal(f"The body is nested deeper than {max_depth} levels.") from None
    if not isinstance(value, dict):
        raise _fatal("The body is not a JSON object.")
    _examine(value, max_depth, escapes="\\u" in text or "\0" in text)
    return value


def dump(resource) -> bytes:
    """Write a resource as compact UTF-8 JSON; a Decimal keeps every digit it was read with."""
    mark = ""

    def number(value) -> str:
        nonlocal mark
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"{type(value).__name__} has no place in FHIR JSON")
        # json cannot write a Decimal: it goes as a marked text whose quotes are taken off below.
        # The mark is not to be guessed, so no text of a resource can pass for a number.
        mark = mark or f"decimal:{secrets.token_hex(12)}:"
        return f"{mark}{value}"

    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=number)
    if mark:
        text = re.sub(f'"{mark}([^"]*)"', r"\1", text)
    return text.encode()


def _fatal(diagnostics: str, expression: str = "") -> FhirError:
    return FhirError(Issue(FATAL, "invalid", expression, diagnostics))


def _object(pairs):
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen = set()
    twice = _Duplicated(value)
    twice.name = next(name for name, _value in pairs if name in seen or seen.add(name))
    return twice


def _constant(_text):
    return _NO_NUMBER


def _decimal(text):
    if len(text) > _MAX_NUMBER:
        return _NO_NUMBER
    try:
        value = Decimal(text)
    except InvalidOperation:
        return _NO_NUMBER
    return value if abs(value.adjusted()) <= _MAX_POWER else _NO_NUMBER


def _integer(text):
    return int(text) if len(text) <= _MAX_NUMBER else _NO_NUMBER


def _examine(root, max_depth, escapes):
    """Find what ``json`` lets through, without recursion."""
    todo = [(root, str(root["resourceType"]) if _named(root) else "", 1)]
    while todo:
        value, path, depth = todo.pop()
        if depth > max_depth:
            raise _fatal(f"The body is nested deeper than {max_depth} levels.", path)
        if type(value) is _Duplicated:
            where = _join(path, value.name)
            raise _fatal("A property name stands twice in one object.", where)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(item, (dict, list)):
                todo.append((item, _join(path, key), depth + 1))
            elif item is _NO_NUMBER:
                raise _fatal("This is not a number that can be kept.", _join(path, key))
            elif escapes and (
                (type(item) is str and _SURROGATE.search(item)) or (type(key) is str and _SURROGATE.search(key))
            ):
                raise _fatal("The text has a character that is none (NUL or half a surrogate pair).", path)


def _named(root) -> bool:
    name = root.get("resourceType")
    return isinstance(name, str) and bool(_NAME.fullmatch(name))


def _join(path, key):
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _NAME.fullmatch(key):
        return path
    return f"{path}.{key}" if path else key
