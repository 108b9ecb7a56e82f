"""Shapes of prior authorization: request and answer (278, 005010X217)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from .model import Party
from .model_claim import Diagnosis
from .model_eligibility import Rejection

#: HCR01 codes by what they mean.
DECISIONS = {
    "A1": "certified", "A2": "certified", "A3": "denied", "A4": "pended", "A6": "modified", "C": "cancelled",
    "CT": "pended", "NA": "not_required",
}  # fmt: skip


@dataclass(frozen=True)
class AuthorizedService:
    """A service that authorization is asked for (request) or given for (answer).

    :ivar units: asked for, or certified (HSD02)
    :ivar decision: HCR01 of the service, empty in a request and where only the event is decided
    """

    code: str
    code_type: str = "HC"
    modifiers: tuple[str, ...] = ()
    charge: Decimal | None = None
    units: Decimal | None = None
    unit_type: str = "UN"
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    decision: str = ""
    authorization: str = ""
    reason: str = ""
    trace_number: str = ""
    provider: Party | None = None
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class AuthorizationRequest:
    """One request for the review of one patient event.

    :ivar trace_number: TRN02 of the event, comes back in the answer
    :ivar category: UM01, ``HS`` health services review, ``AR`` admission review, ``SC`` specialty care
    :ivar certification: UM02, ``I`` initial, ``R`` renewal, ``S`` revised, ``3`` cancel
    :ivar service_type: UM03, e.g. ``1`` medical care
    """

    trace_number: str
    trace_origin: str
    payer: Party
    requester: Party
    subscriber: Party
    diagnoses: tuple[Diagnosis, ...] = ()
    services: tuple[AuthorizedService, ...] = ()
    dependent: Party | None = None
    category: str = "HS"
    certification: str = "I"
    service_type: str = ""
    facility_code: str = ""
    previous_authorization: str = ""
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    provider: Party | None = None
    note: str = ""


@dataclass(frozen=True)
class AuthorizationAnswer:
    """What the payer decided about one patient event.

    :ivar decision: HCR01, see :attr:`outcome`
    :ivar authorization: HCR02, the number that claims carry in REF*G1
    :ivar reason: HCR03
    """

    trace_numbers: tuple[tuple[str, str], ...] = ()
    decision: str = ""
    authorization: str = ""
    reason: str = ""
    payer: Party | None = None
    requester: Party | None = None
    subscriber: Party | None = None
    dependent: Party | None = None
    services: tuple[AuthorizedService, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    issued: datetime.date | None = None
    units: Decimal | None = None
    messages: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()

    @property
    def outcome(self) -> str:
        """``certified``, ``modified``, ``pended``, ``denied``, ``cancelled``, ``not_required`` or ``rejected``.

        By the event, else by its services: modified where they differ.
        """
        if self.decision:
            return DECISIONS.get(self.decision, "")
        found = {DECISIONS.get(each.decision, "") for each in self.services if each.decision}
        if len(found) == 1:
            return found.pop()
        if found:
            return "modified"
        return "rejected" if self.rejections else ""
