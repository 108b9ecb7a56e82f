"""Invariants of the data types (hl7.org/fhir/R4/datatypes.html) and of narratives and extensions."""

import re
from decimal import Decimal

from ..dates import in_order

_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;.*)?")


def _period(walk, value, path, _scope):
    if not in_order(value.get("start"), value.get("end")):
        walk.add("invariant", path, "per-1: the period ends before it starts.")


def _extension(walk, value, path, _scope):
    has_value = any(name.startswith(("value", "_value")) for name in value)
    if has_value == ("extension" in value):
        walk.add("invariant", path, "ext-1: an extension has either a value or extensions, not both, not none.")


def _reference(walk, value, path, _scope):
    if not value.keys() & {"reference", "_reference", "identifier", "display", "_display", "extension"}:
        walk.add("invariant", path, "A reference needs a reference, an identifier or a display.")


def _quantity(walk, value, path, _scope):
    if "code" in value and "system" not in value:
        walk.add("invariant", path, "qty-3: a unit's code needs its system.")


def _money(walk, value, path, _scope):
    currency = value.get("currency")
    if currency is not None and not _CURRENCY.fullmatch(currency):
        walk.add(
            "code-invalid", (path, "currency", -1), "The currency must be an ISO 4217 code: three capital letters."
        )


def _range(walk, value, path, _scope):
    low, high = value.get("low"), value.get("high")
    for name, bound in (("low", low), ("high", high)):
        if bound and "comparator" in bound:
            walk.add("invariant", (path, name, -1), "A bound of a range has no comparator.")
    if low and high and low.get("code") == high.get("code") and low.get("unit") == high.get("unit"):
        first, last = low.get("value"), high.get("value")
        if first is not None and last is not None and Decimal(first) > Decimal(last):
            walk.add("invariant", path, "rng-2: the low bound is above the high one.")


def _ratio(walk, value, path, _scope):
    if ("numerator" in value) != ("denominator" in value):
        walk.add("invariant", path, "rat-1: numerator and denominator come together.")
    elif "numerator" not in value and "extension" not in value:
        walk.add("invariant", path, "rat-1: a ratio without numbers needs an extension.")


def _contact_point(walk, value, path, _scope):
    if "value" in value and "system" not in value and "_system" not in value:
        walk.add("invariant", path, "cpt-2: a contact point with a value needs its system.")


def _attachment(walk, value, path, _scope):
    kind = value.get("contentType")
    if "data" in value and "contentType" not in value and "_contentType" not in value:
        walk.add("invariant", path, "att-1: data needs a contentType.")
    if kind is not None and not _MIME.fullmatch(kind):
        walk.add("code-invalid", (path, "contentType", -1), "must be a media type such as application/pdf.")
    _language(walk, value, path, _scope)


def _language(walk, value, path, _scope):
    language = value.get("language")
    if isinstance(language, str) and not _LANGUAGE.fullmatch(language):
        walk.add("code-invalid", (path, "language", -1), "must be a language code of BCP 47, such as en or de-AT.")


def _repeat(walk, value, path, _scope):
    for number, unit, rule in (("duration", "durationUnit", "tim-1"), ("period", "periodUnit", "tim-2")):
        if number in value and unit not in value:
            walk.add("invariant", path, f"{rule}: {number} needs {unit}.")
        if number in value and Decimal(value[number]) < 0:
            walk.add("invariant", (path, number, -1), f"{number} cannot be negative.")
    for upper, lower, rule in (
        ("periodMax", "period", "tim-6"),
        ("durationMax", "duration", "tim-7"),
        ("countMax", "count", "tim-8"),
    ):
        if upper in value and lower not in value:
            walk.add("invariant", path, f"{rule}: {upper} needs {lower}.")
    if "timeOfDay" in value and "when" in value:
        walk.add("invariant", path, "tim-10: timeOfDay and when exclude each other.")


def _duration(walk, value, path, _scope):
    if "value" in value and ("code" not in value or value.get("system") != "http://unitsofmeasure.org"):
        walk.add("invariant", path, "drt-1: a duration needs a UCUM code of time.")


RULES = {
    "Period": (_period,),
    "Extension": (_extension,),
    "Reference": (_reference,),
    "Quantity": (_quantity,),
    "Money": (_money,),
    "Age": (_quantity,),
    "Count": (_quantity,),
    "Distance": (_quantity,),
    "Duration": (_duration,),
    "Range": (_range,),
    "Ratio": (_ratio,),
    "ContactPoint": (_contact_point,),
    "Attachment": (_attachment,),
    "Timing_Repeat": (_repeat,),
}
