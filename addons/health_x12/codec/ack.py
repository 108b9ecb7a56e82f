"""Answer what came in: TA1 for interchanges (005010 appendix C), 999 for functional groups (005010X231A1).

A 999 is never answered by a 999, nor a TA1 by a TA1.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from .document import Document, Group, Interchange, TransactionSet
from .errors import ELEMENT, SEGMENT, SET, Issue
from .model import Envelope
from .tokenizer import Delimiters
from .values import is_date, is_time
from .writer import Writer, words

_ACKNOWLEDGMENTS = frozenset(("999", "997"))


def needs_group_answer(group: Group) -> bool:
    """Whether a 999 is due: for every group but acknowledgements."""
    return group.code != "FA" and not any(each.set_id in _ACKNOWLEDGMENTS for each in group.sets)


def needs_interchange_answer(interchange: Interchange) -> bool:
    """Whether a TA1 is due: where it was asked for (ISA14) or the interchange is refused.

    Never for an interchange that brings only acknowledgements.
    """
    only_answers = not any(needs_group_answer(group) for group in interchange.groups) and (
        interchange.groups or interchange.acknowledgments
    )
    if only_answers:
        return False
    return interchange.acknowledgment_requested or interchange.refused


def interchange_status(interchange: Interchange) -> tuple[str, str]:
    """TA104 and TA105."""
    for issue in interchange.issues:
        if not issue.warning:
            return "R", issue.code
    return "A", "000"


def set_status(transaction: TransactionSet) -> tuple[str, list[str]]:
    """IK501 and IK502 to IK506."""
    found = [issue for issue in transaction.issues if not issue.warning]
    if not found:
        return "A", []
    codes = list(dict.fromkeys(issue.code for issue in found if issue.level == SET))
    if any(issue.level in {SEGMENT, ELEMENT} for issue in found):
        codes.append("5")
    return "R", codes[:5]


def group_status(group: Group) -> tuple[str, list[str]]:
    """AK901 and AK905 to AK909; a group with errors of its own is rejected as a whole."""
    codes = list(dict.fromkeys(issue.code for issue in group.issues if not issue.warning))[:5]
    accepted = sum(each.accepted for each in group.sets)
    if codes or not accepted:
        return "R", codes
    return ("A" if accepted == len(group.sets) else "P"), codes


def write_acknowledgment(interchange: Interchange, envelope: Envelope) -> bytes:
    """TA1 and 999s for one interchange that was read, in one interchange; empty when nothing is due.

    :param envelope: who answers under which number; usually from :func:`answer_envelope`
    """
    groups = [group for group in interchange.groups if needs_group_answer(group)] if not interchange.refused else []
    wants_note = needs_interchange_answer(interchange)
    if not groups and not wants_note:
        return b""
    # What answers must not ask for an answer.
    out = Writer("999", replace(envelope, acknowledgment_requested=False), Delimiters())
    if wants_note:
        status, note = interchange_status(interchange)
        number, when = _digits(interchange.control_number, 9), envelope.when
        day = interchange.date if is_date(interchange.date, 6) else f"{when:%y%m%d}"
        hour = interchange.time if is_time(interchange.time) else f"{when:%H%M}"
        out.note("TA1", number, day, hour, status, note)
    if not groups:
        return out.finish_empty()
    for group in groups:
        _group(out, group)
    return out.finish()


def answer_envelope(interchange: Interchange, control_number: int, when) -> Envelope:
    """The envelope back to who sent: sender and receiver swapped."""
    first = interchange.groups[0] if interchange.groups else None
    return Envelope(
        sender=words(interchange.receiver, 15) or "UNKNOWN", sender_qualifier=_pair(interchange.receiver_qualifier),
        receiver=words(interchange.sender, 15) or "UNKNOWN", receiver_qualifier=_pair(interchange.sender_qualifier),
        control_number=control_number, when=when,
        group_sender=words(first.receiver, 15) if first else "", group_receiver=words(first.sender, 15) if first else "",
        usage=interchange.usage if interchange.usage in {"P", "T"} else "P", acknowledgment_requested=False,
    )  # fmt: skip


def acknowledge(document: Document, control_number: int, when) -> list[bytes]:
    """Answers to all interchanges of a file that was read to its end.

    :param control_number: ISA13 of the first answer; the next ones count up
    """
    answers = []
    for interchange in document.interchanges:
        envelope = answer_envelope(interchange, control_number + len(answers), when)
        if answer := write_acknowledgment(interchange, envelope):
            answers.append(answer)
    return answers


def _safe(value: str, most: int, default: str = "") -> str:
    """A value of the file that is answered, as far as it can be repeated."""
    clean = "".join(char for char in value if char.isascii() and char.isalnum())[:most]
    return clean or default


def _pair(value: str) -> str:
    """A code of two characters; ``ZZ`` where it is none."""
    clean = _safe(value, 2)
    return clean if len(clean) == 2 else "ZZ"


def _digits(value: str, most: int) -> str:
    """A control number as it may be repeated."""
    return "".join(char for char in value if char.isascii() and char.isdigit())[:most].rjust(most, "0")


def _group(out: Writer, group: Group) -> None:
    """One 999."""
    out.begin()
    out.add("AK1", _pair(group.code), int(_digits(group.control_number, 9)), _safe(group.version, 12))
    for transaction in group.sets:
        _set(out, transaction)
    status, codes = group_status(group)
    stated = len(group.sets) if group.stated_sets is None else group.stated_sets
    accepted = 0 if status == "R" else sum(each.accepted for each in group.sets)
    out.add("AK9", status, stated, len(group.sets), accepted, *codes)
    out.end()


def _set(out: Writer, transaction: TransactionSet) -> None:
    """AK2 to IK5."""
    convention = _safe(transaction.convention or transaction.group.version, 35)
    control = _safe(transaction.control_number, 9).rjust(4, "0")
    out.add("AK2", _safe(transaction.set_id, 3, "000").rjust(3, "0"), control, convention)
    found = [issue for issue in transaction.issues if issue.level in {SEGMENT, ELEMENT}]
    for _place, group in groupby(found, key=lambda issue: (issue.position, issue.segment)):
        _segment(out, list(group))
    status, codes = set_status(transaction)
    out.add("IK5", status, *codes)


def _segment(out: Writer, issues: list[Issue]) -> None:
    """IK3 and its IK4."""
    elements = [issue for issue in issues if issue.level == ELEMENT]
    for issue in issues:
        if issue.level == SEGMENT:
            out.add("IK3", issue.segment or "ZZZ", issue.position, "", issue.code)
    if not elements:
        return
    if not any(issue.level == SEGMENT and issue.code == "8" for issue in issues):
        out.add("IK3", elements[0].segment, elements[0].position, "", "8")
    for issue in elements:
        place = (issue.element, issue.component or "", issue.repetition or "")
        out.add("IK4", place, issue.reference, issue.code)
