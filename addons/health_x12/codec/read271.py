"""Read eligibility answers (271, 005010X279A1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from .document import TransactionSet
from .errors import ELEMENT, refuse
from .model import Party
from .model_eligibility import Benefit, EligibilityAnswer, Rejection
from .names import described, party
from .tokenizer import split
from .tree import Level, levels, padded
from .values import number, period

_YES = {"Y": True, "N": False}


def read_eligibility(transaction: TransactionSet) -> Iterator[EligibilityAnswer]:
    """One answer per subscriber or dependent that the payer speaks of; a level above that is refused is one, too.

    :raises X12Error: an amount that is no number, a level without its parent
    """
    head: list[list[str]] = []
    reader = _Reader(transaction)
    for level in levels(transaction, head):
        answer = reader.read(level)
        if answer:
            reference = next((padded(each)[3] for each in head if each[0] == "BHT"), "")
            yield replace(answer, inquiry_reference=reference)


class _Reader:
    """Keeps the parties of the levels above."""

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._parties: dict[int, Party] = {}

    def _number(self, text: str, name: str, position: int, element: int) -> Decimal | None:
        if not text:
            return None
        found = number(text)
        if found is None:
            raise refuse(
                ELEMENT, "6", segment=name, position=position, number=self._set.start + position - 1, element=element
            )
        return found

    def _above(self, level: Level, code: str) -> Party | None:
        found = level.up(code)
        return self._parties.get(id(found)) if found else None

    def read(self, level: Level) -> EligibilityAnswer | None:
        """What one level says; ``None`` where it only names who is above."""
        person: Party | None = None
        traces: list[tuple[str, str]] = []
        dates: list = []
        benefits: list[Benefit] = []
        rejections: list[Rejection] = []
        inside = False  # between LS and LE stand the parties of a benefit
        for position, segment in enumerate(level.segments, level.start + 1):
            name = segment[0]
            values = padded(segment)
            if name == "NM1":
                if inside and benefits:
                    benefits[-1] = replace(benefits[-1], parties=(*benefits[-1].parties, party(segment)))
                elif person is None:
                    person = party(segment)
            elif name == "TRN":
                traces.append((values[2], values[3]))
            elif name == "AAA":
                rejections.append(Rejection(level.code, values[3], values[4], position))
            elif name == "EB":
                benefits.append(self._benefit(values, position))
            elif name in {"LS", "LE"}:
                inside = name == "LS"
            elif name == "DTP":
                when = (values[1], *period(values[2], values[3]))
                if benefits:
                    benefits[-1] = replace(benefits[-1], dates=(*benefits[-1].dates, when))
                else:
                    dates.append(when)
            elif benefits:
                benefits[-1] = _more(benefits[-1], values, inside)
            elif person:
                person = described(person, segment)
        if person:
            self._parties[id(level)] = person
        if level.code in {"20", "21"} and not rejections:
            return None
        if level.code == "22" and not (benefits or rejections or traces):
            return None
        return EligibilityAnswer(
            tuple(traces), self._above(level, "20"), self._above(level, "21"), self._above(level, "22"),
            self._above(level, "23"), tuple(benefits), tuple(rejections), tuple(dates),
        )  # fmt: skip

    def _benefit(self, values: list[str], at: int) -> Benefit:
        """EB."""
        marks = self._set.delimiters
        return Benefit(
            code=values[1], level=values[2],
            service_types=tuple(each for each in split(values[3], marks.repetition) if each),
            insurance_type=values[4], plan=values[5], period=values[6], amount=self._number(values[7], "EB", at, 7),
            percent=self._number(values[8], "EB", at, 8), quantity_type=values[9],
            quantity=self._number(values[10], "EB", at, 10), authorization_required=_YES.get(values[11]),
            in_network=_YES.get(values[12]), procedure=(values[13].split(marks.component) + [""])[1],
        )  # fmt: skip


def _more(benefit: Benefit, values: list[str], inside: bool) -> Benefit:
    """REF and MSG of a benefit, addresses of its parties."""
    if inside and benefit.parties:
        return replace(benefit, parties=(*benefit.parties[:-1], described(benefit.parties[-1], values)))
    if values[0] == "MSG":
        return replace(benefit, messages=(*benefit.messages, values[1]))
    if values[0] == "REF":
        return replace(benefit, references=(*benefit.references, (values[1], values[2])))
    return benefit
