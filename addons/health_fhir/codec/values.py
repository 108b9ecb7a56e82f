"""The values of search parameters: escapes, prefixes, tokens, references (hl7.org/fhir/R4/search.html)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from . import reference
from .dates import Interval, interval

_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[0-9+\-.])")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Token:
    """``code`` (system ``None``), ``|code`` (system ``""``), ``system|code``, ``system|`` (code ``None``)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Target:
    """A reference: ``type`` and ``id``, or the ``url`` of something elsewhere."""

    type: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A string or a URI."""

    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """A date with its prefix, as the half-open interval that its precision means."""

    prefix: str
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its prefix and the half-open range that its precision means; unit for quantities."""

    prefix: str
    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None = None
    code: str | None = None


def split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split at a separator that no backslash escapes; the parts stay escaped."""
    if "\\" not in text:
        return text.split(separator, most)
    parts, start, position = [], 0, 0
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 2
            continue
        if char == separator and most != 0:
            parts.append(text[start:position])
            start = position + 1
            most -= 1
        position += 1
    return [*parts, text[start:]]


def unescape(text: str) -> str:
    r"""Resolve ``\, \| \$ \\``; a backslash before anything else stays."""
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def read(kind: str, text: str, *, targets: tuple[str, ...] = (), base: str = "", zone: tzinfo = UTC):
    """One value of a parameter.

    :param kind: kind of the parameter
    :param text: the escaped value
    :param targets: types that a reference may point to; the only one is meant by a bare id
    :param base: this server, as it stands in absolute references (ends with ``/``)
    :param zone: time zone of dates without one
    :raises ValueError: with what the value should look like
    """
    if kind == "token":
        return _token(text)
    if kind == "reference":
        return _reference(unescape(text), targets, base)
    if kind == "date":
        return _span(unescape(text), zone)
    if kind == "number":
        return _number(unescape(text))
    if kind == "quantity":
        return _quantity(text)
    return Text(unescape(text))


def _token(text):
    parts = split(text, "|")
    if len(parts) == 1:
        return Token(None, unescape(parts[0]))
    if len(parts) > 2:
        raise ValueError("must be code, |code, system| or system|code")
    system, code = unescape(parts[0]), unescape(parts[1])
    if not (system or code):
        raise ValueError("must be code, |code, system| or system|code")
    return Token(system, code or None)


def _reference(text, targets, base):
    if _ID.fullmatch(text):
        # Only where one type is possible does a bare id say enough for a key; else every type is meant.
        return Target(targets[0] if len(targets) == 1 else "", text)
    literal = reference.parse(text)
    if literal is None or literal.kind in ("contained", "conditional"):
        raise ValueError("must be an id, Type/id or a URL")
    if literal.kind == "relative" or (literal.kind == "absolute" and base and literal.base == base):
        return Target(literal.type, literal.id)
    return Target(literal.type, "", text)


def _prefixed(text):
    match = _PREFIX.match(text)
    return (match[1], text[2:]) if match else ("eq", text)


def _span(text, zone):
    prefix, rest = _prefixed(text)
    try:
        low, high = interval(rest.replace(" ", "+"), zone)
    except (ValueError, OverflowError):
        raise ValueError("must be a date: [prefix]YYYY[-MM[-DD[Thh:mm[:ss][zone]]]]") from None
    return Span(prefix, low, high)


def _number(text):
    prefix, rest = _prefixed(text)
    if not _NUMBER.fullmatch(rest):
        raise ValueError("must be a number")
    try:
        value = Decimal(rest)
    except InvalidOperation:
        raise ValueError("must be a number") from None
    # 100 means 99.5 to 100.5, 100.00 means 99.995 to 100.005 (search.html#number).
    half = Decimal(1).scaleb(value.as_tuple().exponent) / 2
    if prefix == "ap":
        half = abs(value) / 10
    return Number(prefix, value, value - half, value + half)


def _quantity(text):
    parts = split(text, "|")
    if len(parts) not in (1, 2, 3):
        raise ValueError("must be number, number||unit or number|system|unit")
    number = _number(unescape(parts[0]))
    if len(parts) == 1:
        return number
    code = unescape(parts[-1]) or None
    system = unescape(parts[1]) or None if len(parts) == 3 else None
    return Number(number.prefix, number.value, number.low, number.high, system, code)


def approximate(span: Span, now: datetime) -> Interval:
    """The interval that ``ap`` means: a tenth of the distance to now more on either side."""
    distance = abs(now - span.low) / 10
    if span.low - datetime.min.replace(tzinfo=UTC) <= distance + timedelta(days=1):
        return Interval(span.low, span.high)
    return Interval(span.low - distance, span.high + distance)


def covers(span: Span, low: datetime | None, high: datetime | None, now: datetime | None = None) -> bool:
    """Whether a stored interval answers a date search; the reference that SQL is tested against.

    :param low: start of what is stored, ``None`` for an open one
    :param high: end of what is stored (exclusive), ``None`` for an open one
    """
    first = low or datetime.min.replace(tzinfo=UTC)
    last = high or datetime.max.replace(tzinfo=UTC)
    inside = span.low <= first and last <= span.high
    if span.prefix == "ap":
        wide = approximate(span, now or datetime.now(UTC))
        return first < wide.high and last > wide.low
    return {
        "eq": inside,
        "ne": not inside,
        "gt": last > span.high,
        "lt": first < span.low,
        "ge": last > span.high or inside,
        "le": first < span.low or inside,
        "sa": first >= span.high,
        "eb": last <= span.low,
    }[span.prefix]
