"""FHIR dates as intervals of time (hl7.org/fhir/R4/search.html#date).

A date of less than full precision means the whole of the day, month or year.
Bounds are half open: ``low <= t < high``; they are aware datetimes.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from .primitives import CHECKS

_PARTS = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_LATEST = datetime.max.replace(tzinfo=UTC)


class Interval(NamedTuple):
    """``low <= t < high``."""

    low: datetime
    high: datetime


def interval(text: str, zone: tzinfo = UTC) -> Interval:
    """The time that a date, dateTime or instant covers; minutes without seconds are taken too (search).

    :param zone: time zone of a date without one
    :raises ValueError: not a date
    """
    match = _PARTS.fullmatch(text)
    if not match:
        raise ValueError("not a date")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    leap = second == "60"
    moment = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        59 if leap else int(second or 0),
        int(f"{fraction[1:7]:0<6}") if fraction else 0,
        tzinfo=_zone(offset, zone),
    )
    if leap:
        moment += timedelta(seconds=1)
    return Interval(moment, _end(moment, month, day, hour, second, fraction))


def _zone(offset, zone):
    if not offset:
        return zone
    return UTC if offset == "Z" else datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo


def _end(moment, month, day, hour, second, fraction):
    try:
        if fraction:
            return moment + timedelta(microseconds=10 ** max(0, 7 - len(fraction)))
        if second:
            return moment + timedelta(seconds=1)
        if hour:
            return moment + timedelta(minutes=1)
        if day:
            return moment + timedelta(days=1)
        if month:
            return moment.replace(year=moment.year + moment.month // 12, month=moment.month % 12 + 1)
        return moment.replace(year=moment.year + 1)
    except (ValueError, OverflowError):
        return _LATEST


def in_order(start, end) -> bool:
    """Whether a start is not after an end, as far as their precision tells; what is no date is in order.

    A date without time zone can lie a day off another's, so a date and a time are compared by their days.
    """
    if not (isinstance(start, str) and isinstance(end, str)):
        return True
    if CHECKS["dateTime"](start) or CHECKS["dateTime"](end):
        return True
    if "T" in start and "T" in end:
        return interval(start).low < interval(end).high
    length = min(len(start), len(end), 10)
    return start[:length] <= end[:length]
