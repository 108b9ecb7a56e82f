"""MRG and the commands that join or move what was apart (HL7 v2.5.1 chapter 3, section 3.6)."""

from odoo.addons.health_core.canonical import MergePair, MergePatients, MergeVisits, MoveVisit

from ..errors import Hl7Error
from ..message import Segment
from .context import Context
from .people import build, identifiers, patient_identifiers, person
from .visits import visit_ref


def merge(context: Context) -> list:
    """A18, A34, A36, A40 and A47: MRG's patient ends in PID's, for each pair of the message.

    A47 (change of a patient's identifier) has the same end: the old identifier leads to the new account.
    """
    pairs = []
    for ordinal, (pid, mrg, _pv1) in enumerate(_pairs(context), 1):
        prior = identifiers(mrg, 1) or identifiers(mrg, 4)
        if not prior:
            raise Hl7Error("101", "The prior patient identifier is missing", f"MRG[{ordinal}]-1")
        pairs.append(
            build(MergePair, {}, "MRG", survivor=patient_identifiers(pid), prior=prior, person=person(pid)),
        )
    return [
        build(MergePatients, {}, "MRG", facility=context.facility, occurred_at=context.occurred_at, pairs=tuple(pairs))
    ]


def move_visit(context: Context) -> list:
    """A45: the visit of PV1-19 (MRG-5 before) now belongs to PID's patient."""
    commands = []
    common = {"facility": context.facility, "occurred_at": context.occurred_at}
    for ordinal, (pid, mrg, pv1) in enumerate(_pairs(context), 1):
        prior = visit_ref(mrg, 5)
        visit = visit_ref(pv1, 19) if pv1 is not None else None
        visit = visit or prior
        if visit is None:
            raise Hl7Error("101", "The visit number is missing", f"MRG[{ordinal}]-5")
        if prior is not None and prior.number != visit.number:
            commands.append(build(MergeVisits, {}, "MRG", survivor=visit, prior=prior, **common))
        commands.append(build(MoveVisit, {}, "PID", visit=visit, identifiers=patient_identifiers(pid), **common))
    return commands


def _pairs(context: Context) -> list[tuple[Segment, Segment, Segment | None]]:
    """Return (PID, MRG, PV1 or None); an MRG without a PID of its own goes with the PID before it."""
    found = []
    pid = None
    paired = True
    for segment in context.message.segments:
        if segment.name == "PID":
            if not paired:
                raise Hl7Error("100", "A PID segment has no MRG segment", f"MRG[{len(found) + 1}]")
            pid, paired = segment, False
        elif segment.name == "MRG":
            if pid is None:
                raise Hl7Error("100", "An MRG segment has no PID segment", "PID")
            found.append([pid, segment, None])
            paired = True
        elif segment.name == "PV1" and found and paired:
            found[-1][2] = segment
    if pid is None:
        raise Hl7Error("100", "The PID segment is missing", "PID")
    if not paired:
        raise Hl7Error("100", "The MRG segment is missing", f"MRG[{len(found) + 1}]" if found else "MRG")
    return [tuple(pair) for pair in found]
