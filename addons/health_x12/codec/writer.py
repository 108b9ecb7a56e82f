"""Segments to bytes: envelope, counts, separators, HL numbers (005010 appendix B and C)."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

from .errors import ELEMENT, SET, refuse
from .guides import GUIDES, WRITTEN
from .model import Address, Contact, Envelope, Party
from .tokenizer import Delimiters
from .values import plain

_SPELLED = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "’": "'", "–": "-"}
)
Value = str | int | Decimal | datetime.date | tuple | list | None


def words(text: str, most: int, delimiters: Delimiters | None = None) -> str:
    """Free text as X12 can carry it: ASCII letters without accents, no separators, cut at the longest length."""
    found = unicodedata.normalize("NFKD", (text or "").translate(_SPELLED))
    found = found.encode("ascii", "ignore").decode()
    banned = (delimiters or Delimiters()).all
    return " ".join("".join(" " if char in banned or not char.isprintable() else char for char in found).split())[
        :most
    ].strip()


class Writer:
    """Writes one interchange with one functional group.

    :param kind: name of the guide, e.g. ``837P``
    """

    def __init__(self, kind: str, envelope: Envelope, delimiters: Delimiters | None = None):
        self.kind = kind
        self.delimiters = delimiters or Delimiters()
        self._envelope = envelope
        self._parts: list[str] = []
        self._count = 0
        self._sets = 0
        self._levels = 0
        self.set_id, self.version = WRITTEN[kind]
        self._open()

    def _open(self) -> None:
        envelope, mark = self._envelope, self.delimiters
        when = envelope.when
        for name, value in (("ISA06", envelope.sender), ("ISA08", envelope.receiver)):
            if not 1 <= len(value.strip()) <= 15:
                raise refuse(ELEMENT, "5" if value else "1", segment="ISA", number=1, element=int(name[3:]))
        if not 0 < envelope.control_number <= 999_999_999:
            raise refuse(ELEMENT, "6", "ISA13 has up to nine digits", segment="ISA", number=1, element=13)
        self._raw(
            "ISA", "00", " " * 10, "00", " " * 10, envelope.sender_qualifier, envelope.sender.ljust(15),
            envelope.receiver_qualifier, envelope.receiver.ljust(15), f"{when:%y%m%d}", f"{when:%H%M}",
            mark.repetition or "U", "00501", f"{envelope.control_number:09d}",
            "1" if envelope.acknowledgment_requested else "0", envelope.usage, mark.component,
        )  # fmt: skip
        group = next(code for name, code in GUIDES.values() if name == self.kind)
        self._group = str(envelope.group_control_number or envelope.control_number)
        self._header = (
            group, envelope.group_sender or envelope.sender, envelope.group_receiver or envelope.receiver,
            f"{when:%Y%m%d}", f"{when:%H%M}", self._group, "X", self.version,
        )  # fmt: skip

    def note(self, *values: str) -> None:
        """TA1, before anything else."""
        self.add(*values)

    def _raw(self, *values: str) -> None:
        self._parts.append(self.delimiters.element.join(values) + self.delimiters.segment)

    def begin(self) -> None:
        """ST with the next control number."""
        if not self._sets:
            self.add("GS", *self._header)
        self._sets += 1
        self._count = self._levels = 0
        convention = "" if self.kind == "835" else self.version
        self.add("ST", self.set_id, f"{self._sets:04d}", convention)

    def end(self) -> None:
        """SE."""
        self.add("SE", self._count + 1, f"{self._sets:04d}")

    def finish(self) -> bytes:
        """GE, IEA and the whole file."""
        self.add("GE", self._sets, self._group)
        self._raw("IEA", "1", f"{self._envelope.control_number:09d}")
        return "".join(self._parts).encode("ascii")

    def finish_empty(self) -> bytes:
        """IEA and the whole file, where there is no group."""
        self._raw("IEA", "0", f"{self._envelope.control_number:09d}")
        return "".join(self._parts).encode("ascii")

    def add(self, name: str, *values: Value) -> None:
        """One segment; a tuple is a composite, a list repeats; empty ends are left away.

        :raises X12Error: a value with a separator in it, or with characters that X12 cannot carry
        """
        self._count += 1
        parts = [self._element(name, at, value) for at, value in enumerate(values, 1)]
        while parts and not parts[-1]:
            parts.pop()
        self._raw(name, *parts)

    def _element(self, name: str, at: int, value: Value) -> str:
        if isinstance(value, tuple):
            parts = [self._plain(name, at, each) for each in value]
            while parts and not parts[-1]:
                parts.pop()
            return self.delimiters.component.join(parts)
        if isinstance(value, list):
            return (self.delimiters.repetition or self.delimiters.component).join(
                self._element(name, at, each) for each in value
            )
        return self._plain(name, at, value)

    def _plain(self, name: str, at: int, value: Value) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, Decimal):
            if not value.is_finite():
                raise refuse(ELEMENT, "6", segment=name, position=self._count, element=at)
            return plain(value)
        if isinstance(value, datetime.date):
            return f"{value:%Y%m%d}"
        text = str(value).strip()
        if not text.isascii() or not text.isprintable() or any(char in text for char in self.delimiters.all):
            raise refuse(ELEMENT, "6", segment=name, position=self._count, element=at)
        return text

    def level(self, parent: int | None, code: str, child: bool | None = None) -> int:
        """HL; gives its number."""
        self._levels += 1
        self.add("HL", self._levels, parent, code, None if child is None else int(child))
        return self._levels

    # What every guide writes the same way

    def need(self, value: object, name: str, element: int, detail: str) -> None:
        """Refuse to write what cannot be right.

        :raises X12Error: ``value`` is empty
        """
        if not value:
            raise refuse(ELEMENT, "1", detail, segment=name, position=self._count + 1, element=element)

    def text(self, value: str, most: int) -> str:
        """Free text as it may be written."""
        return words(value, most, self.delimiters)

    def party(self, entity: str, party: Party, identifier: bool = True) -> None:
        """NM1."""
        self.need(party.name or party.identifier, "NM1", 3, f"The party {entity} has neither a name nor an identifier")
        kind = party.identifier_type if identifier and party.identifier else ""
        self.add(
            "NM1", entity, "1" if party.person else "2", self.text(party.name, 60),
            self.text(party.first_name, 35) if party.person else "",
            self.text(party.middle_name, 25) if party.person else "", "",
            self.text(party.suffix, 10) if party.person else "", kind, party.identifier if kind else "",
        )  # fmt: skip

    def address(self, address: Address | None) -> None:
        """N3 and N4, where there is an address."""
        if address and (address.line or address.city):
            self.add("N3", self.text(address.line, 55) or "UNKNOWN", self.text(address.line2, 55))
            country = "" if address.country in {"", "US"} else address.country
            self.add(
                "N4",
                self.text(address.city, 30),
                address.state,
                address.postal_code.replace("-", "").replace(" ", ""),
                country,
            )

    def references(self, pairs: Iterable[tuple[str, str]]) -> None:
        """REF segments."""
        for qualifier, value in pairs:
            if value:
                self.add("REF", qualifier, value)

    def contact(self, contact: Contact | None, function: str = "IC") -> None:
        """PER, where there is one."""
        if not contact:
            return
        reach: list[str] = []
        for qualifier, value in (
            ("TE", contact.telephone), ("EX", contact.extension), ("EM", contact.email), ("FX", contact.fax)
        ):  # fmt: skip
            if value and len(reach) < 6:
                reach += [qualifier, value]
        if reach:
            self.add("PER", function, self.text(contact.name, 60), *reach)

    def born(self, party: Party) -> None:
        """DMG, where the birth date is known."""
        if party.birth_date:
            self.add("DMG", "D8", party.birth_date, party.gender or "U")

    def day(self, qualifier: str, first: datetime.date | None, last: datetime.date | None = None) -> None:
        """DTP, where there is a date; a range where it has two ends."""
        if first and last and last != first:
            self.add("DTP", qualifier, "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}")
        elif first:
            self.add("DTP", qualifier, "D8", f"{first:%Y%m%d}")

    def adjustments(self, adjustments: Iterable) -> None:
        """CAS: one segment per group for up to six reasons each."""
        grouped: dict[str, list] = {}
        for each in adjustments:
            grouped.setdefault(each.group, []).append(each)
        for group, found in grouped.items():
            for start in range(0, len(found), 6):
                triplets = [
                    value for each in found[start : start + 6] for value in (each.reason, each.amount, each.quantity)
                ]
                self.add("CAS", group, *triplets)


def too_many(segment: str, count: int, most: int) -> None:
    """Refuse what a guide has no room for.

    :raises X12Error: ``count`` is above ``most``
    """
    if count > most:
        raise refuse(SET, "5", f"{segment} is possible {most} times, not {count}", segment=segment)
