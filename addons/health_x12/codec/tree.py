"""HL levels of a transaction as they come: each with its segments (005010, HL segment)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .document import TransactionSet
from .errors import SEGMENT, refuse


@dataclass
class Level:
    """One HL with the segments after it; ``start`` is the position of HL in the set."""

    code: str
    number: str
    parent: Level | None
    start: int
    segments: list[list[str]] = field(default_factory=list)

    def up(self, code: str) -> Level | None:
        """This level or the nearest above it of the given code."""
        found: Level | None = self
        while found and found.code != code:
            found = found.parent
        return found


def levels(transaction: TransactionSet, head: list[list[str]]) -> Iterator[Level]:
    """Every level, once it is whole; what comes before the first goes into ``head``.

    :raises X12Error: a parent that did not come before
    """
    known: dict[str, Level] = {}
    current: Level | None = None
    for segment in transaction:
        if segment[0] != "HL":
            (current.segments if current else head).append(segment)
            continue
        if current:
            yield current
        values = segment + [""] * (5 - len(segment))
        parent = known.get(values[2])
        if values[2] and not parent:
            at = transaction.position
            raise refuse(
                SEGMENT, "7", "HL02 names no level that came before", segment="HL", position=at,
                number=transaction.start + at - 1, element=2,
            )  # fmt: skip
        current = Level(values[3], values[1], parent, transaction.position)
        known[values[1]] = current
    if current:
        yield current


def padded(segment: list[str], size: int = 16) -> list[str]:
    """The segment with empty elements at its end, so that each can be asked for."""
    return segment + [""] * (size - len(segment))
