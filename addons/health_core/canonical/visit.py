"""Registering patients and recording what happens in a visit (HL7 ADT and BAR)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import BaseCommand, Code, Contract, Instant, Key, RequiredCode, Text
from .person import CoverageData, Identifier, Person, PractitionerRef

VisitEvent = Literal[
    "preadmit",
    "admit",
    "register",
    "transfer",
    "discharge",
    "update",
    "change_class",
    "cancel_admit",
    "cancel_transfer",
    "cancel_discharge",
]

VisitClass = Literal["inpatient", "outpatient", "emergency", "preadmit", "recurring", "obstetrics", "other"]

#: Events that take an earlier one back.
CANCELLING_EVENTS = frozenset({"cancel_admit", "cancel_transfer", "cancel_discharge"})


class VisitRef(Contract):
    """A visit by its number (HL7 PV1-19).

    :ivar authority: assigning authority (CX.4.1); empty = the facility's visit authority
    """

    number: Key
    authority: Code = ""


class PointOfCare(Contract):
    """Where in the facility (HL7 PL). The mapped code is the unit."""

    facility: Code = ""
    unit: Code = ""
    room: Code = ""
    bed: Code = ""

    @property
    def code(self) -> str:
        """The code that ``health.location.mapping`` knows."""
        return self.unit

    @property
    def label(self) -> str:
        """What a person reads: unit-room-bed without the empty parts."""
        return "-".join(part for part in (self.unit, self.room, self.bed) if part)


class DiagnosisData(Contract):
    """A diagnosis of the visit (HL7 DG1)."""

    sequence: Annotated[int, Field(ge=1, le=999)] = 1
    code: RequiredCode
    system: Code = ""
    description: Text | None = None
    type: Annotated[str, StringConstraints(max_length=16)] | None = None


class RegisterPatient(BaseCommand):
    """Create or update a patient's account without a visit (ADT A28, A31, A05 without visit)."""

    kind: Literal["patient.register"] = "patient.register"
    identifiers: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    person: Person = Person()
    coverages: tuple[CoverageData, ...] | None = None


class RecordVisit(BaseCommand):
    """Something happened in a visit; an unknown visit is created, whatever the event.

    :ivar visit: ``None`` (no visit number) registers the patient only
    :ivar identifiers: may be empty when the visit is known already
    :ivar coverages: ``None`` = nothing said; a tuple replaces the visit's coverages
    :ivar diagnoses: ``None`` = nothing said; a tuple replaces the visit's diagnoses
    """

    kind: Literal["visit.record"] = "visit.record"
    event: VisitEvent
    visit: VisitRef | None = None
    identifiers: tuple[Identifier, ...] = ()
    person: Person = Person()
    class_code: VisitClass | None = None
    point_of_care: PointOfCare | None = None
    prior_point_of_care: PointOfCare | None = None
    attending: PractitionerRef | None = None
    admitted_at: Instant | None = None
    discharged_at: Instant | None = None
    account_number: Annotated[str, StringConstraints(max_length=128)] | None = None
    coverages: tuple[CoverageData, ...] | None = None
    diagnoses: tuple[DiagnosisData, ...] | None = None
