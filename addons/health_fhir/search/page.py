"""What a search gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..address import Row
from ..codec.issues import Issue


@dataclass(slots=True)
class Page:
    """One page of a search.

    :ivar matches: the resources found, in order
    :ivar includes: those that ``_include`` and ``_revinclude`` add, without the matches
    :ivar next_cursor: value of ``_cursor`` for the next page, ``""`` on the last
    :ivar total: number of all matches, ``None`` when it was not asked for and is not known
    :ivar issues: warnings for an entry of mode ``outcome``
    """

    matches: list[Row] = field(default_factory=list)
    includes: list[Row] = field(default_factory=list)
    next_cursor: str = ""
    total: int | None = None
    issues: list[Issue] = field(default_factory=list)
