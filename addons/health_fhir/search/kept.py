"""Search among resources that are only kept: their bodies are sealed, their addresses are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ..codec.definitions import definition
from ..codec.params import COMMON, MODIFIERS, Param
from .links import Link

#: Elements that say whom a resource is about.
_SUBJECTS = ("subject", "patient", "beneficiary")


@cache
def _path(kind: str) -> str:
    """The element of a type that names the patient, ``""`` when there is none."""
    for name in _SUBJECTS:
        element = definition(kind).elements.get(name)
        if element and element.type == "Reference" and (element.targets is None or "Patient" in element.targets):
            return name
    return ""


def kept_columns(kind: str) -> dict:
    """Columns by parameter."""
    return {"patient": Link("account_id", {"Patient": "health.patient.account"})} if _path(kind) else {}


def kept_params(kind: str) -> dict[str, Param]:
    """Declarations by name."""
    found = {name: replace(param, modifiers=frozenset()) for name, param in COMMON.items()}
    if _path(kind):
        found["patient"] = Param(
            "patient",
            "reference",
            _path(kind),
            ("Patient",),
            MODIFIERS["reference"] - {"missing"},
            frozenset(("identifier", "name", "family", "given", "birthdate")),
        )
    return found
