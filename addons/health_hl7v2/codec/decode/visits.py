"""PV1, DG1 and the commands about patients and visits (ADT, BAR)."""

from odoo.addons.health_core.canonical import (
    DiagnosisData,
    PointOfCare,
    RecordVisit,
    RegisterPatient,
    VisitRef,
)

from ..message import Segment
from .context import Context
from .people import build, coverages, first, given, patient_identifiers, person, practitioner, simple
from .values import to_ordinal, to_time

#: Trigger event -> event of ``RecordVisit``.
EVENTS = {
    "A01": "admit",
    "A02": "transfer",
    "A03": "discharge",
    "A04": "register",
    "A05": "preadmit",
    "A06": "change_class",
    "A07": "change_class",
    "A08": "update",
    "A11": "cancel_admit",
    "A12": "cancel_transfer",
    "A13": "cancel_discharge",
    "P01": "update",
    "P05": "update",
}
#: HL7 table 0004.
CLASSES = {
    "I": "inpatient",
    "O": "outpatient",
    "E": "emergency",
    "P": "preadmit",
    "R": "recurring",
    "B": "obstetrics",
}
#: What a change of class means when PV1-2 does not say it.
_IMPLIED_CLASS = {"A06": "inpatient", "A07": "outpatient"}


def visit_ref(segment: Segment, number: int) -> VisitRef | None:
    """Return a visit number (CX), e.g. PV1-19."""
    if not segment[number]:
        return None
    field = first(segment, number)
    value = field.text(1)
    if not value:
        return None
    locations = {"number": f"{number}.1", "authority": f"{number}.4"}
    return build(VisitRef, locations, segment.name, number=value, authority=field.authority(4))


def point_of_care(segment: Segment, number: int) -> PointOfCare | None:
    """Return a place (PL), e.g. PV1-3; ``None`` when it names neither unit, room nor bed."""
    if not segment[number]:
        return None
    field = first(segment, number)
    unit, room, bed = field.text(1), field.text(2), field.text(3)
    if not (unit or room or bed):
        return None
    locations = {"unit": f"{number}.1", "room": f"{number}.2", "bed": f"{number}.3", "facility": f"{number}.4"}
    facility = field.authority(4)
    return build(PointOfCare, locations, segment.name, facility=facility, unit=unit, room=room, bed=bed)


def diagnoses(segments: list[Segment]) -> tuple[DiagnosisData, ...] | None:
    """Return the coded diagnoses of DG1 segments, ``None`` when there is no DG1."""
    if not segments:
        return None
    found = []
    for ordinal, dg1 in enumerate(segments, 1):
        field = first(dg1, 3)
        code = field.text(1)
        if code:
            found.append(
                build(
                    DiagnosisData,
                    {"sequence": 1, "code": 3, "system": 3, "description": 4, "type": 6},
                    f"DG1[{ordinal}]",
                    sequence=to_ordinal(simple(dg1, 1)) or ordinal,
                    code=code,
                    system=field.text(3) or simple(dg1, 2),
                    description=field.given(2) or given(dg1, 4),
                    type=given(dg1, 6),
                )
            )
    return tuple(found)


def register(context: Context) -> list:
    """A28, A31: the patient alone."""
    pid = context.required("PID")
    return [
        build(
            RegisterPatient,
            {},
            "PID",
            facility=context.facility,
            occurred_at=context.occurred_at,
            identifiers=patient_identifiers(pid),
            person=person(pid),
            coverages=coverages(context.message),
        )
    ]


def record(context: Context) -> list:
    """A01 to A13: one visit."""
    return [_visit(context, context.message.segments)]


def bill(context: Context) -> list:
    """BAR P01 and P05: one account with any number of visit groups, each beginning at its PV1."""
    groups = context.groups("PV1")
    if not groups:
        return register(context)
    return [_visit(context, group) for group in groups]


def _visit(context: Context, segments: list[Segment]) -> RecordVisit:
    pid = context.required("PID")
    pv1 = next((s for s in segments if s.name == "PV1"), None)
    values = {}
    if pv1 is not None:
        letter = simple(pv1, 2).upper()
        class_code = (CLASSES.get(letter, "other") if letter else None) or _IMPLIED_CLASS.get(context.event)
        values = {
            "visit": visit_ref(pv1, 19),
            "class_code": class_code,
            "point_of_care": point_of_care(pv1, 3),
            "prior_point_of_care": point_of_care(pv1, 6),
            "attending": practitioner(pv1, 7),
            "admitted_at": to_time(simple(pv1, 44), "PV1-44", context.zone),
            "discharged_at": to_time(simple(pv1, 45), "PV1-45", context.zone),
        }
    return build(
        RecordVisit,
        {"account_number": 18},
        "PID",
        facility=context.facility,
        occurred_at=context.occurred_at,
        event=EVENTS[context.event],
        identifiers=patient_identifiers(pid),
        person=context.person(pid),
        account_number=simple(pid, 18) or None,
        coverages=coverages(context.message, [s for s in segments if s.name == "IN1"]),
        diagnoses=diagnoses([s for s in segments if s.name == "DG1"]),
        **values,
    )
