"""Messages, segments and fields, split no further than somebody asks.

A message is cut into segments when it is read; a segment into fields when one
of them is read for the first time. Field numbers are HL7's: ``segment[3]`` of a
PID is PID-3, and MSH-1 is the field separator itself.
"""

import re

from .charsets import decode
from .errors import Hl7Error
from .grammar import Grammar, grammar

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_USUAL = frozenset(
    "MSH EVN PID PD1 NK1 PV1 PV2 ROL DB1 OBX AL1 DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2 PDA MRG FT1 ORC OBR NTE "
    "SFT ARV PRT IAM MSA ERR".split()
)
DELETE = '""'


class Segment:
    """One segment; indexing gives the raw field, ``""`` when it is absent."""

    __slots__ = ("_fields", "grammar", "line", "name")

    def __init__(self, name: str, line: str, rules: Grammar):
        self.name = name
        self.line = line
        self.grammar = rules
        self._fields = None

    @property
    def fields(self) -> list[str]:
        """Raw fields; position 0 is the name."""
        fields = self._fields
        if fields is None:
            fields = self.line.split(self.grammar.field)
            if self.name in ("MSH", "BHS", "FHS"):
                fields.insert(1, self.grammar.field)
            self._fields = fields
        return fields

    def __getitem__(self, number: int) -> str:
        fields = self._fields or self.fields
        return fields[number] if number < len(fields) else ""

    def value(self, number: int, component: int = 1, subcomponent: int = 1, repetition: int = 1) -> str:
        """Return one decoded, stripped value, ``""`` when absent.

        All numbers count from 1, as in the standard's ``PID-3.4.1``.
        """
        raw = self[number]
        if raw.isalnum():  # no separator is alphanumeric: nothing to split or to decode
            return raw if component == subcomponent == repetition == 1 else ""
        if not raw:
            return ""
        rules = self.grammar
        for parts, position in (
            (rules.repetitions, repetition),
            (rules.components, component),
            (rules.subcomponents, subcomponent),
        ):
            pieces = parts(raw)
            if position > len(pieces):
                return ""
            raw = pieces[position - 1]
        return rules.decode(raw).strip()

    def tree(self) -> list:
        """Return every field as repetitions of components of decoded sub-components, from field 1 on.

        MSH-1 and MSH-2 (and those of FHS and BHS) are left out: they are the grammar.
        """
        rules = self.grammar
        first = 3 if self.name in ("MSH", "BHS", "FHS") else 1
        return [
            [
                [[rules.decode(leaf) for leaf in rules.subcomponents(part)] for part in rules.components(repetition)]
                for repetition in rules.repetitions(field)
            ]
            for field in self.fields[first:]
        ]


class Message:
    """A message that was read; ``header`` is its MSH segment."""

    __slots__ = ("grammar", "header", "segments")

    def __init__(self, header: Segment, segments: list[Segment]):
        self.header = header
        self.grammar = header.grammar
        self.segments = segments

    def first(self, name: str) -> Segment | None:
        """Return the first segment of that name."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        return None

    def all(self, name: str) -> list[Segment]:
        """Return all segments of that name."""
        return [segment for segment in self.segments if segment.name == name]

    def encode(self) -> bytes:
        """Return the message as bytes, built anew from its decoded values."""
        return encode([(segment.name, segment.tree()) for segment in self.segments], self.grammar)


def encode(segments: list[tuple[str, list]], rules: Grammar) -> bytes:
    """Build a message from ``(segment name, fields as Segment.tree() gives them)``.

    Reading the result gives the same tree again.
    """
    lines = []
    for name, fields in segments:
        encoded = [
            rules.repetition.join(
                rules.component.join(rules.subcomponent.join(map(rules.encode, part)) for part in repetition)
                for repetition in field
            )
            for field in fields
        ]
        head = [name, rules.encoding_characters] if name in ("MSH", "BHS", "FHS") else [name]
        lines.append(rules.field.join(head + encoded))
    return ("\r".join(lines) + "\r").encode(rules.codec)


def read_header(text: str, codec: str = "utf-8") -> Segment:
    """Read the MSH segment that a text begins with.

    :raises Hl7Error: no MSH, or unusable separators
    """
    if text[:3] != "MSH":
        raise Hl7Error("100", "The message does not begin with an MSH segment", "MSH", "AR")
    line = text.partition("\r")[0].partition("\n")[0]
    field = line[3:4]
    if not field:
        raise Hl7Error("102", "The MSH segment is empty", "MSH-1", "AR")
    return Segment("MSH", line, grammar(field, line[4:].partition(field)[0], codec.removesuffix("-sig")))


def read_message(header: Segment, text: str) -> Message:
    """Cut a text into segments.

    :param header: what :func:`read_header` gave for the same text
    :raises Hl7Error: a line that is no segment, or a second MSH
    """
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    rules = header.grammar
    field = rules.field
    segments = [header]
    number = 0
    for line in text.split("\r"):
        number += 1
        name = line[:3]
        if name in _USUAL and line[3:4] == field:
            if name == "MSH" and number == 1:
                continue
        elif not line or line.isspace():
            continue
        elif not _NAME.fullmatch(name) or line[3:4] not in ("", field) or name in ("FHS", "BHS", "FTS", "BTS"):
            raise Hl7Error("100", f"Line {number} is not a segment of a message", f"line {number}")
        if name == "MSH":
            raise Hl7Error("100", "A second message begins inside the message", "MSH[2]")
        segments.append(Segment(name, line, rules))
    return Message(header, segments)


def parse(body: bytes, content_type: str = "") -> Message:
    """Read one message.

    :param body: the bytes as they came, MLLP framing and BOM tolerated
    :param content_type: the HTTP Content-Type, whose charset wins over MSH-18
    :raises Hl7Error: anything that cannot be read
    """
    text, codec = decode(body, content_type)
    return read_message(read_header(text, codec), text)
