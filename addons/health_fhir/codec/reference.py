"""What a reference says (hl7.org/fhir/R4/references.html)."""

import re
from typing import NamedTuple

from .definitions import resource_types

_LITERAL = re.compile(
    r"(?P<base>https?://[^?#\s]*/)?(?P<type>[A-Z][A-Za-z]{2,63})/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?(?P<fragment>#[^\s]*)?"
)
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]{2,63})\?(?P<query>[^\s#]+)")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s]+")


class Literal(NamedTuple):
    """A reference taken apart.

    :ivar kind: ``relative``, ``absolute``, ``contained``, ``conditional``, ``urn`` or ``other`` (some URI)
    :ivar type: resource type, ``""`` where the text does not say
    :ivar id: logical id, or the fragment of a contained one
    :ivar base: server of an absolute reference
    :ivar query: search of a conditional reference
    """

    kind: str
    type: str = ""
    id: str = ""
    base: str = ""
    version: str = ""
    query: str = ""


def parse(text: str) -> Literal | None:
    """Take a ``Reference.reference`` apart; ``None`` when it is none."""
    if text.startswith("#"):
        return Literal("contained", id=text[1:])
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return Literal("urn")
    match = _LITERAL.fullmatch(text)
    if match and match["type"] in resource_types():
        kind = "absolute" if match["base"] else "relative"
        return Literal(kind, match["type"], match["id"], match["base"] or "", match["version"] or "")
    match = _CONDITIONAL.fullmatch(text)
    if match and match["type"] in resource_types():
        return Literal("conditional", match["type"], query=match["query"])
    if _ABSOLUTE.fullmatch(text):
        return Literal("other")
    return None
