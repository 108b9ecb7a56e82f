"""One regular expression per segment for what is surely right; what does not match is looked at element by element.

Nearly every segment of a real file is right: this keeps the check of a big file cheap. An expression may be narrower
than the rules (it then only costs time), never wider.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from .structure import SEGMENTS, Element
from .tokenizer import Delimiters

_DATE = "(?:19|20)[0-9]{2}(?:(?:0[1-9]|1[0-2])(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13578]|1[02])(?:29|30|31)|(?:0[469]|11)(?:29|30))"
_TIME = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"


@cache
def elements_of(guide: str) -> dict[str, tuple[Element | None, ...]]:
    """The elements of the segments of one guide."""
    found = {name: elements for name, elements in SEGMENTS.items() if ":" not in name}
    for name, elements in SEGMENTS.items():
        of, colon, segment = name.partition(":")
        if colon and of == guide:
            found[segment] = elements
    return found


@lru_cache(64)
def patterns(guide: str, delimiters: Delimiters) -> dict[str, Callable]:
    """Segment id to a function that takes the segment as text and says whether it is surely right."""
    found = {}
    for name, elements in elements_of(guide).items():
        if any(each is not None and each.type == "DP" for each in elements):
            continue  # depends on the element before it
        found[name] = re.compile(name + _sequence(elements, delimiters.element, delimiters, True)).fullmatch
    return found


def _sequence(elements: tuple[Element | None, ...], separator: str, delimiters: Delimiters, leading: bool) -> str:
    """Elements or components: those after the last required one may be left away."""
    mark = re.escape(separator)
    tail = ""
    for at in range(len(elements) - 1, -1, -1):
        each = elements[at]
        needed = any(later is not None and later.required for later in elements[at:])
        pattern = _element(each, delimiters)
        if each is None or not each.required:
            pattern = f"(?:{pattern})?"
        tail = (mark if leading or at else "") + pattern + tail
        if not needed:
            tail = f"(?:{tail})?"
    return tail


def _element(element: Element | None, delimiters: Delimiters) -> str:
    """One value that is there."""
    text = "[" + "".join(re.escape(char) for char in map(chr, range(32, 127)) if char not in delimiters.all) + "]"
    if element is None:
        return f"{text}*"
    if element.components:
        return _sequence(element.components, delimiters.component, delimiters, False)
    if element.codes is not None:
        return "(?:" + "|".join(map(re.escape, sorted(element.codes))) + ")"
    if element.type == "R":
        return (
            f"-?[0-9]{{1,{element.most - 4}}}(?:\\.[0-9]{{1,4}})?" if element.most > 8 else f"[0-9]{{1,{element.most}}}"
        )
    if element.type == "N":
        return f"[0-9]{{{element.least},{element.most}}}"
    if element.type == "DT":
        return _DATE
    if element.type == "TM":
        return _TIME
    return f"{text}{{{element.least},{element.most}}}"
