"""Shapes of eligibility: inquiry (270) and answer (271), both 005010X279A1."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from .model import Party

#: EB01 codes of coverage that is in force and that is not.
ACTIVE, INACTIVE = frozenset("12345"), frozenset("678")


@dataclass(frozen=True)
class EligibilityInquiry:
    """One question: is this person covered on this date.

    :ivar trace_number: TRN02, comes back in the answer
    :ivar service_types: EQ01, ``30`` is the plan as a whole
    :ivar dependent: the patient, where it is not the subscriber
    """

    trace_number: str
    trace_origin: str
    payer: Party
    provider: Party
    subscriber: Party
    service_types: tuple[str, ...] = ("30",)
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    dependent: Party | None = None


@dataclass(frozen=True)
class Benefit:
    """One EB segment with what belongs to it.

    :ivar code: EB01: ``1`` active, ``6`` inactive, ``A`` co-insurance, ``B`` co-payment, ``C`` deductible,
        ``F`` limitations, ``G`` out of pocket…
    :ivar level: EB02: ``IND``, ``FAM``…
    :ivar period: EB06: ``27`` visit, ``23`` calendar year, ``29`` remaining…
    :ivar authorization_required: EB11: ``True``, ``False`` or unknown
    :ivar in_network: EB12
    """

    code: str
    level: str = ""
    service_types: tuple[str, ...] = ()
    insurance_type: str = ""
    plan: str = ""
    period: str = ""
    amount: Decimal | None = None
    percent: Decimal | None = None
    quantity_type: str = ""
    quantity: Decimal | None = None
    authorization_required: bool | None = None
    in_network: bool | None = None
    procedure: str = ""
    dates: tuple[tuple[str, datetime.date | None, datetime.date | None], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    messages: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True)
class Rejection:
    """AAA: why a question was not answered.

    :ivar level: HL03 of the level that is refused: 20 payer, 21 provider, 22 subscriber, 23 dependent
    :ivar reason: AAA03, e.g. ``75`` subscriber not found, ``42`` system unavailable
    :ivar follow_up: AAA04: ``C`` correct and resubmit, ``N`` do not, ``R`` resubmit, ``S``, ``W``, ``X``, ``Y``
    """

    level: str
    reason: str
    follow_up: str = ""
    position: int = 0


@dataclass(frozen=True)
class EligibilityAnswer:
    """What the payer says about one person.

    :ivar trace_numbers: TRN02 of this person with who gave them (TRN03)
    :ivar dates: DTP of the person: qualifier (``346`` plan begin, ``291`` plan, ``307`` eligibility), first, last
    """

    trace_numbers: tuple[tuple[str, str], ...] = ()
    payer: Party | None = None
    provider: Party | None = None
    subscriber: Party | None = None
    dependent: Party | None = None
    benefits: tuple[Benefit, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    dates: tuple[tuple[str, datetime.date | None, datetime.date | None], ...] = ()
    inquiry_reference: str = ""

    @property
    def active(self) -> bool | None:
        """Whether the coverage is in force; ``None`` where the answer does not say."""
        codes = {each.code for each in self.benefits}
        if self.rejections:
            return None
        if codes & ACTIVE:
            return True
        return False if codes & INACTIVE else None
