"""A visit in memory, while a batch of commands is folded onto it.

The states and events follow HL7's ADT: what each event makes of a visit that
exists, and of one that nobody announced (messages arrive late, or never).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: Status of a visit that an event is the first to tell about.
FIRST_STATUS = {
    "preadmit": "planned",
    "admit": "in_progress",
    "register": "in_progress",
    "transfer": "in_progress",
    "update": "in_progress",
    "change_class": "in_progress",
    "discharge": "finished",
    "cancel_admit": "cancelled",
    "cancel_transfer": "in_progress",
    "cancel_discharge": "in_progress",
}

#: event -> {present status: next status}; what is missing stays as it is.
NEXT_STATUS = {
    "preadmit": {"cancelled": "planned"},
    "admit": {"planned": "in_progress", "finished": "in_progress", "cancelled": "in_progress"},
    "register": {"planned": "in_progress", "finished": "in_progress", "cancelled": "in_progress"},
    "transfer": {},
    "update": {},
    "change_class": {"planned": "in_progress", "finished": "in_progress", "cancelled": "in_progress"},
    "discharge": {"planned": "finished", "in_progress": "finished", "cancelled": "finished"},
    "cancel_admit": {"planned": "cancelled", "in_progress": "cancelled", "finished": "cancelled"},
    "cancel_transfer": {},
    "cancel_discharge": {"planned": "in_progress", "finished": "in_progress", "cancelled": "in_progress"},
}

ADMITTING = frozenset({"admit", "register"})

#: Events that open a visit (again), unless they come late.
OPENING = ADMITTING | {"change_class"}


def next_status(event: str, status: str | None, *, late: bool = False) -> str:
    """Return the status after ``event``.

    :param status: present status, ``None`` for an unknown visit
    :param late: the event happened before the discharge that is known already;
        such an admission or change of class does not open the visit again
    """
    if status is None:
        return FIRST_STATUS[event]
    if late and status == "finished" and event in OPENING:
        return status
    return NEXT_STATUS[event].get(status, status)


@dataclass(slots=True)
class Segment:
    """A stay at one point of care."""

    id: int | None
    system_id: int
    unit: str | None
    label: str
    location_id: int | None
    from_at: datetime
    to_at: datetime | None
    changed: bool = False


@dataclass(slots=True, eq=False)
class Visit:
    """A visit: ``values`` are its columns as folded so far, ``stored`` those of the database."""

    id: int | None
    key: tuple[str, str]
    account: Any
    facility_id: int
    company_id: int
    system_id: int
    values: dict[str, Any]
    stored: dict[str, Any] | None = None
    stored_account_id: int | None = None
    segments: list[Segment] = field(default_factory=list)
    removed_segments: list[Segment] = field(default_factory=list)
    coverages: list = field(default_factory=list)
    coverages_changed: bool = False
    diagnoses: list[tuple] = field(default_factory=list)
    diagnoses_changed: bool = False

    @property
    def changed(self) -> bool:
        return self.stored is None or self.values != self.stored

    @property
    def arrives(self) -> bool:
        """Whether the visit is there now and was not before, or was cancelled."""
        before = self.stored["status"] if self.stored else "cancelled"
        return before == "cancelled" and self.values["status"] != "cancelled"

    def record(self, command, proposed: dict[str, Any], system_id: int, place, location_id: int | None, locked=()):
        """Fold one event.

        :param command: a RecordVisit
        :param proposed: columns that the source may write, from :func:`visit_values`
        :param place: the point of care, ``None`` when nothing is said or the source may not say it
        :param location_id: the location that the point of care is mapped to
        :param locked: columns that the source may not write
        """
        values = self.values
        values.update(proposed)
        event = command.event
        if "discharged_at" not in locked:
            if event == "discharge":
                values["discharged_at"] = command.discharged_at or values["discharged_at"] or command.occurred_at
            elif values["status"] in ("in_progress", "planned"):
                values["discharged_at"] = None
        if event in ADMITTING and not values["admitted_at"] and "admitted_at" not in locked:
            values["admitted_at"] = command.occurred_at
        if "location_ids" not in locked:
            self._move(command, system_id, place, location_id)

    def _move(self, command, system_id, place, location_id):
        event = command.event
        at = command.occurred_at
        if event == "cancel_transfer" and len(self.segments) > 1:
            self.removed_segments.append(self.segments.pop())
            self._reopen()
        elif place is not None and (label := place.label):
            current = self.segments[-1] if self.segments else None
            if current is None:
                start = (command.admitted_at or at) if event in ADMITTING else at
                self.segments.append(Segment(None, system_id, place.unit or None, label, location_id, start, None))
            elif current.label != label:
                start = max(at, current.from_at)
                self._close(start)
                self.segments.append(Segment(None, system_id, place.unit or None, label, location_id, start, None))
        if self.values["status"] == "finished":
            self._close(self.values["discharged_at"] or at)
        elif event == "cancel_discharge" or event in OPENING:
            self._reopen()
        current = self.segments[-1] if self.segments else None
        self.values["location_id"] = current.location_id if current else None
        self.values["location_label"] = current.label if current else None

    def _close(self, at):
        if self.segments and self.segments[-1].to_at is None:
            current = self.segments[-1]
            current.to_at = max(at, current.from_at)
            current.changed = True

    def _reopen(self):
        if self.segments and self.segments[-1].to_at is not None:
            self.segments[-1].to_at = None
            self.segments[-1].changed = True

    def cover(self, coverages: list) -> None:
        """Replace the list of coverages, given in order of use."""
        if [id(c) for c in coverages] != [id(c) for c in self.coverages]:
            self.coverages = coverages
            self.coverages_changed = True

    def diagnose(self, diagnoses) -> None:
        """Replace the diagnoses."""
        rows = [
            (position, data.code, data.system or None, data.description or None, data.type or None)
            for position, data in enumerate(sorted(diagnoses, key=lambda data: data.sequence), start=1)
        ]
        if rows != self.diagnoses:
            self.diagnoses = rows
            self.diagnoses_changed = True


VISIT_COLUMNS = (
    "class_code",
    "status",
    "admitted_at",
    "discharged_at",
    "attending_id",
    "account_number",
    "location_id",
    "location_label",
    "primary_coverage_id",
)


def visit_values(command, visit: "Visit | None", attending_id: int | None) -> dict[str, Any]:
    """Return the columns that a RecordVisit proposes for a visit (``None``: unknown visit)."""
    status = discharged_at = None
    if visit is not None:
        status = visit.values["status"]
        discharged_at = visit.values["discharged_at"]
    late = bool(discharged_at and command.occurred_at <= discharged_at)
    values: dict[str, Any] = {"status": next_status(command.event, status, late=late)}
    if command.class_code:
        values["class_code"] = command.class_code
    if command.admitted_at:
        values["admitted_at"] = command.admitted_at
    if command.discharged_at and values["status"] == "finished":
        values["discharged_at"] = command.discharged_at
    if attending_id:
        values["attending_id"] = attending_id
    if command.account_number is not None:
        values["account_number"] = command.account_number or None
    return values
