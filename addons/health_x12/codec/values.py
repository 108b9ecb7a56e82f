"""Values of elements: decimal amounts, dates, times (005010 appendix B.1.1.3)."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

#: A number has at most 18 digits in every guide.
_LONGEST = 30
_TIME = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9][0-9]{0,2})?\Z")
ZERO = Decimal(0)


def number(text: str) -> Decimal | None:
    """A number of type R or N; ``None`` for what is none (also NaN, exponents, other digits)."""
    if text.strip("0123456789.-") or len(text) > _LONGEST:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(4096)
def date(text: str) -> datetime.date | None:
    """A date CCYYMMDD; ``None`` for what is none."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def period(qualifier: str, text: str) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and last day of a DTP segment (formats D8, RD8, DT)."""
    if qualifier == "RD8":
        first, _dash, last = text.partition("-")
        return date(first), date(last)
    day = date(text[:8])
    return day, day


def is_date(text: str, length: int = 8) -> bool:
    """Whether a date CCYYMMDD, or YYMMDD, exists."""
    return len(text) == length and date(text if length == 8 else "20" + text) is not None


def is_time(text: str) -> bool:
    """Whether a time HHMM[SS[d[d]]] exists."""
    return bool(_TIME.match(text))


def plain(amount: Decimal | int) -> str:
    """An amount as X12 writes it: no exponent, no leading or trailing zeros beyond two decimals."""
    text = format(Decimal(amount), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text
