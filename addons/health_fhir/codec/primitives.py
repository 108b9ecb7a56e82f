"""The grammars of FHIR's primitive types (hl7.org/fhir/R4/datatypes.html#primitive)."""

import re
from datetime import date
from decimal import Decimal

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]{1,9})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEAR = r"(?!0000)[0-9]{4}"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])"

_DATE = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?")
_DATETIME = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_TIME}{_ZONE})?)?)?")
_INSTANT = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}")
_TIME_ONLY = re.compile(_TIME)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
_URI = re.compile(r"[^\s\x00-\x20]+")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_BASE64 = re.compile(r"[0-9A-Za-z+/\s]+={0,2}\s*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MAX_STRING = 1024 * 1024
_MAX_INTEGER = 2**31


def _text(value):
    if type(value) is not str:
        return "must be a text"
    if not value:
        return "is empty; leave the property out"
    if len(value) > _MAX_STRING:
        return "has more than 1 MB"
    if _CONTROL.search(value):
        return "has a control character"
    return None


def _matching(pattern, wanted):
    match = pattern.fullmatch

    def check(value):
        if type(value) is str and match(value):
            return None
        return f"must be {wanted}"

    return check


def _calendar(pattern, wanted):
    match = pattern.fullmatch

    def check(value):
        if type(value) is not str or not match(value):
            return f"must be {wanted}"
        # The 31st of every month passes the pattern.
        if value[8:10] > "28":
            try:
                date(int(value[:4]), int(value[5:7]), int(value[8:10]))
            except ValueError:
                return "is a day that the calendar does not have"
        return None

    return check


def _whole(low, wanted):
    def check(value):
        if type(value) is int and low <= value < _MAX_INTEGER:
            return None
        return f"must be {wanted}"

    return check


def _boolean(value):
    return None if type(value) is bool else "must be true or false, without quotes"


def _decimal(value):
    if type(value) in (int, Decimal, float):
        return None
    return "must be a number, without quotes"


def _base64(value):
    if type(value) is str and _BASE64.fullmatch(value) and sum(not char.isspace() for char in value) % 4 == 0:
        return None
    return "must be base64"


#: The check of each primitive type: the complaint about a value, or ``None``.
CHECKS = {
    "base64Binary": _base64,
    "boolean": _boolean,
    "canonical": _matching(_URI, "a URI without blanks"),
    "code": _matching(_CODE, "a code: text without leading, trailing or double blanks"),
    "date": _calendar(_DATE, "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _calendar(_DATETIME, "a date or a date with time to the second and time zone"),
    "decimal": _decimal,
    "id": _matching(_ID, "an id: 1 to 64 of A-Z, a-z, 0-9, - and ."),
    "instant": _calendar(_INSTANT, "an instant: date, time to the second and time zone"),
    "integer": _whole(-_MAX_INTEGER, "a whole number, without quotes"),
    "markdown": _text,
    "oid": _matching(_OID, "urn:oid: and numbers with dots"),
    "positiveInt": _whole(1, "a whole number from 1, without quotes"),
    "string": _text,
    "time": _matching(_TIME_ONLY, "a time hh:mm:ss"),
    "unsignedInt": _whole(0, "a whole number from 0, without quotes"),
    "uri": _matching(_URI, "a URI without blanks"),
    "url": _matching(_URI, "a URL without blanks"),
    "uuid": _matching(_UUID, "urn:uuid: and a UUID"),
}
