"""Which implementation guides this codec speaks, and under which functional group they travel."""

from __future__ import annotations

import re

#: (ST01, guide without its errata) → (name in this codec, GS01).
GUIDES = {
    ("837", "005010X222"): ("837P", "HC"),
    ("837", "005010X223"): ("837I", "HC"),
    ("835", "005010X221"): ("835", "HP"),
    ("270", "005010X279"): ("270", "HS"),
    ("271", "005010X279"): ("271", "HB"),
    ("276", "005010X212"): ("276", "HR"),
    ("277", "005010X212"): ("277", "HN"),
    ("277", "005010X214"): ("277CA", "HN"),
    ("278", "005010X217"): ("278", "HI"),
    ("999", "005010X231"): ("999", "FA"),
}
#: The guide that is written for each name: ST01, GS08.
WRITTEN = {
    "837P": ("837", "005010X222A1"),
    "837I": ("837", "005010X223A2"),
    "835": ("835", "005010X221A1"),
    "270": ("270", "005010X279A1"),
    "271": ("271", "005010X279A1"),
    "276": ("276", "005010X212"),
    "277": ("277", "005010X212"),
    "277CA": ("277", "005010X214"),
    "278": ("278", "005010X217"),
    "999": ("999", "005010X231A1"),
}
GROUPS = {group for _name, group in GUIDES.values()}
_ERRATA = re.compile(r"(00\d{4}X\d{3})([AE]\d)?\Z")


def guide(set_id: str, version: str) -> str:
    """Name of the guide, e.g. ``837P``, whatever its errata; empty when it is not spoken here."""
    found = _ERRATA.match(version)
    return GUIDES.get((set_id, found[1]), ("", ""))[0] if found else ""
