"""Shapes of claim status: inquiry (276) and answer (277), 005010X212; claim acknowledgement (277CA), 005010X214."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from .model import Party


@dataclass(frozen=True)
class StatusInquiry:
    """One question about one claim.

    :ivar trace_number: TRN02, comes back in the answer
    :ivar payer_control_number: REF*1K, where it is known
    :ivar patient_control_number: REF*EJ
    """

    trace_number: str
    payer: Party
    receiver: Party
    provider: Party
    subscriber: Party
    dependent: Party | None = None
    payer_control_number: str = ""
    patient_control_number: str = ""
    bill_type: str = ""
    charge: Decimal | None = None
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None


@dataclass(frozen=True)
class Status:
    """One code triplet of an STC segment.

    :ivar category: claim status category: ``A1`` received, ``A2`` accepted, ``A3`` to ``A8`` rejected,
        ``P…`` pending, ``F…`` final, ``R…`` more is wanted, ``E…`` error
    :ivar code: claim status code
    :ivar entity: which party is meant
    """

    category: str
    code: str = ""
    entity: str = ""
    date: datetime.date | None = None
    action: str = ""
    charge: Decimal | None = None
    paid: Decimal | None = None
    message: str = ""


@dataclass(frozen=True)
class ServiceStatus:
    """SVC and its STC."""

    code_type: str
    code: str
    charge: Decimal | None = None
    paid: Decimal | None = None
    revenue_code: str = ""
    line_control_number: str = ""
    statuses: tuple[Status, ...] = ()


@dataclass(frozen=True)
class StatusAnswer:
    """What is said about one claim, or about a whole submission where ``level`` is above the patient.

    :ivar level: ``20`` payer, ``21`` receiver, ``19`` provider, ``22`` subscriber, ``23`` dependent, ``PT`` patient
    :ivar trace_number: TRN02: of the inquiry (277), CLM01 of the claim or BHT03 of the file (277CA)
    :ivar patient_control_number: REF*EJ of a 277, TRN02 at the patient of a 277CA
    :ivar payer_control_number: REF*1K
    :ivar counts: QTY pairs of a 277CA, ``90`` accepted, ``AA`` rejected
    """

    level: str
    trace_number: str = ""
    statuses: tuple[Status, ...] = ()
    patient_control_number: str = ""
    payer_control_number: str = ""
    payer: Party | None = None
    provider: Party | None = None
    patient: Party | None = None
    bill_type: str = ""
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    services: tuple[ServiceStatus, ...] = ()
    counts: tuple[tuple[str, Decimal], ...] = ()
    amounts: tuple[tuple[str, Decimal], ...] = ()
    references: tuple[tuple[str, str], ...] = ()

    @property
    def outcome(self) -> str:
        """``accepted``, ``rejected``, ``pending``, ``final``, ``error`` or empty, by the first category."""
        category = self.statuses[0].category if self.statuses else ""
        if category in {"A0", "A1", "A2"}:
            return "accepted"
        return {"A": "rejected", "P": "pending", "F": "final", "R": "pending", "E": "error", "D": "error"}.get(
            category[:1], ""
        )
