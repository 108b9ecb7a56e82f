"""People and visits of the day, and how they are written as HL7."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from . import hl7
from .master import Facility, Practitioner


@dataclass
class Person:
    """A patient as the EHR knows one."""

    mrn: str
    authority: str
    family: str
    given: str
    middle: str
    birth_date: date
    sex: str
    street: str
    city: tuple[str, str, str]
    phone: str
    national: str = ""
    coverages: list[dict] = field(default_factory=list)

    @property
    def ids(self) -> list[tuple[str, str, str]]:
        """Identifiers as (authority, type, value)."""
        return [(self.authority, "MR", self.mrn)] + ([("NHID", "NI", self.national)] if self.national else [])

    def facts(self) -> dict:
        """Demographics as the expectation compares them."""
        return {
            "family": self.family,
            "given": self.given,
            "birth_date": self.birth_date.isoformat(),
            "sex": {"F": "female", "M": "male"}[self.sex],
            "phone": self.phone,
        }

    def pid(self, *, account: str = "", bare: bool = False, ids=None) -> str:
        """PID; ``bare`` leaves the assigning authority to the receiver."""
        if bare:
            identifiers = self.mrn
        else:
            identifiers = "~".join(hl7.join(v, None, None, a, t) for a, t, v in (ids or self.ids))
        city, state, code = self.city
        return hl7.segment("PID", {
            1: "1",
            3: identifiers,
            5: hl7.join(self.family, self.given, self.middle),
            7: hl7.moment(self.birth_date),
            8: self.sex,
            11: hl7.join(self.street, None, city, state, code, "USA"),
            13: hl7.escape(self.phone) if self.phone else '""',
            18: account,
        })  # fmt: skip


@dataclass
class Visit:
    """A visit while the day's story is told; the attributes are what the next message says."""

    number: str
    person: Person
    facility: Facility
    letter: str
    admitted_at: datetime
    attending: Practitioner
    place: tuple[str, str, str]
    prior_place: tuple[str, str, str] | None = None
    discharged_at: datetime | None = None
    coverages: list[dict] = field(default_factory=list)
    clock: datetime | None = None

    def pv1(self, *, authority: bool = True, place: bool = True, full: bool = True) -> str:
        """PV1; ``full`` adds what an ADT says and a DFT does not."""
        fields = {
            1: "1",
            2: self.letter,
            19: hl7.join(self.number, None, None, self.facility.code) if authority else self.number,
        }
        if place:
            fields[3] = hl7.join(*self.place, self.facility.code)
        if full:
            doctor = self.attending
            fields[7] = hl7.join(doctor.npi, doctor.family, doctor.given, *[None] * 5, "NPI")
            fields[44] = hl7.moment(self.admitted_at)
            fields[45] = hl7.moment(self.discharged_at)
            if self.prior_place:
                fields[6] = hl7.join(*self.prior_place, self.facility.code)
        return hl7.segment("PV1", fields)


CLASSES = {
    "I": "inpatient",
    "O": "outpatient",
    "E": "emergency",
    "P": "preadmit",
    "R": "recurring",
    "B": "obstetrics",
}


def insurance(coverages: list[dict], person: Person) -> list[str]:
    """IN1 segments."""
    return [
        hl7.segment("IN1", {
            1: str(c["priority"]),
            2: c["plan"],
            3: c["payer"],
            4: hl7.escape(c["name"]),
            8: c["group"],
            12: c["from"],
            16: hl7.join(person.family, person.given),
            17: "SEL",
            22: str(c["priority"]),
            36: c["member"],
        })
        for c in coverages
    ]  # fmt: skip


def charge_segment(number: int, line: dict, newer: bool) -> str:
    """FT1 of one charge line; ``newer`` writes money as CP (2.5), else as NM (2.3)."""

    def money(value) -> str:
        return "" if value is None else f"{value}&USD" if newer else str(value)

    return hl7.segment("FT1", {
        1: str(number),
        2: line["transaction"],
        4: line["date"].replace("-", "") + ("" if number % 2 else "120000+0000"),
        6: "CD" if line["action"] == "credit" else "CG",
        7: hl7.join(line["service"], line["description"], "L"),
        10: line["quantity"],
        11: money(line["amount"]),
        12: money(line["unit_price"]),
        16: hl7.join(line["unit"], None, None) if line["unit"] else "",
        23: line["order"],
        26: line["modifier"],
    })  # fmt: skip
