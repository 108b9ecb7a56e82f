"""What was received and what the records say, made one resource again. Pure Python.

A record has columns for a part of a resource only. The rest (extensions,
narrative, further names) is kept as it was received. Each top-level element is
given back as received for as long as the record says about it what it said
then; when the record changed, by whatever road, the record's own words count.
"""

from __future__ import annotations

import hashlib

from .codec import jsonio

#: Set on every answer, never compared.
SKIPPED = frozenset(("resourceType", "id", "meta"))
#: Ids of contained resources that we render ourselves start so.
OWN_CONTAINED = "own-"


def prints(rendered: dict) -> dict[str, str]:
    """Fingerprints of the elements of a rendered resource."""
    return {
        name: hashlib.sha256(jsonio.dump({"": value})).hexdigest()[:24]
        for name, value in rendered.items()
        if name not in SKIPPED
    }


def merge(rendered: dict, now: dict[str, str], body: dict, then: dict[str, str], stale=()) -> tuple[dict, bool]:
    """Lay what a record says over what was received.

    :param rendered: the record as a resource
    :param now: its fingerprints
    :param body: the resource as it was given last
    :param then: the fingerprints of the record at that time
    :param stale: elements of ``body`` that never came true in the record
    :return: the resource, and whether it differs from ``body``
    """
    changed = {name for name in {*now, *then} if now.get(name) != then.get(name)} | set(stale)
    if not changed:
        return body, False
    merged = {}
    for name, value in body.items():
        plain = name.removeprefix("_")
        if plain in changed:
            continue
        merged[name] = value
    merged.update((name, value) for name, value in rendered.items() if name in changed)
    if "contained" in changed:
        foreign = [part for part in body.get("contained", ()) if not str(part.get("id", "")).startswith(OWN_CONTAINED)]
        contained = foreign + list(rendered.get("contained", ()))
        merged.pop("contained", None)
        if contained:
            merged["contained"] = contained
    return merged, merged != body


def fill(rendered: dict, body: dict, before: dict) -> dict:
    """A received resource completed with what it leaves out and the record still says.

    :param before: the resource as it was given before the write
    """
    added = {
        name: value
        for name, value in rendered.items()
        if name in before and name not in SKIPPED and name not in body and f"_{name}" not in body
    }
    return {**body, **added}
