"""Simple data types: dates, times, numbers (HL7 v2.5.1 chapter 2.A)."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from ..errors import Hl7Error

_TIME = re.compile(
    r"(\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:[T ]?(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.\d{1,9})?)?)?)?)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.A,
)
_NUMBER = re.compile(r"[+-]?(\d{1,9}(\.\d{0,6})?|\.\d{1,6})", re.A)
_FIRST_YEAR, _LAST_YEAR = 1800, 2200


def to_date(text: str, location: str) -> date | None:
    """Return the date of a DT, TS or DTM as written; ``None`` for an empty, zero or incomplete one.

    :raises Hl7Error: not a date
    """
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if not match:
        raise Hl7Error("102", "Not a date", location)
    year, month, day = match.group(1, 2, 3)
    if not month or not day or year == "0000":
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Hl7Error("102", "Not a date", location) from None


def to_time(text: str, location: str, zone: tzinfo = UTC) -> datetime | None:
    """Return the instant of a TS or DTM as naive UTC; ``None`` for an empty or zero one.

    What is left out counts as the beginning: a date alone is its midnight.

    :param zone: where the sender is, for times that do not say their offset
    :raises Hl7Error: not a time, or one that no hospital can mean
    """
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if not match:
        raise Hl7Error("102", "Not a date and time", location)
    year, month, day, hour, minute, second, offset = match.groups()
    if year == "0000":
        return None
    try:
        clock = (int(hour or 0), int(minute or 0), min(int(second or 0), 59))
        value = datetime(int(year), int(month or 1), int(day or 1), *clock)  # noqa: DTZ001  naive UTC is meant
        if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise ValueError
        if offset:
            zone = to_zone(offset)
        if zone is UTC:
            return value
        return value.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise Hl7Error("102", "Not a date and time", location) from None


def to_zone(offset: str) -> tzinfo:
    """Return the time zone of ``+HHMM``, ``-HH:MM`` or ``Z``.

    :raises ValueError: more than a day
    """
    if offset in ("Z", "+0000", "-0000", "+00:00"):
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def offset_of(text: str) -> tzinfo | None:
    """Return the offset at the end of a time, if it has a valid one."""
    match = _TIME.fullmatch(text)
    if match and match.group(7):
        try:
            return to_zone(match.group(7))
        except ValueError:
            return None
    return None


def to_number(text: str, location: str) -> Decimal | None:
    """Return an NM, ``None`` for an empty one.

    :raises Hl7Error: not a number, or one too long for money
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Hl7Error("102", "Not a number", location)
    return Decimal(text)


def to_ordinal(text: str) -> int | None:
    """Return a set id (SI), ``None`` when it is empty or not a small positive number."""
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) > 0:
        return int(text)
    return None
