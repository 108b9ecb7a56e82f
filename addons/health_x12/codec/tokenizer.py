"""Bytes to segments, a block at a time (005010 appendix B, "Interchange control structures")."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .errors import INTERCHANGE, Issue, refuse

BLOCK = 1 << 16
#: Longer than any real segment; what has no terminator up to here is not X12.
LONGEST = 1 << 18
_BLANK = b" \t\r\n\x00\x1a\x0b\x0c"
_BREAKS = b"\r\n"
#: Where the 16 element separators of ISA stand.
_ISA_PLACES = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)


@dataclass(frozen=True)
class Delimiters:
    """The separators of one interchange; ``repetition`` is empty where ISA11 names none."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"

    @property
    def all(self) -> str:
        """Every character that no value may have."""
        return self.element + self.component + self.repetition + self.segment


class Tokens:
    """The segments of a file as lists of elements, the segment id first; ISA sets the separators anew.

    Line breaks are ignored wherever they are, unless they are the segment terminator.

    :param source: ``bytes`` or a binary file, read in blocks
    :ivar delimiters: those of the current interchange
    :ivar number: of the segment that was given last, counted through the file
    :ivar issues: data between interchanges
    """

    def __init__(self, source: bytes | BinaryIO):
        self._file = io.BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
        self._buffer = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self.delimiters = Delimiters()
        self.number = 0
        self.issues: list[Issue] = []

    def _more(self) -> bool:
        """Add a block to the buffer; byte order marks go."""
        block = self._file.read(BLOCK)
        if not self._begun and block:
            self._begun = True
            while len(block) < 3 and (rest := self._file.read(3)):
                block += rest
            if block[:3] == codecs.BOM_UTF8:
                block = block[3:]
                if not block:
                    return self._more()
            elif block[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
                self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        if not block:
            return False
        if self._decoder:
            # A lone surrogate cannot come out of "replace"; what is outside of ASCII goes on as UTF-8.
            block = self._decoder.decode(block).encode("utf-8")
        self._buffer += block
        return True

    def _to_header(self) -> bool:
        """Move the buffer to the next ISA; False at the end of the file."""
        while True:
            self._buffer = self._buffer.lstrip(_BLANK)
            if len(self._buffer) >= 9 or not self._more():
                break
        if not self._buffer:
            return False
        if self._buffer[:9].translate(None, _BREAKS)[:3] == b"ISA":
            return True
        if not self.number:
            raise refuse(INTERCHANGE, "022", "The file does not begin with ISA", number=1)
        self.issues.append(
            Issue(INTERCHANGE, "022", detail="Data follow IEA that are no interchange", number=self.number + 1)
        )
        while (at := self._buffer.find(b"ISA")) < 0:
            self._buffer = self._buffer[-2:]
            if not self._more():
                self._buffer = b""
                return False
        self._buffer = self._buffer[at:]
        return True

    def _header(self) -> list[str]:
        """Take ISA from the buffer: its 106 characters name the separators."""
        while len(self._buffer) < 4 * 106 and self._more():
            pass
        where = {"segment": "ISA", "number": self.number + 1}
        taken, end = bytearray(), 0
        for byte in self._buffer:
            end += 1
            if byte not in _BREAKS:
                taken.append(byte)
                if len(taken) == 105:
                    break
        if len(taken) < 105:
            raise refuse(INTERCHANGE, "023", "The file ends inside of ISA", **where)
        separator = taken[3]
        if any(taken[place] != separator for place in _ISA_PLACES):
            raise refuse(INTERCHANGE, "026", "ISA must have 106 characters, its separators at fixed places", **where)
        if taken.count(separator) != 16:
            raise refuse(INTERCHANGE, "022", "ISA must have 16 elements", **where)
        rest = self._buffer[end:]
        if not rest:
            raise refuse(INTERCHANGE, "023", "The file ends before the segment terminator of ISA", **where)
        after = rest.lstrip(_BREAKS)
        if rest[:1] in {b"\r", b"\n"} and (after[:2] in {b"GS", b"IE", b"TA"} or not after):
            terminator = rest[:1]
            self._buffer = rest[1:]
        else:
            terminator = after[:1]
            self._buffer = after[1:]
        header = taken.decode("latin-1")
        repetition = header[82]
        self.delimiters = Delimiters(
            header[3], header[104], "" if repetition.isalnum() else repetition, terminator.decode("latin-1")
        )
        self._sound(where)
        self.number += 1
        return header.split(header[3])

    def _sound(self, where: dict) -> None:
        """Separators are single, different ASCII characters that no text needs."""
        found = self.delimiters
        for code, char in (("026", found.element), ("027", found.component), ("004", found.segment)):
            if not char.isascii() or char.isalnum() or char in " \0":
                raise refuse(INTERCHANGE, code, "A separator is a letter, a digit or a blank", **where)
        if not found.repetition.isascii() or found.repetition in {" ", "\0"}:
            raise refuse(INTERCHANGE, "022", "ISA11 is no separator", element=11, **where)
        if len(set(found.all)) != len(found.all):
            raise refuse(INTERCHANGE, "022", "Two separators are the same", **where)

    def _content(self) -> Iterator[bytes]:
        """The rest of the current interchange without line breaks, in blocks of whole segments."""
        terminator = self.delimiters.segment.encode()
        element = re.escape(self.delimiters.element.encode())
        escaped = re.escape(terminator)
        breaks = _BREAKS.replace(terminator, b"")
        gap = b"[" + breaks + b"]*"
        # The trailer, also with line breaks inside, or the next header where the trailer is missing.
        edge = re.compile(
            rb"(?:\A|" + escaped + rb")\s*(?:(I" + gap + b"E" + gap + b"A" + gap + element + rb")"
            rb"|I" + gap + b"S" + gap + b"A" + gap + rb"[^\w\s])"
        )
        while True:
            cut = self._buffer.rfind(terminator) + 1
            if not cut:
                if len(self._buffer) > LONGEST:
                    raise refuse(
                        INTERCHANGE, "004", "A segment has no end within its longest length", number=self.number + 1
                    )
                if self._more():
                    continue
                if not self._buffer.strip(_BLANK):
                    self._buffer = b""
                    return
                # The file ends without a terminator.
                cut = len(self._buffer)
            block = self._buffer[:cut]
            clean = block.translate(None, breaks)
            found = edge.search(block) if b"IEA" in clean or b"ISA" in clean else None
            if found:
                if found[1]:
                    end = block.find(terminator, found.end()) + 1 or cut
                else:
                    end = found.start() + (block[found.start() : found.start() + 1] == terminator)
                yield block[:end].translate(None, breaks)
                self._buffer = self._buffer[end:]
                return
            self._buffer = self._buffer[cut:]
            yield clean

    def __iter__(self) -> Iterator[list[str]]:
        """Give every segment.

        :raises X12Error: where the file stops being X12
        """
        while self._to_header():
            yield self._header()
            terminator, separator = self.delimiters.segment, self.delimiters.element
            for block in self._content():
                try:
                    text = block.decode()
                except UnicodeDecodeError:
                    text = block.decode("latin-1")
                for raw in text.split(terminator):
                    if raw > "!":
                        self.number += 1
                        yield raw.split(separator)
                    elif clean := raw.lstrip(" \t\r\n\0\x1a"):
                        self.number += 1
                        yield clean.split(separator)


def segments(source: bytes | BinaryIO) -> Iterator[list[str]]:
    """All segments of a file, for tools and tests; use :class:`.document.Document` to read one."""
    return iter(Tokens(source))


def split(value: str, delimiter: str) -> list[str]:
    """Split an element; nothing splits where the delimiter is not used."""
    return value.split(delimiter) if delimiter else [value]
