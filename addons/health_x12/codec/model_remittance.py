"""Shapes of a remittance (835, 005010X221A1)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from .model import Adjustment, Party
from .values import ZERO

REVERSAL, DENIED, PREDETERMINATION = "22", "4", "25"
FORWARDED = frozenset(("19", "20", "21"))


@dataclass(frozen=True)
class Difference:
    """Something that does not balance (X221 1.10.2).

    :ivar level: ``service``, ``claim`` or ``payment``
    :ivar stated: what the file says
    :ivar computed: what its parts add up to
    :ivar position: number of the SVC, CLP or BPR segment in the set
    :ivar patient_control_number: CLP01 of the claim, empty for the payment
    :ivar line: number of the service in the claim, from 1; 0 for the claim and the payment
    """

    level: str
    stated: Decimal
    computed: Decimal
    position: int
    patient_control_number: str = ""
    line: int = 0

    @property
    def amount(self) -> Decimal:
        """Stated less computed."""
        return self.stated - self.computed


@dataclass(frozen=True)
class ServicePayment:
    """One service line (SVC, loop 2110).

    :ivar line_control_number: REF*6R, what the claim's line was sent with
    :ivar submitted_code: SVC06, what was billed where the payer changed it
    :ivar remarks: RARC codes (LQ*HE)
    :ivar amounts: AMT pairs, ``B6`` is the allowed amount
    """

    charge: Decimal = ZERO
    paid: Decimal = ZERO
    position: int = 0
    code_type: str = ""
    code: str = ""
    modifiers: tuple[str, ...] = ()
    description: str = ""
    revenue_code: str = ""
    units: Decimal | None = None
    submitted_code_type: str = ""
    submitted_code: str = ""
    submitted_modifiers: tuple[str, ...] = ()
    submitted_units: Decimal | None = None
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    line_control_number: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    remarks: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    amounts: tuple[tuple[str, Decimal], ...] = ()
    quantities: tuple[tuple[str, Decimal], ...] = ()
    rendering: Party | None = None

    @property
    def allowed(self) -> Decimal | None:
        """AMT*B6."""
        return dict(self.amounts).get("B6")

    @property
    def difference(self) -> Decimal:
        """SVC03 less what SVC02 and the adjustments leave: zero when it balances."""
        return self.paid - self.charge + sum((each.amount for each in self.adjustments), ZERO)


@dataclass(frozen=True)
class Outpatient:
    """MOA: what the payer says about the adjudication of an outpatient claim."""

    reimbursement_rate: Decimal | None = None
    payable_amount: Decimal | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inpatient:
    """MIA: what the payer says about the adjudication of an inpatient claim.

    :ivar amounts: MIA01 to MIA24 by the number of their element, where they are numbers
    """

    covered_days: Decimal | None = None
    amounts: tuple[tuple[int, Decimal], ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimPayment:
    """One claim (CLP, loop 2100) with its services.

    :ivar patient_control_number: CLP01, the CLM01 that the claim was sent with
    :ivar status: CLP02
    :ivar payer_control_number: CLP07
    :ivar crossover: where it was forwarded to (NM1*TT)
    :ivar position: number of the CLP segment in its set
    """

    patient_control_number: str = ""
    status: str = ""
    charge: Decimal = ZERO
    paid: Decimal = ZERO
    position: int = 0
    patient_responsibility: Decimal = ZERO
    filing_code: str = ""
    payer_control_number: str = ""
    facility_code: str = ""
    frequency: str = ""
    drg: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    services: tuple[ServicePayment, ...] = ()
    patient: Party | None = None
    insured: Party | None = None
    corrected_insured: Party | None = None
    rendering: Party | None = None
    crossover: Party | None = None
    corrected_payer: Party | None = None
    inpatient: Inpatient | None = None
    outpatient: Outpatient | None = None
    remarks: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    received_date: datetime.date | None = None
    amounts: tuple[tuple[str, Decimal], ...] = ()
    quantities: tuple[tuple[str, Decimal], ...] = ()

    @property
    def is_reversal(self) -> bool:
        """CLP02 = 22: takes an earlier payment back; amounts are negated."""
        return self.status == REVERSAL

    @property
    def is_denied(self) -> bool:
        """CLP02 = 4."""
        return self.status == DENIED

    @property
    def is_forwarded(self) -> bool:
        """CLP02 = 19, 20, 21: sent on to the next payer."""
        return self.status in FORWARDED

    @property
    def adjusted(self) -> Decimal:
        """Sum of all adjustments of the claim and its services."""
        total = sum((each.amount for each in self.adjustments), ZERO)
        for service in self.services:
            for each in service.adjustments:
                total += each.amount
        return total

    @property
    def difference(self) -> Decimal:
        """CLP04 less what CLP03 and all adjustments leave: zero when it balances."""
        return self.paid - self.charge + self.adjusted

    def differences(self) -> list[Difference]:
        """What of the claim and its services does not balance (X221 1.10.2.1.1, 1.10.2.1.2)."""
        found = []
        adjusted = ZERO
        for each in self.adjustments:
            adjusted += each.amount
        for line, service in enumerate(self.services, 1):
            reduced = ZERO
            for each in service.adjustments:
                reduced += each.amount
            adjusted += reduced
            if service.charge - reduced != service.paid:
                found.append(
                    Difference(
                        "service", service.paid, service.charge - reduced, service.position,
                        self.patient_control_number, line,
                    )
                )  # fmt: skip
        if self.charge - adjusted != self.paid:
            found.append(
                Difference("claim", self.paid, self.charge - adjusted, self.position, self.patient_control_number)
            )
        return found


@dataclass(frozen=True)
class ProviderAdjustment:
    """One reason, reference, amount of a PLB segment; a positive amount reduces the payment (X221 1.10.2.1.3)."""

    provider: str
    fiscal_date: datetime.date | None
    reason: str
    reference: str
    amount: Decimal


@dataclass(frozen=True)
class Payment:
    """The head of a remittance (BPR, TRN, N1*PR, N1*PE).

    :ivar amount: BPR02
    :ivar method: BPR04, ``NON`` when no money moves
    :ivar trace_number: TRN02, the number of the check or transfer
    :ivar payer_identifier: TRN03
    """

    handling: str = ""
    amount: Decimal = ZERO
    credit_debit: str = "C"
    method: str = ""
    date: datetime.date | None = None
    trace_number: str = ""
    payer_identifier: str = ""
    supplemental_code: str = ""
    production_date: datetime.date | None = None
    payer: Party | None = None
    payee: Party | None = None
    references: tuple[tuple[str, str], ...] = ()
    position: int = 0


@dataclass(frozen=True)
class Remittance:
    """A whole remittance in memory; big files are better read claim by claim."""

    payment: Payment
    claims: tuple[ClaimPayment, ...] = ()
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def balances(self) -> bool:
        """Whether it balances at service, claim and payment level."""
        return not self.differences
