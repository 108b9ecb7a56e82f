"""The envelope: interchanges, functional groups and transaction sets of a file, one set at a time.

005010 appendix C: ISA13 = IEA02, GS06 = GE02, ST02 = SE02, counts in IEA01, GE01 and SE01.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from .check import Checker
from .errors import GROUP, INTERCHANGE, SET, Issue
from .guides import GROUPS, guide
from .tokenizer import Delimiters, Tokens
from .values import is_date, is_time

_ENVELOPE = frozenset(("ISA", "IEA", "GS", "GE", "ST", "SE", "TA1"))
#: Findings kept of one transaction set; a 999 has no use for more.
MOST_ISSUES = 100


@dataclass
class Interchange:
    """ISA to IEA; ``issues`` is complete once its last set was read."""

    sender_qualifier: str
    sender: str
    receiver_qualifier: str
    receiver: str
    date: str
    time: str
    version: str
    control_number: str
    acknowledgment_requested: bool
    usage: str
    delimiters: Delimiters
    number: int
    groups: list[Group] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    acknowledgments: list[list[str]] = field(default_factory=list)  #: TA1 segments that it carries
    closed: bool = False

    @property
    def refused(self) -> bool:
        """Whether nothing of it may be used."""
        return any(not issue.warning for issue in self.issues)


@dataclass
class Group:
    """GS to GE."""

    interchange: Interchange
    code: str
    sender: str
    receiver: str
    date: str
    time: str
    control_number: str
    version: str
    number: int
    sets: list[TransactionSet] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    stated_sets: int | None = None
    closed: bool = False


class TransactionSet:
    """ST to SE. Iterate over it once to get its segments; what is not taken is skipped.

    :ivar guide: ``837P``, ``835``…, empty when the guide is not spoken here
    :ivar position: number of the segment given last; ST is 1
    :ivar issues: complete when the iteration is
    """

    def __init__(self, group: Group, header: list[str], tokens: _Tape, check: bool):
        self.group = group
        self.set_id = header[1] if len(header) > 1 else ""
        self.control_number = header[2] if len(header) > 2 else ""
        self.convention = header[3] if len(header) > 3 else ""
        self.guide = guide(self.set_id, self.convention or group.version)
        self.delimiters = group.interchange.delimiters
        self.start = tokens.number
        self.position = 1
        self.issues: list[Issue] = []
        self.done = False
        self._tape = tokens
        self._check = check
        self._iterator = self._read()

    @property
    def accepted(self) -> bool:
        """Whether nothing was found that refuses it; final once it was read to the end."""
        return not any(not issue.warning for issue in self.issues)

    def note(self, issue: Issue) -> None:
        """Add a finding, up to as many as anybody reads."""
        if len(self.issues) < MOST_ISSUES:
            self.issues.append(issue)

    def __iter__(self) -> Iterator[list[str]]:
        return self._iterator

    def drain(self) -> None:
        """Read what is left, so that counts and structure are checked."""
        for _segment in self._iterator:
            pass

    def _read(self) -> Iterator[list[str]]:
        checker = Checker(self) if self._check and self.guide else None
        feed = checker.feed if checker else None
        if self._check:
            self._head()
        for segment in self._tape.straight():
            self.position += 1
            if segment[0] in _ENVELOPE:
                if segment[0] == "SE":
                    if checker:
                        checker.end()
                    self._trailer(segment)
                else:
                    self.note(self._issue("2", "SE"))
                    self._tape.back(segment)
                    self.position -= 1
                self.done = True
                return
            if feed:
                feed(segment)
            yield segment
        self.note(self._issue("2", "SE"))
        self.done = True

    def _issue(self, code: str, segment: str, detail: str = "", element: int = 0) -> Issue:
        number = self._tape.number
        return Issue(SET, code, segment, position=self.position, number=number, element=element, detail=detail)

    def _head(self) -> None:
        known = self.guide
        if not known:
            self.note(
                self._issue("I6", "ST", "The implementation guide is not spoken here", 3)
                if self.set_id.isdigit()
                else self._issue("1", "ST", element=1)
            )
        elif not self._fits():
            self.note(self._issue("18", "ST", element=1))
        if self.convention and self.convention != self.group.version:
            self.note(self._issue("19", "ST", "ST03 differs from GS08", 3))
        if not 4 <= len(self.control_number) <= 9 or not self.control_number.isalnum():
            self.note(self._issue("7", "ST", element=2))

    def _fits(self) -> bool:
        from .guides import GUIDES

        return any(name == self.guide and code == self.group.code for name, code in GUIDES.values())

    def _trailer(self, segment: list[str]) -> None:
        count = segment[1] if len(segment) > 1 else ""
        control = segment[2] if len(segment) > 2 else ""
        if control != self.control_number:
            self.note(self._issue("3", "SE", element=2))
        if not _counts(count, self.position):
            self.note(self._issue("4", "SE", f"SE01 does not say the {self.position} segments that came", 1))


class _Tape:
    """Tokens with a step back."""

    def __init__(self, tokens: Tokens):
        self.tokens = tokens
        self._iterator = iter(tokens)
        self._back: list[str] | None = None

    @property
    def number(self) -> int:
        return self.tokens.number

    def back(self, segment: list[str]) -> None:
        self._back = segment

    def straight(self) -> Iterator[list[str]]:
        """The segments without the way back in between: only for who never takes two after one was given back."""
        return self._iterator if self._back is None else self

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        if self._back is not None:
            segment, self._back = self._back, None
            return segment
        return next(self._iterator)


def _counts(text: str, count: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) == count


class Document:
    """A file as transaction sets, read in one pass.

    ``for transaction in Document(file).sets(): …``; when a set was read, its ``issues`` say
    whether it is accepted; when the iteration is over, ``interchanges`` has the whole outcome
    (``ack.acknowledge`` answers it). Segments, not bytes, are what stays in memory: one at a time.

    :param source: ``bytes`` or a binary file
    :param check: also check the structure of what comes, by the guide
    """

    def __init__(self, source: bytes | BinaryIO, *, check: bool = True):
        self._tokens = Tokens(source)
        self._tape = _Tape(self._tokens)
        self._check = check
        self.interchanges: list[Interchange] = []
        self._interchange: Interchange | None = None
        self._group: Group | None = None

    @property
    def issues(self) -> list[Issue]:
        """Findings outside of the interchanges."""
        return self._tokens.issues

    def read(self) -> Document:
        """Read to the end for the structure alone.

        :raises X12Error: see :meth:`sets`
        """
        for _transaction in self.sets():
            pass
        return self

    def sets(self) -> Iterator[TransactionSet]:
        """Every transaction set.

        :raises X12Error: where the file stops being X12; sets given before stay good
        """
        for segment in self._tape:
            name = segment[0]
            if name == "ST":
                yield from self._set(segment)
            elif name == "GS":
                self._close_group()
                self._open_group(segment)
            elif name == "GE":
                self._end_group(segment)
            elif name == "ISA" and len(segment) == 17:
                self._close()
                self._open(segment)
            elif name == "IEA":
                self._end(segment)
            elif name == "TA1" and self._interchange and not self._group:
                self._interchange.acknowledgments.append(segment)
            else:
                self._stray(segment)
        self._close()

    def _set(self, segment: list[str]) -> Iterator[TransactionSet]:
        if not self._group:
            self._stray(segment)
            return
        transaction = TransactionSet(self._group, segment, self._tape, self._check)
        if any(other.control_number == transaction.control_number for other in self._group.sets[-1:]) or (
            len(self._group.sets) > 1 and transaction.control_number in self._controls
        ):
            transaction.note(Issue(SET, "23", "ST", position=1, number=self._tape.number, element=2))
        self._controls.add(transaction.control_number)
        self._group.sets.append(transaction)
        yield transaction
        transaction.drain()

    def _stray(self, segment: list[str]) -> None:
        """A segment outside of every transaction set."""
        if self._interchange and len(self._interchange.issues) < MOST_ISSUES:
            name = segment[0][:3]
            self._interchange.issues.append(
                Issue(
                    INTERCHANGE, "022", name if name.isalnum() and name.isascii() else "",
                    number=self._tape.number, detail="A segment stands outside of its envelope",
                )
            )  # fmt: skip

    def _open(self, segment: list[str]) -> None:
        values = [value.strip() for value in segment]
        interchange = Interchange(
            values[5], values[6], values[7], values[8], values[9], values[10], values[12], values[13],
            values[14] == "1", values[15], self._tokens.delimiters, self._tape.number,
        )  # fmt: skip
        self.interchanges.append(interchange)
        self._interchange = interchange

        def note(code, element, warning=False, detail=""):
            interchange.issues.append(
                Issue(
                    INTERCHANGE, code, "ISA", number=interchange.number, element=element, detail=detail, warning=warning
                )
            )

        if interchange.version != "00501":
            note("003", 12)
        if len(interchange.control_number) != 9 or not _digits(interchange.control_number):
            note("018", 13)
        if not is_date(interchange.date, 6):
            note("014", 9)
        if not is_time(interchange.time):
            note("015", 10)
        if interchange.usage not in {"P", "T"}:
            note("020", 15)
        if not self._tokens.delimiters.repetition:
            note("022", 11, True, "ISA11 names no repetition separator")

    def _open_group(self, segment: list[str]) -> None:
        if not self._interchange or self._interchange.closed:
            self._stray(segment)
            return
        values = segment + [""] * (9 - len(segment))
        group = Group(self._interchange, *values[1:7], values[8], self._tape.number)
        if not _digits(group.control_number) or len(group.control_number) > 9:
            group.issues.append(self._group_issue("6", "GS", 6))
        if any(other.control_number == group.control_number for other in self._interchange.groups):
            group.issues.append(self._group_issue("19", "GS", 6))
        if group.code not in GROUPS:
            group.issues.append(self._group_issue("1", "GS", 1))
        elif not group.version.startswith("005010"):
            group.issues.append(self._group_issue("2", "GS", 8))
        self._interchange.groups.append(group)
        self._group = group
        self._controls: set[str] = set()

    def _group_issue(self, code: str, segment: str, element: int = 0) -> Issue:
        return Issue(GROUP, code, segment, number=self._tape.number, element=element)

    def _end_group(self, segment: list[str]) -> None:
        group = self._group
        if not group:
            self._stray(segment)
            return
        values = segment + [""] * (3 - len(segment))
        if values[2] != group.control_number:
            group.issues.append(self._group_issue("4", "GE", 2))
        if not _counts(values[1], len(group.sets)):
            group.issues.append(self._group_issue("5", "GE", 1))
        if _digits(values[1]) and len(values[1]) <= 6:
            group.stated_sets = int(values[1])
        group.closed = True
        self._group = None

    def _close_group(self) -> None:
        if self._group:
            self._group.issues.append(self._group_issue("3", "GE"))
            self._group = None

    def _end(self, segment: list[str]) -> None:
        self._close_group()
        interchange = self._interchange
        if not interchange or interchange.closed:
            return
        values = segment + [""] * (3 - len(segment))
        if values[2].strip() != interchange.control_number:
            interchange.issues.append(Issue(INTERCHANGE, "001", "IEA", number=self._tape.number, element=2))
        count = len(interchange.groups)
        if not _counts(values[1].strip(), count) and not (count == 0 and interchange.acknowledgments):
            interchange.issues.append(Issue(INTERCHANGE, "021", "IEA", number=self._tape.number, element=1))
        interchange.closed = True

    def _close(self) -> None:
        self._close_group()
        if self._interchange and not self._interchange.closed:
            self._interchange.issues.append(
                Issue(INTERCHANGE, "023", "IEA", number=self._tape.number, detail="IEA is missing")
            )
            self._interchange.closed = True
        self._interchange = None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
