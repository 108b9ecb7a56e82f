"""Read claim status answers (277, 005010X212) and claim acknowledgements (277CA, 005010X214)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .document import TransactionSet
from .errors import ELEMENT, refuse
from .model import Party
from .model_status import ServiceStatus, Status, StatusAnswer
from .names import party
from .tree import Level, levels, padded
from .values import date, number, period

_PATIENTS = ("PT", "23", "22")


def read_status(transaction: TransactionSet) -> Iterator[StatusAnswer]:
    """Every status that is given, of claims and of whole submissions; several for a level with several TRN.

    :raises X12Error: an amount that is no number, a level without its parent
    """
    reader = _Reader(transaction)
    for level in levels(transaction, []):
        yield from reader.read(level)


class _Reader:
    """Keeps the parties of the levels above."""

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._parties: dict[int, Party] = {}

    def _number(self, values: list[str], at: int, element: int) -> Decimal | None:
        text = values[element]
        if not text:
            return None
        found = number(text)
        if found is None:
            raise refuse(ELEMENT, "6", segment=values[0], position=at, number=self._set.start + at - 1, element=element)
        return found

    def _above(self, level: Level, *codes: str) -> Party | None:
        for code in codes:
            if (found := level.up(code)) and id(found) in self._parties:
                return self._parties[id(found)]
        return None

    def read(self, level: Level) -> Iterator[StatusAnswer]:
        """What one level says."""
        claims: list[dict] = []
        current: dict = {}
        service: dict | None = None
        for at, segment in enumerate(level.segments, level.start + 1):
            name = segment[0]
            values = padded(segment)
            if name == "NM1":
                self._parties.setdefault(id(level), party(segment))
            elif name == "TRN":
                current = {"trace_number": values[2]}
                claims.append(current)
                service = None
            elif not claims:
                continue
            elif name == "SVC":
                code = [*values[1].split(self._set.delimiters.component), "", ""]
                service = {
                    "code_type": code[0], "code": code[1], "charge": self._number(values, at, 2),
                    "paid": self._number(values, at, 3), "revenue_code": values[4],
                }  # fmt: skip
                current["services"] = (*current.get("services", ()), service)
            elif name == "STC":
                target = current if service is None else service
                target["statuses"] = (*target.get("statuses", ()), *self._statuses(values, at))
            elif name == "REF":
                self._reference(current, service, values)
            elif name == "DTP" and values[1] == "472" and service is None:
                current["date_from"], current["date_to"] = period(values[2], values[3])
            elif name in {"QTY", "AMT"}:
                key = "counts" if name == "QTY" else "amounts"
                current[key] = (*current.get(key, ()), (values[1], self._number(values, at, 2) or Decimal(0)))
        for claim in claims:
            if "statuses" not in claim and "services" not in claim:
                continue
            claim["services"] = tuple(ServiceStatus(**each) for each in claim.get("services", ()))
            if self._set.guide == "277CA" and level.code == "PT":
                claim.setdefault("patient_control_number", claim["trace_number"])
            yield StatusAnswer(
                level.code, payer=self._above(level, "20"), provider=self._above(level, "19"),
                patient=self._above(level, *_PATIENTS) if level.code in _PATIENTS else None, **claim,
            )  # fmt: skip

    def _reference(self, claim: dict, service: dict | None, values: list[str]) -> None:
        if service is not None:
            if values[1] in {"FJ", "6R"}:
                service["line_control_number"] = values[2]
            return
        key = {"EJ": "patient_control_number", "1K": "payer_control_number", "BLT": "bill_type"}.get(values[1])
        if key:
            claim[key] = values[2]
        claim["references"] = (*claim.get("references", ()), (values[1], values[2]))

    def _statuses(self, values: list[str], at: int) -> list[Status]:
        """STC01, STC10 and STC11."""
        found = []
        for element in (1, 10, 11):
            parts = [*values[element].split(self._set.delimiters.component), "", ""]
            if parts[0]:
                found.append(
                    Status(
                        parts[0], parts[1], parts[2], date(values[2]), values[3], self._number(values, at, 4),
                        self._number(values, at, 5), values[12],
                    )
                )  # fmt: skip
        return found
