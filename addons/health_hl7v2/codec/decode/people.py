"""PID, MRG, IN1 and the composite data types that name people and organisations."""

from pydantic import ValidationError

from odoo.addons.health_core.canonical import CoverageData, Identifier, Person, PractitionerRef

from ..errors import Hl7Error
from ..message import DELETE, Message, Segment
from .values import to_date, to_ordinal

_SEX = {
    "F": "female",
    "M": "male",
    "O": "other",
    "A": "other",
    "N": "other",
    "X": "other",
    "U": "unknown",
}
_NOT_SPOKEN = frozenset(("FX", "Internet", "X.400", "BP", "TDD", "TTY", "MD"))


def build(model, locations: dict, prefix: str, **values):
    """Return ``model(**values)``; what the contract refuses becomes an error at the right field.

    :param locations: contract field -> number in the segment
    :param prefix: segment name, e.g. ``PID``
    :raises Hl7Error: code 102
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        number = locations.get(first["loc"][0] if first["loc"] else "", "")
        what = "too long" if first["type"] == "string_too_long" else "not valid"
        raise Hl7Error("102", f"The value is {what}", f"{prefix}-{number}" if number else prefix) from None


class Field:
    """One repetition of a field, cut into components."""

    __slots__ = ("parts", "rules")

    def __init__(self, rules, repetition: str):
        self.rules = rules
        self.parts = rules.components(repetition) if repetition else []

    def text(self, number: int) -> str:
        """First sub-component of a component, decoded; ``""`` when absent or deleted."""
        value = self.raw(number)
        return "" if value == DELETE else value

    def raw(self, number: int) -> str:
        """As :meth:`text`, but a deletion stays ``\"\"`` in quotes."""
        if number > len(self.parts):
            return ""
        part = self.parts[number - 1]
        if not part or part.isalnum():  # no separator is alphanumeric: nothing to split or to decode
            return part
        rules = self.rules
        if rules.subcomponent and rules.subcomponent in part:
            part = part.split(rules.subcomponent, 1)[0]
        if rules.escape and rules.escape in part:
            part = rules.decode(part)
        return part.strip()

    def given(self, number: int) -> str | None:
        """``None`` when nothing is said, ``""`` when deleted, else the value."""
        value = self.raw(number)
        if value == DELETE:
            return ""
        return value or None

    def authority(self, number: int) -> str:
        """An HD: its namespace, else its universal id."""
        if number > len(self.parts) or not self.parts[number - 1]:
            return ""
        rules = self.rules
        part = self.parts[number - 1]
        if part.isalnum():
            return part
        pieces = rules.subcomponents(part)
        for piece in pieces[:2]:
            value = rules.decode(piece).strip()
            if value and value != DELETE:
                return value
        return ""


def first(segment: Segment, number: int) -> Field:
    """First repetition of a field."""
    raw = segment[number]
    rules = segment.grammar
    if raw and rules.repetition and rules.repetition in raw:
        raw = raw.split(rules.repetition, 1)[0]
    return Field(rules, raw)


def each(segment: Segment, number: int) -> list[Field]:
    """All repetitions of a field that are not empty."""
    raw = segment[number]
    if not raw:
        return []
    rules = segment.grammar
    return [Field(rules, repetition) for repetition in rules.repetitions(raw) if repetition]


def simple(segment: Segment, number: int) -> str:
    """First component of the first repetition; ``""`` when absent or deleted."""
    raw = segment[number]
    if not raw or raw.isalnum():
        return raw
    return "" if raw == DELETE else first(segment, number).text(1)


def given(segment: Segment, number: int) -> str | None:
    """As :func:`simple`, but telling apart absent (``None``) and deleted (``""``)."""
    raw = segment[number]
    if not raw:
        return None
    return raw if raw.isalnum() else first(segment, number).given(1)


def identifiers(segment: Segment, number: int) -> tuple[Identifier, ...]:
    """Return the CX repetitions that have a value."""
    found = []
    for field in each(segment, number):
        value = field.text(1)
        if value:
            found.append(
                build(
                    Identifier,
                    {"value": f"{number}.1", "authority": f"{number}.4", "type": f"{number}.5"},
                    segment.name,
                    value=value,
                    authority=field.authority(4),
                    type=field.text(5) or "MR",
                )
            )
    return tuple(found)


def patient_identifiers(pid: Segment) -> tuple[Identifier, ...]:
    """PID-3, else PID-2 (before version 2.3.1).

    :raises Hl7Error: neither has a value
    """
    found = identifiers(pid, 3) or identifiers(pid, 2)
    if not found:
        raise Hl7Error("101", "The patient identifier is missing", "PID-3")
    return found


_PERSON = {
    "family": 5,
    "given": 5,
    "middle": 5,
    "birth_date": 7,
    "sex": 8,
    "street": 11,
    "city": 11,
    "state": 11,
    "zip": 11,
    "country": 11,
    "phone": 13,
    "email": 13,
}


def person(pid: Segment) -> Person:
    """Return the demographics of a PID segment: the legal name, the first address, the first telephone."""
    values = {}
    names = each(pid, 5)
    if names:
        name = next((n for n in names if n.text(7) in ("L", "")), names[0])
        _put(values, name, (("family", 1), ("given", 2), ("middle", 3)), pid[5])
    born = given(pid, 7)
    if born is not None:
        value = born and to_date(born, "PID-7")
        if value is not None:
            values["birth_date"] = value
    sex = given(pid, 8)
    if sex is not None:
        values["sex"] = _SEX.get(sex.upper(), "unknown") if sex else ""
    if pid[11]:
        address = first(pid, 11)
        _put(values, address, (("street", 1), ("city", 3), ("state", 4), ("zip", 5), ("country", 6)), pid[11])
        if values.get("street"):
            values["street"] = _street(address)
    _telecom(pid, values)
    return build(Person, _PERSON, "PID", **values)


def _put(values: dict, field: Field, parts, raw: str) -> None:
    if raw == DELETE:
        values.update((name, "") for name, _number in parts)
        return
    for name, number in parts:
        value = field.given(number)
        if value is not None:
            values[name] = value


def _street(address: Field) -> str:
    """XAD.1 (with the street's name when it holds the number only) and XAD.2."""
    rules = address.rules
    pieces = [rules.decode(piece).strip() for piece in rules.subcomponents(address.parts[0])[:2]]
    street = pieces[0]
    if len(pieces) > 1 and pieces[1] and pieces[1] not in street:
        street = f"{street} {pieces[1]}"
    return ", ".join(part for part in (street, address.text(2)) if part)


def _telecom(pid: Segment, values: dict) -> None:
    if pid[13] == DELETE:
        values["phone"] = ""
        return
    for field in each(pid, 13) + (each(pid, 14) if pid[14] != DELETE else []):
        if "email" not in values:
            for number in (4, 1):
                address = field.text(number)
                if "@" in address:
                    values["email"] = address
                    break
        if "phone" in values or field.text(3) in _NOT_SPOKEN or field.text(2) == "NET":
            continue
        number = field.text(1) or field.text(12)
        if not number:
            country, area, local = field.text(5), field.text(6), field.text(7)
            number = " ".join(part for part in (country and f"+{country.lstrip('+')}", area, local) if part)
        if number and "@" not in number:
            values["phone"] = number


def practitioner(segment: Segment, number: int) -> PractitionerRef | None:
    """Return the first XCN repetition that has an id."""
    for field in each(segment, number):
        value = field.text(1)
        if value:
            return build(
                PractitionerRef,
                dict.fromkeys(("value", "authority", "family", "given"), number),
                segment.name,
                value=value,
                authority=field.authority(9),
                family=field.given(2),
                given=field.given(3),
            )
    return None


_COVERAGE = {
    "priority": 1,
    "payer_code": 3,
    "payer_name": 4,
    "plan_code": 2,
    "member_id": 36,
    "group_number": 8,
    "relationship": 17,
    "valid_from": 12,
    "valid_to": 13,
}


def coverages(message: Message, segments: list[Segment] | None = None) -> tuple[CoverageData, ...] | None:
    """Return the insurances of the IN1 segments in order of IN1-1, ``None`` when there is no IN1.

    An IN1 whose plan and company are both deleted (``""``) stands for no insurance.
    """
    found = [s for s in message.segments if s.name == "IN1"] if segments is None else segments
    if not found:
        return None
    rows = [s for s in found if not (s[2] == DELETE and s[3] in ("", DELETE))]
    priorities = [to_ordinal(simple(s, 1)) for s in rows]
    if None in priorities or len(set(priorities)) < len(priorities) or max(priorities, default=0) > 99:
        priorities = list(range(1, len(rows) + 1))
    result = [_coverage(s, priority, n) for n, (s, priority) in enumerate(zip(rows, priorities, strict=True), 1)]
    return tuple(sorted(result, key=lambda coverage: coverage.priority))


def _coverage(in1: Segment, priority: int, ordinal: int) -> CoverageData:
    place = f"IN1[{ordinal}]"
    payer = simple(in1, 3) or simple(in1, 2)
    if not payer:
        raise Hl7Error("101", "The insurance company is missing", f"{place}-3")
    valid_from, valid_to = _optional_date(in1, 12), _optional_date(in1, 13)
    if valid_from and valid_to and valid_to < valid_from:
        raise Hl7Error("102", "The insurance ends before it begins", f"{place}-13")
    member = given(in1, 36)
    return build(
        CoverageData,
        _COVERAGE,
        place,
        priority=priority,
        payer_code=payer,
        payer_name=given(in1, 4),
        plan_code=given(in1, 2),
        member_id=member if member is not None else given(in1, 49),
        group_number=given(in1, 8),
        relationship=given(in1, 17),
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _optional_date(segment: Segment, number: int):
    """A date that only describes: an unreadable one is left out rather than refusing an admission for it."""
    try:
        return to_date(simple(segment, number), "")
    except Hl7Error:
        return None
