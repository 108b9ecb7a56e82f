"""Search among resources that are only kept: their bodies are sealed.

What can be asked is the patient that a resource is about and, by keyed hashes, its
identifiers: whoever reads the table learns nothing from them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from odoo.tools import SQL

from odoo.addons.interop_hub import keyring

from ..codec.definitions import definition
from ..codec.params import COMMON, MODIFIERS, Param
from .columns import FALSE, Column
from .links import Link

#: Elements that say whom a resource is about.
_SUBJECTS = ("subject", "patient", "beneficiary")
_CHAINS = frozenset(("identifier", "name", "family", "given", "birthdate"))
#: More identifiers of one resource than can be meant.
_MOST_KEYS = 50


@cache
def _path(kind: str) -> str:
    """The element of a type that names the patient, ``""`` when there is none."""
    for name in _SUBJECTS:
        element = definition(kind).elements.get(name)
        if element and element.type == "Reference" and (element.targets is None or "Patient" in element.targets):
            return name
    return ""


@cache
def _identified(kind: str) -> bool:
    element = definition(kind).elements.get("identifier")
    return element is not None and element.type == "Identifier"


def _key(kind: str, system: str, value: str) -> str:
    return keyring.ring().digest(f"fhir:{kind}:identifier:{system}|{value}")


def keys(kind: str, body: dict) -> list[str]:
    """The hashes under which a kept resource is found by its identifiers."""
    if not _identified(kind):
        return []
    given = body.get("identifier") or []
    found = set()
    for entry in (given if isinstance(given, list) else [given])[:_MOST_KEYS]:
        if entry.get("value"):
            found.add(_key(kind, "*", entry["value"]))
            found.add(_key(kind, entry.get("system", ""), entry["value"]))
    return sorted(found)


class Hashed(Column):
    """Identifiers in the hashes of kept resources."""

    def __init__(self, kind: str):
        self.kind = kind

    def one(self, ctx, alias, value):
        if value.code is None:
            return FALSE
        key = _key(self.kind, "*" if value.system is None else value.system, value.code)
        return SQL("%s && ARRAY[%s]", SQL.identifier(alias, "lookup_keys"), key)


def kept_columns(kind: str) -> dict:
    """Columns by parameter."""
    found = {}
    if _path(kind):
        found["patient"] = Link("account_id", {"Patient": "health.patient.account"})
    if _identified(kind):
        found["identifier"] = Hashed(kind)
    return found


def kept_params(kind: str) -> dict[str, Param]:
    """Declarations by name."""
    found = {name: replace(param, modifiers=frozenset()) for name, param in COMMON.items()}
    if _identified(kind):
        found["identifier"] = Param("identifier", "token", "identifier")
    if _path(kind):
        modifiers = MODIFIERS["reference"] - {"missing"}
        found["patient"] = Param("patient", "reference", _path(kind), ("Patient",), modifiers, _CHAINS)
    return found
