"""The links in a resource: finding and rewriting them (hl7.org/fhir/R4/http.html#trules, bundle.html#references).

A transaction replaces the temporary ``fullUrl`` of an entry by the identity that the
resource gets: in references, in elements of type uri, url, oid and uuid, and in the
``href`` and ``src`` of narratives, contained resources included; canonical URLs stay.
"""

import re
from collections.abc import Callable, Iterator

from . import reference
from .definitions import definition

_LINKED = frozenset(("uri", "url", "oid", "uuid"))
_IN_NARRATIVE = re.compile(r"""(\s(?:href|src)\s*=\s*)(["'])([^"']*)\2""")


def references(resource: dict) -> Iterator[str]:
    """Every text of ``Reference.reference`` in a resource, contained ones included."""
    todo = [resource]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, dict):
            text = value.get("reference")
            if isinstance(text, str):
                yield text
            todo.extend(value.values())


def conditionals(resource: dict) -> set[str]:
    """The conditional references of a resource (``Patient?identifier=…``)."""
    found = set()
    for text in references(resource):
        literal = reference.parse(text)
        if literal is not None and literal.kind == "conditional":
            found.add(text)
    return found


def rewrite(resource: dict, mapping: dict[str, str], base: str = "") -> dict:
    """A copy of a resource with its links replaced.

    :param mapping: new link by old link: ``urn:uuid:…`` or absolute URL or conditional reference to ``Patient/12``
    :param base: server of the entry's own absolute fullUrl; relative references are looked up there too
    """

    def link(text: str) -> str:
        found = mapping.get(text)
        if found is None and base:
            found = mapping.get(f"{base}{text}")
        if found is None and "#" in text[1:]:
            stem, _hash, fragment = text.partition("#")
            found = f"{mapping[stem]}#{fragment}" if stem in mapping else None
        return text if found is None else found

    return _copy(resource, definition(resource["resourceType"]), link)


def _copy(value: dict, kind, link: Callable[[str], str]) -> dict:
    copied = {}
    for name, item in value.items():
        element = kind.elements.get(name) if kind else None
        if element is None:
            copied[name] = _plain(item, link) if name.startswith("_") else item
        elif isinstance(item, list):
            copied[name] = [_item(entry, element, kind, link) for entry in item]
        else:
            copied[name] = _item(item, element, kind, link)
    return copied


def _item(item, element, owner, link):
    if isinstance(item, dict):
        name = item.get("resourceType") if element.type == "Resource" else element.type
        return _copy(item, definition(name) if isinstance(name, str) else None, link)
    if not isinstance(item, str):
        return item
    if element.type == "xhtml":
        return _IN_NARRATIVE.sub(lambda match: f"{match[1]}{match[2]}{link(match[3])}{match[2]}", item)
    if element.type in _LINKED or (element.name == "reference" and owner.name == "Reference"):
        return link(item)
    return item


def _plain(item, link):
    """The twin of a primitive: an Element, or a list of them."""
    if isinstance(item, list):
        return [_plain(entry, link) for entry in item]
    return _copy(item, definition("Element"), link) if isinstance(item, dict) else item
