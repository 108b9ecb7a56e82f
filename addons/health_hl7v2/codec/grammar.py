"""Separators and escape sequences (HL7 v2 chapter 2, "Message construction rules")."""

from functools import lru_cache

from .errors import Hl7Error

DEFAULT = ("|", "^", "~", "\\", "&", "")
_NO_SEPARATOR = set('\r\n\0"\x0b\x1c ')
#: First letters of sequences that are whole even when this codec does not interpret them.
_OPAQUE = set("CMZX.HN")


class Grammar:
    """The separators of one message and how its text is escaped.

    A separator that the sender leaves out of MSH-2 is ``""`` and splits nothing.

    :ivar truncation: fifth encoding character, from version 2.7
    :ivar codec: Python codec of the message, for hexadecimal escapes
    """

    __slots__ = (
        "_escape_table",
        "_letters",
        "codec",
        "component",
        "escape",
        "field",
        "repetition",
        "subcomponent",
        "truncation",
    )

    def __init__(self, field, component, repetition, escape, subcomponent, truncation, codec):
        self.field = field
        self.component = component
        self.repetition = repetition
        self.escape = escape
        self.subcomponent = subcomponent
        self.truncation = truncation
        self.codec = codec
        letters = {"F": field, "S": component, "R": repetition, "E": escape, "T": subcomponent, "P": truncation}
        self._letters = {letter: char for letter, char in letters.items() if char}
        table = {}
        if escape:
            table = {ord(char): f"{escape}{letter}{escape}" for letter, char in self._letters.items()}
            for control in "\r\x0b\x1c":
                table[ord(control)] = f"{escape}X{control.encode(codec).hex().upper()}{escape}"
            table[10] = f"{escape}.br{escape}"
        self._escape_table = table

    @property
    def encoding_characters(self) -> str:
        """MSH-2."""
        return f"{self.component}{self.repetition}{self.escape}{self.subcomponent}{self.truncation}"

    def repetitions(self, field: str) -> list[str]:
        """Split a raw field."""
        return field.split(self.repetition) if self.repetition else [field]

    def components(self, repetition: str) -> list[str]:
        """Split one raw repetition."""
        return repetition.split(self.component) if self.component else [repetition]

    def subcomponents(self, component: str) -> list[str]:
        """Split a raw component."""
        return component.split(self.subcomponent) if self.subcomponent else [component]

    def encode(self, text: str) -> str:
        """Escape a text so that it stands as one sub-component."""
        return text.translate(self._escape_table)

    def decode(self, raw: str) -> str:
        """Resolve the escape sequences of a raw sub-component; what is not known stays as text."""
        escape = self.escape
        if not escape or escape not in raw:
            return raw
        out = []
        position = 0
        while True:
            start = raw.find(escape, position)
            end = raw.find(escape, start + 1) if start >= 0 else -1
            if end < 0:
                out.append(raw[position:])
                return "".join(out)
            out.append(raw[position:start])
            sequence = raw[start + 1 : end]
            value = self._sequence(sequence)
            if value is not None:
                out.append(value)
                position = end + 1
            elif sequence[:1] in _OPAQUE:
                out.append(raw[start : end + 1])
                position = end + 1
            else:
                # A stray escape character: what closes it may open a true sequence.
                out.append(raw[start:end])
                position = end

    def _sequence(self, sequence: str) -> str | None:
        if sequence in self._letters:
            return self._letters[sequence]
        kind = sequence[:1]
        if kind in ("H", "N") and len(sequence) == 1:
            return ""
        if kind == "X":
            return self._hexadecimal(sequence[1:])
        if kind == ".":
            return _formatting(sequence[1:])
        return None

    def _hexadecimal(self, digits: str) -> str | None:
        try:
            text = bytes.fromhex(digits).decode(self.codec)
        except (ValueError, LookupError):
            return None
        return None if not text or "\0" in text else text


def _formatting(command: str) -> str | None:
    """Plain text for a formatting command of an FT field (2.7.6): line ends and blanks, no layout."""
    name, argument = command[:2], command[2:].strip().lstrip("+")
    if name == "br" and not argument:
        return "\n"
    if name in ("fi", "nf", "ce") and not argument:
        return "\n" if name == "ce" else ""
    if argument and not (argument.lstrip("-").isascii() and argument.lstrip("-").isdigit() and len(argument) <= 3):
        return None
    if name == "sp":
        return "\n" * min(int(argument or 1), 99)
    if name == "sk":
        return " " * min(int(argument or 1), 99)
    if name in ("in", "ti"):
        return ""
    return None


@lru_cache(maxsize=256)
def grammar(field: str, encoding_characters: str, codec: str = "utf-8") -> Grammar:
    """Return the grammar that an MSH (FHS, BHS) segment declares.

    :param field: the character after the segment's name
    :param encoding_characters: MSH-2
    :raises Hl7Error: separators that cannot tell fields apart
    """
    if not field or field.isalnum() or field in _NO_SEPARATOR:
        raise Hl7Error("102", "The field separator cannot be used", "MSH-1", "AR")
    if not 1 <= len(encoding_characters) <= 5:
        raise Hl7Error("102", "There must be four or five encoding characters", "MSH-2", "AR")
    if len(set(encoding_characters) | {field}) != len(encoding_characters) + 1:
        raise Hl7Error("102", "The separators are not distinct", "MSH-2", "AR")
    if any(char.isalnum() or char in _NO_SEPARATOR for char in encoding_characters):
        raise Hl7Error("102", "An encoding character cannot be used", "MSH-2", "AR")
    characters = [*encoding_characters, "", "", "", "", ""][:5]
    return Grammar(field, *characters, codec)
