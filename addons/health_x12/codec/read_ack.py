"""Read acknowledgements of what we sent: TA1 and 999 (005010X231A1)."""

from __future__ import annotations

from .document import Interchange, TransactionSet
from .errors import ELEMENT, SEGMENT, Issue, refuse
from .model_ack import GroupAcknowledgment, InterchangeAcknowledgment, SetAcknowledgment
from .values import date


def read_interchange_acknowledgments(interchange: Interchange) -> list[InterchangeAcknowledgment]:
    """The TA1 segments that an interchange carries.

    :raises X12Error: a TA1 without its elements
    """
    found = []
    for segment in interchange.acknowledgments:
        if len(segment) < 6:
            raise refuse(ELEMENT, "1", "TA1 has five elements", segment="TA1", element=len(segment))
        found.append(InterchangeAcknowledgment(segment[1], date("20" + segment[2]), segment[3], segment[4], segment[5]))
    return found


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def read_acknowledgment(transaction: TransactionSet) -> GroupAcknowledgment:
    """One 999.

    :raises X12Error: no AK1 or no AK9
    """
    head: list[str] = []
    tail: list[str] = []
    sets: list[SetAcknowledgment] = []
    current: dict | None = None
    issues: list[Issue] = []
    place = ("", 0)
    for segment in transaction:
        name = segment[0]
        values = segment + [""] * (10 - len(segment))
        if name == "AK1":
            head = values
        elif name == "AK2":
            current = {"set_id": values[1], "control_number": values[2], "convention": values[3]}
            issues = []
        elif name == "IK3":
            place = (values[1], _count(values[2]))
            if values[4] != "8":
                issues.append(Issue(SEGMENT, values[4], *place))
        elif name == "IK4":
            parts = [*values[1].split(transaction.delimiters.component), "", ""]
            issues.append(
                Issue(
                    ELEMENT, values[3], *place, element=_count(parts[0]), component=_count(parts[1]),
                    repetition=_count(parts[2]), reference=values[2],
                )
            )  # fmt: skip
        elif name == "IK5" and current is not None:
            codes = tuple(each for each in values[2:7] if each)
            sets.append(SetAcknowledgment(**current, status=values[1], codes=codes, issues=tuple(issues)))
            current = None
        elif name == "AK9":
            tail = values
    for wanted, segment_id in ((head, "AK1"), (tail, "AK9")):
        if not wanted:
            at = transaction.position
            raise refuse(SEGMENT, "3", segment=segment_id, position=at, number=transaction.start + at - 1)
    return GroupAcknowledgment(
        head[1], head[2], head[3], tail[1], _count(tail[2]), _count(tail[3]), _count(tail[4]),
        tuple(each for each in tail[5:10] if each), tuple(sets),
    )  # fmt: skip
