"""Batches and files (HL7 v2.5.1 section 2.10.3): ``[FHS] { [BHS] { MSH … } [BTS] } [FTS]``.

Every header and trailer is optional. A count that is given must be right: a
wrong one means that something was lost on the way, so nothing of that body is
taken and the sender sends it again.
"""

import re
from dataclasses import dataclass, field

from .ack import control_id, now
from .errors import Hl7Error
from .grammar import Grammar, grammar
from .message import Segment

_STRUCTURE = re.compile(rb"(?:^|[\r\n])[\x0b\x1c \t]*(?:MSH|FHS|BHS|BTS|FTS)")
_MARKS = (b"BTS", b"FTS", b"BHS", b"FHS")
_BLANK = "\x0b\x1c \t"
#: Maps each byte to one character and back.
_BYTES = "iso8859-1"


@dataclass(slots=True)
class Batch:
    """Messages between one BHS and BTS; ``header`` is ``None`` for messages that stand alone."""

    header: Segment | None = None
    messages: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class File:
    """A body taken apart: batches in order, and the FHS segment if there was one."""

    header: Segment | None = None
    batches: list[Batch] = field(default_factory=list)

    @property
    def messages(self) -> list[bytes]:
        """All messages in order."""
        return [message for batch in self.batches for message in batch.messages]

    def frame(self, acknowledgements: list[bytes]) -> bytes:
        """Join the acknowledgements as the request was joined, empty ones left out."""
        answers = iter(acknowledgements)
        out = []
        for batch in self.batches:
            replies = [reply for reply in (next(answers, b"") for _message in batch.messages) if reply]
            if batch.header is None:
                out += replies
                continue
            rules = batch.header.grammar
            out.append(_opening("BHS", batch.header))
            out += replies
            out.append(_line(rules, "BTS", str(len(replies))))
        if self.header is not None:
            rules = self.header.grammar
            out.insert(0, _opening("FHS", self.header))
            out.append(_line(rules, "FTS", str(len(self.batches))))
        return b"".join(out)


def is_batch(body: bytes) -> bool:
    """Whether a body is more than one bare message; looks only at where segments begin."""
    if body.startswith(b"MSH") and body.find(b"MSH", 3) < 0:
        for mark in _MARKS:
            if mark in body:
                break
        else:
            return False
    found = _STRUCTURE.findall(body.removeprefix(b"\xef\xbb\xbf"))
    return len(found) > 1 or (len(found) == 1 and not found[0].endswith(b"MSH"))


def take_apart(body: bytes) -> File:
    """Split a body into its messages, byte for byte: each is read in its own character set.

    :raises Hl7Error: segments outside of a message, headers out of order, wrong counts
    """
    state = _Assembly()
    for line in _text(body).replace("\n", "\r").split("\r"):
        state.take(line.lstrip(_BLANK))
    return state.finish()


def opening_header(body: bytes) -> Segment | None:
    """Return the FHS or BHS that a body begins with, for the answer to a broken batch."""
    if b"BHS" not in body[:64] and b"FHS" not in body[:64]:
        return None
    try:
        return _segment(_text(body).lstrip(_BLANK + "\r\n").partition("\r")[0].partition("\n")[0])
    except Hl7Error:
        return None


def _text(body: bytes) -> str:
    return body.removeprefix(b"\xef\xbb\xbf").decode(_BYTES)


class _Assembly:
    """Goes through the segments of a file and keeps what belongs together."""

    def __init__(self):
        self.file = File()
        self.batch = None
        self.lines = None
        self.line_number = 0
        self.ended = False

    def take(self, line: str) -> None:
        """Add the next line; blank ones are passed over."""
        self.line_number += 1
        if not line:
            return
        name = line[:3]
        handler = getattr(self, f"_{name.lower()}", None) if name in ("MSH", "FHS", "BHS", "BTS", "FTS") else None
        if self.ended:
            raise Hl7Error("100", "Something follows the end of the file", "FTS")
        if handler:
            handler(line)
        elif self.lines is None:
            raise Hl7Error("100", "A segment stands outside of a message", f"line {self.line_number}")
        else:
            self.lines.append(line)

    def finish(self) -> File:
        """Return the file; what has no trailer ends here."""
        self._close_message()
        return self.file

    def _fhs(self, line):
        if self.file.header is not None or self.file.batches or self.lines is not None:
            raise Hl7Error("100", "A file header stands inside the file", "FHS")
        self.file.header = _segment(line)

    def _bhs(self, line):
        self._close_message()
        if self.batch is not None and self.batch.header is not None:
            raise Hl7Error("100", "A batch begins inside a batch", "BHS")
        self.batch = Batch(_segment(line))
        self.file.batches.append(self.batch)

    def _msh(self, line):
        self._close_message()
        if self.batch is None:
            self.batch = Batch()
            self.file.batches.append(self.batch)
        self.lines = [line]

    def _bts(self, line):
        self._close_message()
        if self.batch is None:
            raise Hl7Error("100", "A batch ends that did not begin", "BTS")
        self._check_count(line, len(self.batch.messages), "BTS")
        self.batch = None

    def _fts(self, line):
        self._close_message()
        self.batch = None
        self._check_count(line, len(self.file.batches), "FTS")
        self.ended = True

    def _close_message(self):
        if self.lines is not None:
            self.batch.messages.append(("\r".join(self.lines) + "\r").encode(_BYTES))
            self.lines = None

    def _check_count(self, line, actual, name):
        separator = line[3:4]
        said = line.split(separator)[1].strip() if separator else ""
        if said and said != '""' and not (said.isascii() and said.isdigit() and int(said[:9]) == actual):
            what = "messages" if name == "BTS" else "batches"
            raise Hl7Error("102", f"The number of {what} differs from the count", f"{name}-1")


def _segment(line: str) -> Segment | None:
    if line[:3] not in ("FHS", "BHS"):
        return None
    separator = line[3:4]
    return Segment(line[:3], line, grammar(separator, line[4:].partition(separator)[0] if separator else "", _BYTES))


def _line(rules: Grammar, *fields: str) -> bytes:
    return (rules.field.join(fields) + "\r").encode(rules.codec, "replace")


def _opening(name: str, header: Segment) -> bytes:
    """Answering BHS or FHS: sender and receiver swapped, their control id as reference (field 12)."""
    return _line(
        header.grammar,
        name,
        header.grammar.encoding_characters,
        header[5],
        header[6],
        header[3],
        header[4],
        now(),
        "",
        "",
        "",
        control_id(),
        header[11],
    )
