"""The ADT side of the story: what the EHR says of one patient, in order."""

from __future__ import annotations

from datetime import datetime

from . import hl7
from .world import CLASSES, Person, Visit, insurance

#: Trigger event -> canonical event of the visit.
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
}
STRUCTURES = {
    "A04": "A01",
    "A08": "A01",
    "A13": "A01",
    "A07": "A06",
    "A11": "A09",
    "A12": "A09",
    "A28": "A05",
    "A31": "A05",
    "A40": "A39",
}
APPLICATION = "EHRMAIN"


def visit_event(
    control, event: str, visit: Visit, at: datetime, *, cover=True, diagnosis="", accept="", sending=""
) -> tuple[bytes, dict]:
    """One visit event; returns the bytes and the fact.

    :param cover: say the visit's coverages (IN1); otherwise nothing is said of them
    :param sending: MSH-4, the facility's own code when empty
    """
    person = visit.person
    coverages = visit.coverages if cover and visit.coverages else None
    sending = sending or visit.facility.sending["EHR"]
    segments = [
        hl7.header(APPLICATION, sending, at, f"ADT^{event}^ADT_{STRUCTURES.get(event, event)}", control, accept=accept),
        hl7.segment("EVN", {1: event, 2: hl7.moment(at)}),
        person.pid(account=f"{visit.number}01"),
        visit.pv1(),
        hl7.segment("DG1", {1: "1", 3: hl7.join(diagnosis, None, "I10"), 6: "A"}) if diagnosis else "",
        *insurance(coverages or [], person),
    ]
    fact = {
        "kind": "visit",
        "event": EVENTS[event],
        "sending": sending,
        "ids": person.ids,
        "person": person.facts(),
        "visit": visit.number,
        "class": CLASSES[visit.letter],
        "unit": visit.place[0],
        "label": "-".join(part for part in visit.place if part),
        "at": at,
        "admitted_at": visit.admitted_at,
        "discharged_at": visit.discharged_at,
        "coverages": coverage_facts(coverages),
    }
    return hl7.message(segments), fact


def person_event(
    control, event: str, person: Person, sending: str, at: datetime, *, ids=None, accept=""
) -> tuple[bytes, dict]:
    """A28 or A31: the patient without a visit.

    :param ids: identifiers to say instead of the person's own
    """
    segments = [
        hl7.header(APPLICATION, sending, at, f"ADT^{event}^ADT_A05", control, accept=accept),
        hl7.segment("EVN", {1: event, 2: hl7.moment(at)}),
        person.pid(ids=ids),
        hl7.segment("PV1", {1: "1", 2: "N"}),
        *insurance(person.coverages, person),
        hl7.segment("ZPI", {1: "1", 2: "PORTAL", 3: "Y"}),
    ]
    fact = {
        "kind": "register",
        "sending": sending,
        "ids": ids or person.ids,
        "person": person.facts(),
        "coverages": coverage_facts(person.coverages or None),
        "at": at,
    }
    return hl7.message(segments), fact


def merge_event(control, pairs: list[tuple[Person, Person]], sending: str, at: datetime) -> tuple[bytes, dict]:
    """A40 with one or more PID/MRG pairs of (survivor, prior)."""
    segments = [
        hl7.header(APPLICATION, sending, at, "ADT^A40^ADT_A39", control),
        hl7.segment("EVN", {1: "A40", 2: hl7.moment(at)}),
    ]
    for survivor, prior in pairs:
        segments.append(survivor.pid())
        segments.append(hl7.segment("MRG", {1: hl7.join(prior.mrn, None, None, prior.authority, "MR")}))
    fact = {
        "kind": "merge",
        "sending": sending,
        "pairs": [(survivor.ids, [(prior.authority, "MR", prior.mrn)], survivor.facts()) for survivor, prior in pairs],
        "at": at,
    }
    return hl7.message(segments), fact


def coverage_facts(coverages: list[dict] | None) -> list[dict] | None:
    """What the expectation needs of the coverages."""
    if coverages is None:
        return None
    return [{"priority": c["priority"], "payer": c["payer"], "member": c["member"]} for c in coverages]
