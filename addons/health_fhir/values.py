"""FHIR's data types in our columns, and back. Pure Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from .codec.dates import interval

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
V3_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
MAX_KEY = 128


def own_code(facility_id: int) -> str:
    """The code under which the intake knows a facility that was named by reference."""
    return f"facility:{facility_id}"


def codings(concept) -> list[dict]:
    """The codings of a CodeableConcept (or of a list of them)."""
    concepts = concept if isinstance(concept, list) else [concept]
    return [coding for one in concepts if isinstance(one, dict) for coding in one.get("coding", ())]


def code(concept, *systems: str) -> str:
    """The code of the first coding, of one of ``systems`` where any is given; ``""`` when there is none."""
    for coding in codings(concept):
        if coding.get("code") and (not systems or coding.get("system") in systems):
            return coding["code"]
    return ""


def concept(system: str, code_: str, display: str = "") -> dict:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code_} if system else {"code": code_}
    if display:
        coding["display"] = display
    return {"coding": [coding]}


def moment(text: str | None, zone: tzinfo = UTC) -> datetime | None:
    """Beginning of a FHIR date or time, as naive UTC with whole seconds."""
    if not text:
        return None
    return interval(text, zone).low.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def day(text: str | None) -> date | None:
    """A full date, or the day of a time; ``None`` for months and years."""
    return date.fromisoformat(text[:10]) if text and len(text) >= 10 else None


def time(value: datetime | None) -> str | None:
    """A naive UTC time as FHIR's dateTime."""
    return value.replace(tzinfo=UTC).isoformat(timespec="seconds") if value else None


def period(start: str | None, end: str | None) -> dict | None:
    """A Period, ``None`` when it says nothing."""
    value = {name: text for name, text in (("start", start), ("end", end)) if text}
    return value or None


def money(amount, currency: str) -> dict:
    """Money with the digits that we keep."""
    return {"value": Decimal(str(round(amount or 0.0, 2))).quantize(Decimal("0.01")), "currency": currency}


def clean(resource: dict) -> dict:
    """Without members that say nothing: FHIR knows no null and no empty list, Odoo's empty is ``False``."""
    return {name: value for name, value in resource.items() if value is not False and value not in (None, "", [], {})}


def best(values, uses=("official", "usual", "home", "work")) -> dict:
    """Of names or addresses the one that is meant when there is room for one."""
    values = [value for value in values or () if isinstance(value, dict)]
    current = [value for value in values if value.get("use") != "old" and not value.get("period", {}).get("end")]
    ranked = current or values
    for use in uses:
        for value in ranked:
            if value.get("use") == use:
                return value
    return ranked[0] if ranked else {}


def name_parts(name: dict) -> tuple[str, str, str]:
    """``(family, given, further given names)`` of a HumanName; a name that is only text is the family name."""
    given = [part for part in name.get("given", ()) if part]
    family = name.get("family") or ("" if given else name.get("text", ""))
    return family, given[0] if given else "", " ".join(given[1:])


def human_name(family, given, middle=None) -> dict | None:
    """A HumanName."""
    names = [part for part in (given, *(middle or "").split()) if part]
    return clean({"family": family, "given": names}) or None


def telecom(points, system: str) -> str | None:
    """The first contact point of a system that is still in use, by rank."""
    found = [
        point
        for point in points or ()
        if point.get("system") == system and point.get("value") and point.get("use") != "old"
    ]
    return min(found, key=lambda point: point.get("rank", 99))["value"] if found else None


def contact_points(phone, email) -> list[dict]:
    """Telephone and electronic mail as ContactPoints."""
    points = []
    if phone:
        points.append({"system": "phone", "value": phone})
    if email:
        points.append({"system": "email", "value": email})
    return points


def identifier_type(identifier: dict, default: str = "") -> str:
    """Type of an identifier (HL7 table 0203)."""
    return code(identifier.get("type"), V2_0203) or default


def identifier(uri: str, value: str, kind: str = "") -> dict:
    """An Identifier."""
    return clean({"type": concept(V2_0203, kind) if kind else None, "system": uri, "value": value})
