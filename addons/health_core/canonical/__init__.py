"""The canonical contracts: what a message of any format means, in the provider's own words.

Every wire format (HL7 v2, FHIR, plain JSON) decodes to these commands, so a
business rule is written once. The package imports nothing of Odoo and is
tested without a database.

Two conventions hold everywhere:

* ``None`` means "the sender says nothing: leave it as it is"; an empty string
  means "the sender deletes it" (HL7's ``""``).
* Times are UTC; an aware datetime is converted, a naive one is taken as UTC.
"""

from .base import Contract, Entry
from .charge import CaptureCharge
from .command import COMMANDS, Command, parse_command
from .merge import MergePair, MergePatients, MergeVisits, MoveVisit
from .person import CoverageData, Identifier, Person, PractitionerRef
from .visit import (
    CANCELLING_EVENTS,
    DiagnosisData,
    PointOfCare,
    RecordVisit,
    RegisterPatient,
    VisitRef,
)

__all__ = [
    "CANCELLING_EVENTS",
    "COMMANDS",
    "CaptureCharge",
    "Command",
    "Contract",
    "CoverageData",
    "DiagnosisData",
    "Entry",
    "Identifier",
    "MergePair",
    "MergePatients",
    "MergeVisits",
    "MoveVisit",
    "Person",
    "PointOfCare",
    "PractitionerRef",
    "RecordVisit",
    "RegisterPatient",
    "VisitRef",
    "parse_command",
]
