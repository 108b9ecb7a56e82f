"""Invariants of Bundle (hl7.org/fhir/R4/bundle.html, bdl-1 to bdl-11)."""

_REQUESTS = ("batch", "transaction", "history")
_RESPONSES = ("batch-response", "transaction-response", "history")


def _bundle(walk, value, path, _scope):
    kind = value.get("type", "")
    if "total" in value and kind not in ("searchset", "history"):
        walk.add("invariant", (path, "total", -1), "bdl-1: only a searchset or a history has a total.")
    entries = value.get("entry") or ()
    if kind in ("document", "message") and entries:
        wanted = "Composition" if kind == "document" else "MessageHeader"
        if (entries[0].get("resource") or {}).get("resourceType") != wanted:
            walk.add("invariant", (path, "entry", 0), f"The first resource of a {kind} must be a {wanted}.")
    seen = set()
    for index, entry in enumerate(entries):
        where = (path, "entry", index)
        if "search" in entry and kind != "searchset":
            walk.add("invariant", (where, "search", -1), "bdl-2: only a searchset's entries have search.")
        if ("request" in entry) != (kind in _REQUESTS):
            walk.add(
                "invariant",
                (where, "request", -1),
                "bdl-3: entries of a batch, transaction or history have a request, others not.",
            )
        if ("response" in entry) != (kind in _RESPONSES):
            walk.add(
                "invariant",
                (where, "response", -1),
                "bdl-4: entries of a response or history have a response, others not.",
            )
        if kind == "history":
            continue
        url = entry.get("fullUrl")
        key = (url, ((entry.get("resource") or {}).get("meta") or {}).get("versionId"))
        if url is not None and kind not in ("batch", "transaction") and key in seen:
            walk.add("invariant", (where, "fullUrl", -1), "bdl-7: this fullUrl stands twice.")
        seen.add(key)


def _entry(walk, value, path, _scope):
    if not value.keys() & {"resource", "request", "response", "link", "fullUrl"}:
        walk.add("invariant", path, "bdl-5: an entry needs a resource, a request or a response.")
    url = value.get("fullUrl")
    if url is not None and "/_history/" in url:
        walk.add("invariant", (path, "fullUrl", -1), "bdl-8: a fullUrl names no version.")


RULES = {"Bundle": (_bundle,), "Bundle_Entry": (_entry,)}
