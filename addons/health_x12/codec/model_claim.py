"""Shapes of a claim as it is sent (837P 005010X222A1, 837I 005010X223A2)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from .model import Adjustment, Party
from .values import ZERO

ORIGINAL, CORRECTED, VOID = "1", "7", "8"


@dataclass(frozen=True)
class Diagnosis:
    """One ICD-10-CM code.

    :ivar kind: ``principal``, ``other``, ``admitting``, ``reason`` (for the visit) or ``external`` (cause)
    :ivar present_on_admission: ``Y``, ``N``, ``U``, ``W`` or empty; institutional only
    """

    code: str
    kind: str = "other"
    present_on_admission: str = ""


@dataclass(frozen=True)
class LineAdjudication:
    """What an earlier payer did with a line (loop 2430: SVD, CAS, DTP*573)."""

    payer_identifier: str
    paid: Decimal
    code: str = ""
    code_type: str = "HC"
    modifiers: tuple[str, ...] = ()
    revenue_code: str = ""
    units: Decimal = Decimal(1)
    adjustments: tuple[Adjustment, ...] = ()
    date: datetime.date | None = None


@dataclass(frozen=True)
class ServiceLine:
    """One service line (loop 2400: LX, SV1 or SV2, DTP*472, REF*6R).

    :ivar pointers: numbers of the claim's diagnoses, from 1, at most four; professional only
    :ivar control_number: comes back in the remittance's REF*6R
    """

    charge: Decimal
    code: str = ""
    code_type: str = "HC"
    modifiers: tuple[str, ...] = ()
    description: str = ""
    revenue_code: str = ""
    units: Decimal = Decimal(1)
    unit_type: str = "UN"
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    place: str = ""
    pointers: tuple[int, ...] = (1,)
    control_number: str = ""
    emergency: bool = False
    non_covered: Decimal | None = None
    drug_code: str = ""
    drug_quantity: Decimal | None = None
    drug_unit: str = "UN"
    adjudications: tuple[LineAdjudication, ...] = ()
    rendering: Party | None = None


@dataclass(frozen=True)
class Coverage:
    """Whose insurance it is and whose turn (SBR, loops 2000B, 2010BA, 2010BB).

    :ivar sequence: SBR01, ``P`` primary, ``S`` secondary, ``T`` tertiary…
    :ivar relationship: of the patient to the subscriber, ``18`` is the same person
    :ivar filing_code: SBR09, ``CI`` commercial, ``MB`` Medicare B, ``MC`` Medicaid…
    """

    subscriber: Party
    payer: Party
    sequence: str = "P"
    relationship: str = "18"
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = ""
    filing_code: str = "CI"


@dataclass(frozen=True)
class OtherCoverage:
    """Another payer's part in the claim (loops 2320, 2330A, 2330B).

    :ivar paid: AMT*D, what it paid, if it did
    :ivar remaining: AMT*EAF, what the patient still owes
    """

    coverage: Coverage
    paid: Decimal | None = None
    remaining: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    date: datetime.date | None = None
    payer_control_number: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim; its total is the sum of its lines.

    :ivar patient_control_number: CLM01, comes back as CLP01
    :ivar facility_code: place of service (professional), first two digits of the type of bill (institutional)
    :ivar frequency: CLM05-3: 1 original, 7 corrected, 8 void
    :ivar original_control_number: REF*F8, the payer's number of the claim that 7 and 8 speak of
    :ivar patient: needed where the patient is not the subscriber
    :ivar authorization: REF*G1
    """

    patient_control_number: str
    billing: Party
    coverage: Coverage
    lines: tuple[ServiceLine, ...]
    diagnoses: tuple[Diagnosis, ...]
    facility_code: str = "11"
    frequency: str = ORIGINAL
    original_control_number: str = ""
    patient: Party | None = None
    others: tuple[OtherCoverage, ...] = ()
    authorization: str = ""
    referral: str = ""
    medical_record_number: str = ""
    referring: Party | None = None
    rendering: Party | None = None
    facility: Party | None = None
    attending: Party | None = None
    operating: Party | None = None
    pay_to: Party | None = None
    accepts_assignment: bool = True
    releases_information: bool = True
    patient_paid: Decimal | None = None
    note: str = ""
    onset_date: datetime.date | None = None
    admission: datetime.datetime | None = None
    discharge_hour: str = ""
    statement_from: datetime.date | None = None
    statement_to: datetime.date | None = None
    admission_type: str = ""
    admission_source: str = ""
    patient_status: str = ""
    drg: str = ""

    @property
    def charge(self) -> Decimal:
        """CLM02."""
        return sum((line.charge for line in self.lines), ZERO)
