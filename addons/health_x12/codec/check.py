"""Check the structure of a transaction set while it is read: what a 999 (005010X231A1) reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import ELEMENT, SEGMENT, Issue
from .layouts import LAYOUTS
from .patterns import elements_of, patterns
from .structure import OTHERS, SEGMENTS, Element
from .values import date, is_time, number

if TYPE_CHECKING:
    from .document import TransactionSet

_SEGMENT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}\Z")


class Checker:
    """Takes the segments between ST and SE and notes on the set what is wrong with them."""

    def __init__(self, transaction: TransactionSet):
        self._set = transaction
        self._layout = LAYOUTS[transaction.guide]
        self._component = transaction.delimiters.component
        self._repetition = transaction.delimiters.repetition
        self._missing = set(self._layout.required)
        self._seen: set[str] = set()
        self._open: dict[str, set[str]] = {}
        self._levels: dict[str, str] = {}
        self._under = self._layout.under or {}
        # What is worth more than a look, by segment id.
        self._marks = {each.partition("*")[0] for each in self._layout.required}
        for loop in self._layout.loops:
            self._marks |= {loop.start.partition("*")[0], *loop.ends}
            self._marks |= {each.partition("*")[0] for each in loop.required}
        self._marks |= {"HL", "BHT", *self._layout.once}
        self._elements_of = elements_of(transaction.guide)
        self._sound = patterns(transaction.guide, transaction.delimiters)
        self._settled: set[str] = set()
        self._hears = self._marks | set(self._under) | set(self._under.values())
        self._join = transaction.delimiters.element.join

    def feed(self, segment: list[str]) -> None:
        """Check one segment, in the order of the set."""
        name = segment[0]
        layout = self._layout
        if name not in layout.segments:
            known = name in SEGMENTS or name in OTHERS
            self._segment("2" if known else "1", name if _SEGMENT_ID.match(name) else "")
            return
        if self._set.position == 2 and name != layout.first:
            self._segment("3", layout.first)
            self._missing.discard(layout.first)
        if name in self._hears and name not in self._settled:
            self._place(name, segment)
            if name not in self._marks and (parent := self._under.get(name)) and parent in self._seen:
                self._settled.add(name)
        if (sound := self._sound.get(name)) and sound(self._join(segment)):
            return
        if elements := self._elements_of.get(name):
            self._elements(segment, elements)

    def end(self) -> None:
        """Check what had to come before SE."""
        for wanted in self._open.values():
            self._lacks(wanted)
        self._lacks(self._missing)

    def _lacks(self, wanted: set[str]) -> None:
        for each in sorted(wanted):
            name, _star, qualifier = each.partition("*")
            detail = f"Required segment is missing ({each})" if qualifier else ""
            self._segment("3", name, detail)

    def _segment(self, code: str, name: str, detail: str = "") -> None:
        place = self._set
        place.note(Issue(SEGMENT, code, name, place.position, place.start + place.position - 1, detail=detail))

    def _element(self, code: str, name: str, at: int, part: int = 0, repetition: int = 0, reference: str = "") -> None:
        place = self._set
        place.note(
            Issue(
                ELEMENT, code, name, place.position, place.start + place.position - 1, at, part, repetition, reference
            )
        )

    def _place(self, name: str, segment: list[str]) -> None:
        """Order, uses and loops."""
        layout = self._layout
        parent = self._under.get(name)
        if parent and parent not in self._seen:
            self._segment("7", name)
        if name in layout.once and name in self._seen:
            self._segment("5", name)
        self._seen.add(name)
        full = f"{name}*{segment[1]}" if len(segment) > 1 else name
        self._missing.discard(name)
        self._missing.discard(full)
        for loop in layout.loops:
            wanted = self._open.get(loop.start)
            if wanted is not None:
                if name in loop.ends:
                    self._lacks(wanted)
                    del self._open[loop.start]
                else:
                    wanted.discard(name)
                    wanted.discard(full)
            if loop.start in {name, full}:
                self._open[loop.start] = set(loop.required)
        if name == "HL" and layout.levels:
            self._level(segment)
        elif name == "BHT" and layout.structure:
            if len(segment) > 1 and segment[1] != layout.structure:
                self._element("7", "BHT", 1, reference="1005")
            if len(segment) > 2 and segment[2] not in layout.purposes:
                self._element("7", "BHT", 2, reference="353")

    def _level(self, segment: list[str]) -> None:
        """HL: the tree is numbered from 1, and each level hangs where the guide says."""
        values = segment + [""] * (5 - len(segment))
        if values[1] != str(len(self._levels) + 1):
            self._element("7", "HL", 1, reference="628")
        parents = self._layout.levels.get(values[3])
        if parents is None:
            if values[3]:
                self._element("7", "HL", 3, reference="735")
        elif parents:
            if self._levels.get(values[2]) not in parents:
                self._element("7" if values[2] else "2", "HL", 2, reference="734")
        elif values[2]:
            self._element("7", "HL", 2, reference="734")
        self._levels[values[1]] = values[3]

    def _elements(self, segment: list[str], elements: tuple[Element | None, ...]) -> None:
        name = segment[0]
        size = len(segment)
        for at, element in enumerate(elements, 1):
            value = segment[at] if at < size else ""
            if not value:
                if element is not None and element.required:
                    self._element("1", name, at, reference=element.reference)
            elif element is None:
                if not value.isprintable():
                    self._element("6", name, at)
            elif element.components:
                self._composite(name, at, value, element)
            elif element.repeats and self._repetition and self._repetition in value:
                for index, part in enumerate(value.split(self._repetition), 1):
                    self._simple(name, at, part, element, segment, repetition=index)
            else:
                self._simple(name, at, value, element, segment)
        if size > len(elements) + 1 and any(segment[len(elements) + 1 :]):
            self._element("3", name, len(elements) + 1)

    def _composite(self, name: str, at: int, value: str, element: Element) -> None:
        parts = value.split(self._component)
        for index, component in enumerate(element.components, 1):
            part = parts[index - 1] if index <= len(parts) else ""
            if not part:
                if component is not None and component.required:
                    self._element("1", name, at, index, reference=component.reference)
            elif component is not None:
                self._simple(name, at, part, component, parts, index)
        if len(parts) > len(element.components):
            self._element("13", name, at)

    def _simple(
        self, name: str, at: int, value: str, element: Element, segment: list[str], part: int = 0, repetition: int = 0
    ) -> None:
        kind = element.type
        length = len(value)
        code = ""
        if kind == "R":
            if number(value) is None:
                code = "6"
            elif length > element.most and len(value.replace("-", "").replace(".", "")) > element.most:
                code = "5"
        elif length > element.most:
            code = "5"
        elif length < element.least:
            code = "4"
        elif kind in {"AN", "ID"}:
            if not value.isprintable():
                code = "6"
            elif element.codes is not None and value not in element.codes:
                code = "7"
        elif kind == "N":
            if not (value.isascii() and value.isdigit()):
                code = "6"
        elif kind == "DT":
            code = "" if date(value) else "8"
        elif kind == "TM":
            code = "" if is_time(value) else "9"
        elif kind == "DP":
            code = _dated(segment[at - 1] if at > 1 else "", value)
        if code:
            self._element(code, name, at, part, repetition, element.reference)


def _dated(kind: str, value: str) -> str:
    """A date in the format that its qualifier names."""
    if kind == "D8":
        return "" if date(value) else "8"
    if kind == "RD8":
        first, dash, last = value.partition("-")
        return "" if dash and date(first) and date(last) else "8"
    if kind == "DT":
        return "" if date(value[:8]) and is_time(value[8:]) else "8"
    if kind == "TM":
        return "" if is_time(value) else "9"
    return ""
