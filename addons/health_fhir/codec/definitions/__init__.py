"""The element definitions of FHIR R4 4.0.1, from ``r4.json`` (see ``generate.py``)."""

import json
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("r4.json")

PRIMITIVES = frozenset(
    "base64Binary boolean canonical code dateTime date decimal id instant integer markdown oid "
    "positiveInt string time unsignedInt uri url uuid xhtml".split()
)


class Element:
    """One element of a type.

    :ivar type: name of a primitive, of a data type, of a backbone type (``Claim_Item``) or ``Resource``
    :ivar many: whether it is a JSON array
    :ivar required: whether its minimum is 1
    :ivar choice: name of its choice[x] without the type (``deceased``), or ``""``
    :ivar codes: the codes of its required binding, or ``None``
    :ivar targets: the types its reference may point to, or ``None`` for any
    :ivar summary: whether it belongs to ``_summary=true``
    """

    __slots__ = ("choice", "codes", "many", "name", "primitive", "required", "summary", "targets", "type")

    def __init__(self, name: str, text: str, lists):
        kind, flags, choice, codes, targets = (*text.split(";"), "", "", "", "")[:5]
        self.name = name
        self.type = kind
        self.primitive = kind in PRIMITIVES
        self.many = "*" in flags
        self.required = "!" in flags
        self.summary = "s" in flags
        self.choice = choice
        self.codes = frozenset(lists[int(codes)]) if codes else None
        self.targets = frozenset(lists[int(targets)]) if targets else None


class Definition:
    """One type: a resource, a data type or the backbone of one.

    :ivar elements: :class:`Element` by JSON name
    :ivar required: (name, JSON names of which one must be there) of each element with a minimum of 1
    :ivar choices: JSON names by the name of the choice[x]
    """

    __slots__ = ("choices", "elements", "name", "required", "resource")

    def __init__(self, name: str, elements: dict[str, Element], resource: bool):
        self.name = name
        self.elements = elements
        self.resource = resource
        self.choices: dict[str, tuple[str, ...]] = {}
        required: dict[str, tuple[str, ...]] = {}
        for element in elements.values():
            base = element.choice or element.name
            if element.choice:
                self.choices[base] = (*self.choices.get(base, ()), element.name)
            if element.required:
                required[base] = (*required.get(base, ()), element.name)
        self.required = tuple(required.items())


@lru_cache(maxsize=1)
def _table() -> dict:
    return json.loads(_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def resource_types() -> frozenset[str]:
    """The names of all resource types of R4."""
    return frozenset(_table()["resources"])


@cache
def definition(name: str) -> Definition | None:
    """The definition of a type, ``None`` when R4 has no such type."""
    table = _table()
    elements = table["types"].get(name)
    if elements is None:
        return None
    lists = table["lists"]
    return Definition(
        name, {key: Element(key, text, lists) for key, text in elements.items()}, name in resource_types()
    )
