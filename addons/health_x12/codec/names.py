"""Segments that name parties, read the same way in every transaction (NM1, N1, N3, N4, REF, PER, DMG, PRV)."""

from __future__ import annotations

from dataclasses import replace

from .model import Address, Contact, Party, build
from .values import date

_REACH = {"TE": "telephone", "EX": "extension", "EM": "email", "FX": "fax"}


def party(segment: list[str]) -> Party:
    """A party from NM1."""
    size = len(segment)
    if size == 10:
        entity, kind, name, first, middle, _prefix, suffix, identifier_type, identifier = segment[1:]
        return build(
            Party,
            {
                "entity": entity, "person": kind == "1", "name": name, "first_name": first, "middle_name": middle,
                "suffix": suffix, "identifier_type": identifier_type, "identifier": identifier,
            },
        )  # fmt: skip
    values = {"entity": segment[1] if size > 1 else "", "person": size > 2 and segment[2] == "1"}
    if size > 3:
        values["name"] = segment[3]
    if size > 4:
        values["first_name"] = segment[4]
    if size > 5:
        values["middle_name"] = segment[5]
    if size > 7:
        values["suffix"] = segment[7]
    if size > 9:
        values["identifier_type"] = segment[8]
        values["identifier"] = segment[9]
    return build(Party, values)


def organization(segment: list[str]) -> Party:
    """A party from N1."""
    values = segment + [""] * (5 - len(segment))
    return Party(values[2], identifier_type=values[3], identifier=values[4], entity=values[1])


def described(found: Party, segment: list[str]) -> Party:
    """The party with what N3, N4, REF, PER, PRV or DMG after it says; other segments change nothing."""
    name = segment[0]
    values = segment + [""] * (10 - len(segment))
    if name == "N3":
        return replace(found, address=replace(found.address or Address(), line=values[1], line2=values[2]))
    if name == "N4":
        place = {"city": values[1], "state": values[2], "postal_code": values[3], "country": values[4]}
        return replace(found, address=replace(found.address or Address(), **place))
    if name == "REF":
        return replace(found, references=(*found.references, (values[1], values[2])))
    if name == "PER":
        reach = {_REACH[values[at]]: values[at + 1] for at in (3, 5, 7) if values[at] in _REACH}
        return replace(found, contact=Contact(values[2], **reach))
    if name == "PRV":
        return replace(found, taxonomy=values[3])
    if name == "DMG":
        return replace(found, birth_date=date(values[2]), gender=values[3])
    return found
