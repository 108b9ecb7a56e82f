"""Merging patients, merging visits and moving a visit to another patient."""

from typing import Annotated, Literal

from pydantic import Field

from .base import BaseCommand, Contract
from .person import Identifier, Person
from .visit import VisitRef

Identifiers = Annotated[tuple[Identifier, ...], Field(min_length=1)]


class MergePair(Contract):
    """The prior account ends in the survivor (one PID/MRG pair of an ADT A40)."""

    survivor: Identifiers
    prior: Identifiers
    person: Person | None = None


class MergePatients(BaseCommand):
    """Merge patient accounts, pair by pair in the order of the message (ADT A40, A18, A34, A36, A47)."""

    kind: Literal["patient.merge"] = "patient.merge"
    pairs: Annotated[tuple[MergePair, ...], Field(min_length=1)]


class MergeVisits(BaseCommand):
    """The prior visit's charges and rows go to the survivor visit (ADT A42, A44 of visits)."""

    kind: Literal["visit.merge"] = "visit.merge"
    survivor: VisitRef
    prior: VisitRef


class MoveVisit(BaseCommand):
    """The visit belongs to another patient than was said before (ADT A43, A45)."""

    kind: Literal["visit.move"] = "visit.move"
    visit: VisitRef
    identifiers: Identifiers
