"""Read a remittance (835, 005010X221A1) claim by claim, and check that it balances (1.10.2)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .document import TransactionSet
from .errors import ELEMENT, SEGMENT, Issue, refuse
from .model import Adjustment, build
from .model_remittance import (
    ClaimPayment,
    Difference,
    Inpatient,
    Outpatient,
    Payment,
    ProviderAdjustment,
    Remittance,
    ServicePayment,
)
from .names import described, organization, party
from .values import ZERO, date, number

_AFTER_CLAIM = frozenset(("CLP", "LX", "PLB", "TS3", "TS2"))
_PARTIES = {
    "QC": "patient", "IL": "insured", "74": "corrected_insured", "82": "rendering", "TT": "crossover",
    "PR": "corrected_payer",
}  # fmt: skip


class RemittanceReader:
    """One 835 as a stream: ``payment`` at once, then ``claims()``, then the rest.

    :ivar payment: the head
    :ivar provider_adjustments: PLB; complete after ``claims()``
    :ivar differences: what does not balance so far; the payment's comes last, after ``claims()``
    :raises X12Error: no BPR, or an amount that is no number
    """

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._component = transaction.delimiters.component
        self.provider_adjustments: list[ProviderAdjustment] = []
        self.differences: list[Difference] = []
        self.count = 0
        self.paid = ZERO
        self._segments = iter(transaction)
        self._next: list[str] | None = None
        self._at = 0
        self.payment = self._head()

    def _amount(self, segment: list[str], element: int, position: int) -> Decimal:
        """A required amount."""
        found = number(segment[element]) if len(segment) > element else None
        if found is None:
            raise refuse(
                ELEMENT, "6" if len(segment) > element and segment[element] else "1", "The amount is not a number",
                segment=segment[0], position=position, number=self._set.start + position - 1, element=element,
            )  # fmt: skip
        return found

    def _optional(self, segment: list[str], element: int, position: int) -> Decimal | None:
        return self._amount(segment, element, position) if len(segment) > element and segment[element] else None

    def _head(self) -> Payment:
        """Everything before the first claim."""
        values: dict = {"references": ()}
        current = ""
        for segment in self._segments:
            name = segment[0]
            if name in {"LX", "CLP", "PLB"}:
                self._next = segment
                break
            at = self._set.position
            padded = segment + [""] * (17 - len(segment))
            if name == "BPR":
                values |= {
                    "handling": padded[1], "amount": self._amount(segment, 2, at), "credit_debit": padded[3],
                    "method": padded[4], "date": self._date(padded, 16, at), "position": at,
                }  # fmt: skip
            elif name == "TRN":
                values |= {"trace_number": padded[2], "payer_identifier": padded[3], "supplemental_code": padded[4]}
            elif name == "DTM" and padded[1] == "405":
                values["production_date"] = self._date(padded, 2, at)
            elif name == "N1":
                current = {"PR": "payer", "PE": "payee"}.get(padded[1], "")
                if current:
                    values[current] = organization(segment)
            elif current:
                values[current] = described(values[current], segment)
            elif name == "REF":
                values["references"] += ((padded[1], padded[2]),)
        if "amount" not in values:
            at = self._set.position
            raise refuse(
                SEGMENT, "3", "The remittance has no BPR", segment="BPR", position=at, number=self._set.start + at - 1
            )
        return Payment(**values)

    def _date(self, segment: list[str], element: int, position: int):
        """A date; one that does not exist is noted once, by the check of the structure if that runs."""
        text = segment[element]
        found = date(text)
        if text and found is None and not self._set.issues:
            self._set.note(
                Issue(ELEMENT, "8", segment[0], position, self._set.start + position - 1, element, reference="373")
            )
        return found

    def claims(self) -> Iterator[ClaimPayment]:
        """Every claim; in the end the payment is balanced.

        :raises X12Error: an amount that is no number; nothing of this set may be used then
        """
        self._at = self._set.position
        while (segment := self._next) is not None:
            if segment[0] == "CLP":
                yield self._claim(segment)
                continue
            if segment[0] == "PLB":
                self._provider(segment, self._at)
            self._next = next(self._segments, None)
            self._at += 1
        self._balance()

    def _provider(self, segment: list[str], at: int) -> None:
        """PLB: up to six pairs of reason and amount."""
        fiscal = self._date(segment, 2, at) if len(segment) > 2 else None
        component = self._component
        for place in range(3, min(len(segment), 15), 2):
            if not segment[place] and (len(segment) <= place + 1 or not segment[place + 1]):
                continue
            reason, _separator, reference = segment[place].partition(component)
            amount = self._amount(segment, place + 1, at)
            self.provider_adjustments.append(ProviderAdjustment(segment[1], fiscal, reason, reference, amount))

    def _balance(self) -> None:
        """X221 1.10.2.1.3: BPR02 is what the claims paid less the provider's adjustments."""
        computed = self.paid - sum((each.amount for each in self.provider_adjustments), ZERO)
        stated = -self.payment.amount if self.payment.credit_debit == "D" else self.payment.amount
        if computed != stated:
            self.differences.append(Difference("payment", stated, computed, self.payment.position))

    def _claim(self, head: list[str]) -> ClaimPayment:
        """CLP and what follows it as a claim; leaves the segment after it in ``_next``."""
        start = self._at
        size = len(head)
        charge = number(head[3]) if size > 4 else None
        paid = number(head[4]) if size > 4 else None
        if charge is None or paid is None:
            charge, paid = self._amount(head, 3, start), self._amount(head, 4, start)
        values: dict = {
            "patient_control_number": head[1],
            "status": head[2],
            "charge": charge,
            "paid": paid,
            "position": start,
        }
        if size > 5 and head[5]:
            values["patient_responsibility"] = self._amount(head, 5, start)
        if size > 7:
            values["filing_code"] = head[6]
            values["payer_control_number"] = head[7]
            if size > 9:
                values["facility_code"] = head[8]
                values["frequency"] = head[9]
                if size > 11:
                    values["drg"] = head[11]
            elif size > 8:
                values["facility_code"] = head[8]
        elif size > 6:
            values["filing_code"] = head[6]
        services: list[ServicePayment] = []
        target = values
        at = start
        self._next = None
        for segment in self._segments:
            at += 1
            name = segment[0]
            if name == "SVC":
                if target is not values:
                    services.append(build(ServicePayment, target))
                target = self._service(segment, at)
            elif name == "CAS":
                adjustments = self._adjustments(segment, at)
                if "adjustments" in target:
                    adjustments = target["adjustments"] + adjustments
                target["adjustments"] = adjustments
            elif name == "DTM":
                self._dates(target, segment, at)
            elif name == "NM1":
                role = _PARTIES.get(segment[1]) if len(segment) > 1 else None
                if role and (target is values or role == "rendering"):
                    target[role] = party(segment)
            elif name in _AFTER_CLAIM:
                self._next = segment
                break
            elif len(segment) > 2:
                self._more(target, segment, at)
        self._at = at
        if target is not values:
            services.append(build(ServicePayment, target))
        if services:
            values["services"] = tuple(services)
        claim = build(ClaimPayment, values)
        self.count += 1
        self.paid += paid
        # What claim.differences() finds, told in fewer steps for the many that balance.
        rest = charge - paid
        for each in claim.adjustments:
            rest -= each.amount
        for service in services:
            left = service.charge - service.paid
            for each in service.adjustments:
                left -= each.amount
                rest -= each.amount
            if left:
                rest = left
                break
        if rest:
            self.differences += claim.differences()
        return claim

    def _service(self, segment: list[str], at: int) -> dict:
        """SVC."""
        size = len(segment)
        charge = number(segment[2]) if size > 3 else None
        paid = number(segment[3]) if size > 3 else None
        if charge is None or paid is None:
            charge, paid = self._amount(segment, 2, at), self._amount(segment, 3, at)
        code = segment[1].split(self._component)
        values: dict = {"charge": charge, "paid": paid, "position": at, "code_type": code[0]}
        if len(code) > 1:
            values["code"] = code[1]
            if len(code) > 2:
                values["modifiers"] = tuple([each for each in code[2:6] if each])
                if len(code) > 6:
                    values["description"] = code[6]
        if size > 4:
            values["revenue_code"] = segment[4]
            if size > 5:
                values["units"] = self._optional(segment, 5, at)
                if size > 6 and segment[6]:
                    billed = segment[6].split(self._component) + ["", ""]
                    values["submitted_code_type"], values["submitted_code"] = billed[0], billed[1]
                    values["submitted_modifiers"] = tuple(each for each in billed[2:6] if each)
                if size > 7:
                    values["submitted_units"] = self._optional(segment, 7, at)
        return values

    def _adjustments(self, segment: list[str], at: int) -> tuple[Adjustment, ...]:
        """CAS: up to six triplets of reason, amount and quantity."""
        size = len(segment)
        if size == 4 and (amount := number(segment[3])) is not None:
            return (build(Adjustment, {"group": segment[1], "reason": segment[2], "amount": amount}),)
        found = []
        for place in range(2, min(size, 20), 3):
            reason = segment[place]
            if not reason and not any(segment[place + 1 : place + 3]):
                continue
            amount = number(segment[place + 1]) if size > place + 1 else None
            if amount is None:
                amount = self._amount(segment, place + 1, at)
            values = {"group": segment[1], "reason": reason, "amount": amount}
            if size > place + 2 and segment[place + 2]:
                values["quantity"] = self._amount(segment, place + 2, at)
            found.append(build(Adjustment, values))
        return tuple(found)

    def _dates(self, target: dict, segment: list[str], at: int) -> None:
        """DTM of the claim (232, 233, 050) or the service (472, 150, 151)."""
        if len(segment) < 3:
            return
        code, day = segment[1], date(segment[2]) or self._date(segment, 2, at)
        if code == "472":
            target["date_from"] = target["date_to"] = day
        elif code in {"232", "150"}:
            target["date_from"] = day
        elif code in {"233", "151"}:
            target["date_to"] = day
        elif code == "050" and "services" not in target and "patient_control_number" in target:
            target["received_date"] = day

    def _more(self, target: dict, segment: list[str], at: int) -> None:
        """REF, AMT, QTY, LQ, MIA, MOA."""
        name = segment[0]
        if name == "REF":
            if segment[1] == "6R" and "code_type" in target:
                target["line_control_number"] = segment[2]
            target["references"] = (*target.get("references", ()), (segment[1], segment[2]))
        elif name == "AMT":
            pair = (segment[1], self._amount(segment, 2, at))
            target["amounts"] = (*target["amounts"], pair) if "amounts" in target else (pair,)
        elif name == "QTY":
            target["quantities"] = (*target.get("quantities", ()), (segment[1], self._amount(segment, 2, at)))
        elif name == "LQ":
            if segment[1] == "HE":
                target["remarks"] = (*target.get("remarks", ()), segment[2])
        elif name == "MOA":
            remarks = tuple(each for each in segment[3:8] if each)
            target["outpatient"] = Outpatient(self._optional(segment, 1, at), self._optional(segment, 2, at), remarks)
            target["remarks"] = (*target.get("remarks", ()), *remarks)
        elif name == "MIA":
            remarks = tuple(each for place in (5, 20, 21, 22, 23) for each in segment[place : place + 1] if each)
            amounts = tuple(
                (place, self._amount(segment, place, at))
                for place in range(1, len(segment))
                if segment[place] and place not in {5, 20, 21, 22, 23}
            )
            target["inpatient"] = Inpatient(self._optional(segment, 1, at), amounts, remarks)
            target["remarks"] = (*target.get("remarks", ()), *remarks)


def read_remittance(transaction: TransactionSet) -> Remittance:
    """A whole 835 in memory.

    :raises X12Error: see :class:`RemittanceReader`
    """
    reader = RemittanceReader(transaction)
    claims = tuple(reader.claims())
    return Remittance(reader.payment, claims, tuple(reader.provider_adjustments), tuple(reader.differences))
