"""Parts of resources: ``_summary`` and ``_elements`` (hl7.org/fhir/R4/search.html#summary)."""

from .definitions import definition

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS = frozenset(("resourceType", "id", "meta", "implicitRules", "language"))


def summarize(resource: dict, mode: str) -> dict:
    """A part of a resource.

    :param mode: ``true``: the elements marked as summary, and the mandatory ones; ``text``: narrative and
        mandatory ones; ``data``: all but the narrative; ``""`` or ``count``: the resource itself
    """
    kind = definition(resource["resourceType"])
    if mode == "data":
        return _marked({name: value for name, value in resource.items() if name not in ("text", "_text")})
    if mode == "text":
        return _marked(_pick(resource, kind, lambda element: element.name == "text" or element.required))
    if mode == "true":
        return _marked(_summary(resource, kind))
    return resource


def elements(resource: dict, names) -> dict:
    """Only some elements of a resource, beside the mandatory ones (``_elements``).

    :param names: names of elements on the first level; a choice[x] without its type
    """
    kind = definition(resource["resourceType"])
    wanted = set(names)
    return _marked(
        _pick(
            resource,
            kind,
            lambda element: element.name in wanted or element.choice in wanted or element.required,
        )
    )


def _pick(resource, kind, wanted):
    picked = {}
    for name, value in resource.items():
        element = kind.elements.get(name.removeprefix("_"))
        if name in _ALWAYS or (element is not None and wanted(element)):
            picked[name] = value
    return picked


def _summary(value, kind):
    """Elements marked as summary; what is under a marked backbone is filtered in turn."""
    picked = {}
    for name, item in value.items():
        element = kind.elements.get(name.removeprefix("_"))
        if name in _ALWAYS or name == "id":
            picked[name] = item
        elif element is not None and (element.summary or element.required):
            inner = definition(element.type) if "_" in element.type else None
            if inner is None or not any(
                entry.summary for entry in inner.elements.values() if entry.name in _own(inner)
            ):
                picked[name] = item
            elif isinstance(item, list):
                picked[name] = [part for part in (_summary(entry, inner) for entry in item) if part]
            else:
                picked[name] = _summary(item, inner)
    return {name: item for name, item in picked.items() if item not in ({}, [])}


def _own(kind):
    return kind.elements.keys() - {"id", "extension", "modifierExtension"}


def _marked(resource):
    meta = dict(resource.get("meta") or {})
    tags = list(meta.get("tag") or ())
    if not any(tag.get("code") == "SUBSETTED" for tag in tags):
        tags.append(dict(SUBSETTED))
    meta["tag"] = tags
    return {**resource, "meta": meta}
