"""Read claims (837P 005010X222A1, 837I 005010X223A2) into the shapes that they are written from.

For who receives claims (a payer, the demo) and to prove that nothing is lost in writing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from .document import TransactionSet
from .errors import ELEMENT, refuse
from .model import Adjustment, Party
from .model_claim import Claim, Coverage, Diagnosis, LineAdjudication, OtherCoverage, ServiceLine
from .names import described, party
from .tree import Level, levels, padded
from .values import ZERO, date, number, period

_KINDS = {
    "ABK": "principal", "BK": "principal", "ABF": "other", "BF": "other", "ABJ": "admitting", "BJ": "admitting",
    "APR": "reason", "PR": "reason", "ABN": "external", "BN": "external",
}  # fmt: skip
_ROLES = {
    "DN": "referring", "82": "rendering", "77": "facility", "71": "attending", "72": "operating",
}  # fmt: skip
_NUMBERS = {"9F": "referral", "G1": "authorization", "F8": "original_control_number", "EA": "medical_record_number"}


def read_claims(transaction: TransactionSet) -> Iterator[Claim]:
    """Every claim of a set, one at a time.

    :raises X12Error: an amount that is no number, a level without its parent
    """
    reader = _Reader(transaction)
    for level in levels(transaction, []):
        yield from reader.read(level)


class _Reader:
    """Keeps what the levels above said."""

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._component = transaction.delimiters.component
        self._billing: Party = Party()
        self._pay_to: Party | None = None
        self._coverage: Coverage = Coverage(Party(), Party())

    def _amount(self, values: list[str], at: int, element: int) -> Decimal:
        found = number(values[element])
        if found is None:
            where = {"segment": values[0], "position": at, "number": self._set.start + at - 1, "element": element}
            raise refuse(ELEMENT, "6" if values[element] else "1", **where)
        return found

    def read(self, level: Level) -> Iterator[Claim]:
        """The claims of one level."""
        numbered = list(enumerate(level.segments, level.start + 1))
        starts = [index for index, (_at, segment) in enumerate(numbered) if segment[0] == "CLM"]
        head = [segment for _at, segment in numbered[: starts[0] if starts else None]]
        patient = self._head(level.code, head)
        for start, end in zip(starts, [*starts[1:], len(numbered)], strict=False):
            yield self._claim(numbered[start:end], patient)

    def _head(self, code: str, segments: list[list[str]]) -> Party | None:
        """Parties before the first claim; gives the patient of a level 23."""
        found: dict[str, Party] = {}
        role = ""
        coverage: dict = {}
        taxonomy = ""
        for segment in segments:
            values = padded(segment)
            if segment[0] == "NM1":
                role = values[1]
                found[role] = replace(party(segment), entity="")
            elif segment[0] == "SBR":
                coverage = _subscriber(values)
            elif segment[0] == "PAT":
                self._coverage = replace(self._coverage, relationship=values[1])
            elif segment[0] == "PRV" and not role:
                taxonomy = values[3]
            elif role:
                found[role] = described(found[role], segment)
        if code == "20":
            self._billing = replace(found.get("85", Party()), taxonomy=taxonomy)
            self._pay_to = found.get("87")
        elif code == "22":
            self._coverage = Coverage(found.get("IL", Party()), found.get("PR", Party()), **coverage)
        return found.get("QC") if code == "23" else None

    def _claim(self, segments: list[tuple[int, list[str]]], patient: Party | None) -> Claim:
        at, head = segments[0]
        values = padded(head)
        place = [*values[5].split(self._component), "", ""]
        self._amount(values, at, 2)
        found: dict = {
            "patient_control_number": values[1], "billing": self._billing, "pay_to": self._pay_to,
            "coverage": self._coverage, "patient": patient, "facility_code": place[0], "frequency": place[2],
            "accepts_assignment": values[7] == "A", "releases_information": values[9] == "Y",
        }  # fmt: skip
        lines: list[dict] = []
        others: list[dict] = []
        diagnoses: list[Diagnosis] = []
        role: tuple[dict, str] | None = None
        for at, segment in segments[1:]:
            name = segment[0]
            values = padded(segment, 20)
            here = lines[-1] if lines else others[-1] if others else found
            if name == "LX":
                lines.append({"charge": ZERO, "pointers": ()})
                role = None
            elif name == "SBR":
                others.append({"coverage": Coverage(Party(), Party(), **_subscriber(values))})
                role = None
            elif name == "NM1":
                role = self._role(here, values, segment)
            elif name == "HI":
                self._diagnoses(found, diagnoses, segment)
            elif name in {"SV1", "SV2", "SVD", "CTP", "LIN"} and lines:
                self._service(here, values, at)
            elif name == "CAS":
                target = here["adjudications"][-1] if here.get("adjudications") else here
                target["adjustments"] = (*target.get("adjustments", ()), *self._adjustments(values, at))
            elif name == "DTP":
                self._date(here, values, found)
            elif name == "AMT":
                key = {"D": "paid", "EAF": "remaining", "F5": "patient_paid", "F3": "patient_paid"}.get(values[1])
                if key:
                    here[key] = self._amount(values, at, 2)
            elif name == "CL1":
                found |= {"admission_type": values[1], "admission_source": values[2], "patient_status": values[3]}
            elif name == "NTE" and here is found:
                found["note"] = values[2]
            elif name == "REF" and role is None:
                _reference(here, values, found)
            elif role:
                _describe(*role, segment)
        found["lines"] = tuple(map(_line, lines))
        found["others"] = tuple(_only(OtherCoverage, each) for each in others)
        found["diagnoses"] = tuple(diagnoses)
        return _only(Claim, found)

    def _role(self, here: dict, values: list[str], segment: list[str]) -> tuple[dict, str] | None:
        """Where a party belongs."""
        found = replace(party(segment), entity="")
        if "coverage" in here and "patient_control_number" not in here:
            key = {"IL": "subscriber", "PR": "payer"}.get(values[1])
            if not key:
                return None
            here["coverage"] = replace(here["coverage"], **{key: found})
            return here, key
        key = _ROLES.get(values[1])
        if not key or ("pointers" in here and key != "rendering"):
            return None
        here[key] = found
        return here, key

    def _service(self, line: dict, values: list[str], at: int) -> None:
        """SV1, SV2, SVD, LIN, CTP."""
        name = values[0]
        if name == "LIN":
            line["drug_code"] = values[3]
            return
        if name == "CTP":
            line |= {"drug_quantity": self._amount(values, at, 4), "drug_unit": values[5].split(self._component)[0]}
            return
        place = {"SV1": 1, "SV2": 2, "SVD": 3}[name]
        code = [*values[place].split(self._component), "", ""] if values[place] else []
        procedure = (
            {"code_type": code[0], "code": code[1], "modifiers": tuple(each for each in code[2:6] if each)}
            if code
            else {}
        )
        if name == "SVD":
            adjudication = {
                "payer_identifier": values[1], "paid": self._amount(values, at, 2), "revenue_code": values[4],
                "units": self._amount(values, at, 5), **procedure,
            }  # fmt: skip
            line["adjudications"] = (*line.get("adjudications", ()), adjudication)
            return
        line |= procedure
        line["description"] = code[6] if len(code) > 8 else ""
        line["charge"] = self._amount(values, at, place + 1)
        line["unit_type"] = values[place + 2]
        line["units"] = self._amount(values, at, place + 3)
        if name == "SV1":
            line["place"] = values[5]
            line["pointers"] = tuple(
                int(each)
                for each in values[7].split(self._component)
                if each.isascii() and each.isdigit() and len(each) < 3
            )
            line["emergency"] = values[9] == "Y"
        else:
            line["revenue_code"] = values[1]
            if values[7]:
                line["non_covered"] = self._amount(values, at, 7)

    def _adjustments(self, values: list[str], at: int) -> list[Adjustment]:
        return [
            Adjustment(
                values[1], values[place], self._amount(values, at, place + 1),
                self._amount(values, at, place + 2) if values[place + 2] else None,
            )
            for place in range(2, 18, 3)
            if values[place]
        ]  # fmt: skip

    def _diagnoses(self, found: dict, diagnoses: list[Diagnosis], segment: list[str]) -> None:
        for element in segment[1:]:
            parts = [*element.split(self._component), *[""] * 9]
            if parts[0] == "DR":
                found["drg"] = parts[1]
            elif parts[0] in _KINDS:
                diagnoses.append(Diagnosis(parts[1], _KINDS[parts[0]], parts[8]))

    @staticmethod
    def _date(here: dict, values: list[str], claim: dict) -> None:
        code = values[1]
        first, last = period(values[2], values[3])
        if code == "472" and here is not claim:
            here["date_from"] = first
            if last != first:
                here["date_to"] = last
        elif code == "573":
            target = here["adjudications"][-1] if here.get("adjudications") else here
            target["date"] = first
        elif here is not claim:
            return
        elif code == "434":
            claim["statement_from"], claim["statement_to"] = first, last
        elif code == "431":
            claim["onset_date"] = first
        elif code == "096":
            claim["discharge_hour"] = values[3]
        elif code == "435" and (day := date(values[3][:8])):
            clock = values[3][8:12]
            hour = int(clock[:2]) if clock.isascii() and clock.isdigit() and clock[:2] < "24" else 0
            minute = int(clock[2:]) if clock.isascii() and clock.isdigit() and "" < clock[2:] < "60" else 0
            # Local time of the facility: X12 carries no zone.
            claim["admission"] = datetime.datetime.combine(day, datetime.time(hour, minute))


def _subscriber(values: list[str]) -> dict:
    """SBR."""
    return {
        "sequence": values[1], "relationship": values[2], "group_number": values[3], "group_name": values[4],
        "insurance_type": values[5], "filing_code": values[9],
    }  # fmt: skip


def _describe(here: dict, key: str, segment: list[str]) -> None:
    """What follows NM1."""
    if key in {"subscriber", "payer"}:
        if segment[0] == "REF" and segment[1:2] == ["F8"]:
            here["payer_control_number"] = padded(segment)[2]
        else:
            of = getattr(here["coverage"], key)
            here["coverage"] = replace(here["coverage"], **{key: described(of, segment)})
    else:
        here[key] = described(here[key], segment)


def _reference(here: dict, values: list[str], claim: dict) -> None:
    """REF of the claim or the line."""
    if here is claim:
        if key := _NUMBERS.get(values[1]):
            claim[key] = values[2]
    elif values[1] == "6R":
        here["control_number"] = values[2]


def _only(cls: type, values: dict):
    """An instance of what belongs into it; segments that stand where the guide has none are left out."""
    known = cls.__dataclass_fields__
    return cls(**{name: value for name, value in values.items() if name in known})


def _line(values: dict) -> ServiceLine:
    values["adjudications"] = tuple(_only(LineAdjudication, each) for each in values.get("adjudications", ()))
    return _only(ServiceLine, values)
