"""Planning of transaction and batch Bundles and assembly of their answers (hl7.org/fhir/R4/http.html#transaction)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from .definitions import resource_types
from .issues import FhirError, Issue, error
from .links import references

#: The order in which a transaction's entries take effect, whatever their order in the Bundle.
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_WHOLE = re.compile(r'(?:W/)?"([A-Za-z0-9\-.]{1,64})"')
_URL_BASE = re.compile(r"(https?://[^?#\s]*/)[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


@dataclass(slots=True)
class Entry:
    """One request of a Bundle.

    :ivar index: its place in the Bundle
    :ivar interaction: ``create``, ``update``, ``patch``, ``delete``, ``read``, ``vread``, ``search``,
        ``history``, ``operation`` or ``capabilities``
    :ivar id: logical id in the URL, ``""`` for a create and for conditional requests
    :ivar query: parameters of a search or of a conditional update, patch or delete
    :ivar full_url: the entry's temporary or absolute identity
    :ivar if_none_exist: parameters of a conditional create, ``None`` for a plain one
    :ivar error: of a batch: why this entry cannot be done
    """

    index: int
    method: str
    interaction: str = ""
    type: str = ""
    id: str = ""
    version: str = ""
    operation: str = ""
    query: list[tuple[str, str]] = field(default_factory=list)
    resource: dict | None = None
    full_url: str = ""
    if_none_exist: list[tuple[str, str]] | None = None
    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    error: FhirError | None = None

    @property
    def base(self) -> str:
        """The server of an absolute fullUrl, to which relative references of the resource belong."""
        match = _URL_BASE.fullmatch(self.full_url)
        return match[1] if match else ""

    @property
    def path(self) -> str:
        """Where the entry stands, for issues."""
        return f"Bundle.entry[{self.index}]"


@dataclass(slots=True)
class Plan:
    """A Bundle of requests.

    :ivar kind: ``transaction`` or ``batch``
    :ivar entries: in the Bundle's order
    """

    kind: str
    entries: list[Entry]

    def ordered(self) -> list[Entry]:
        """The entries in the order in which they take effect; creates come after those they refer to."""
        ranked = sorted(self.entries, key=lambda entry: _ORDER.get(entry.method, 9))
        creates = [entry for entry in ranked if entry.method == "POST"]
        if len(creates) < 2:
            return ranked
        start = ranked.index(creates[0])
        ranked[start : start + len(creates)] = _by_dependency(creates)
        return ranked


@dataclass(slots=True)
class Result:
    """What became of an entry.

    :ivar etag: version id, without ``W/""``
    :ivar last_modified: instant as text
    :ivar outcome: OperationOutcome
    """

    status: int
    resource: dict | None = None
    location: str = ""
    etag: str = ""
    last_modified: str = ""
    outcome: dict | None = None
    full_url: str = ""


def plan(bundle: dict, *, base: str = "", max_entries: int = 5000) -> Plan:
    """Read a transaction or batch whose structure is valid.

    :param base: this server's FHIR base URL with ``/`` at its end; request URLs may start with it
    :raises FhirError: 400 for another Bundle type, and for a transaction whose entries cannot be done
        or name one resource twice; 413 for too many entries
    """
    kind = bundle.get("type")
    if bundle.get("resourceType") != "Bundle" or kind not in ("transaction", "batch"):
        raise FhirError(error("value", "Bundle.type", "A Bundle sent here must be of type transaction or batch."))
    rows = bundle.get("entry") or []
    if len(rows) > max_entries:
        raise FhirError(error("too-costly", "Bundle.entry", f"A Bundle may have {max_entries} entries."), 413)
    entries = []
    issues: list[Issue] = []
    for index, row in enumerate(rows):
        entry = Entry(index, "")
        entries.append(entry)
        try:
            _read(entry, row, base)
        except FhirError as failure:
            entry.error = failure
            issues.extend(failure.issues)
    if kind == "transaction":
        issues.extend(_twice(entries))
        if issues:
            raise FhirError(issues)
    return Plan(kind, entries)


def etag_version(text: str) -> str:
    """The version id in an ETag such as ``W/"3"``.

    :raises FhirError: 400 for anything else
    """
    match = _WHOLE.fullmatch(text.strip())
    if not match:
        raise FhirError(error("value", "http.If-Match", 'The ETag must look like W/"3".'))
    return match[1]


def response(kind: str, results: Iterable[Result]) -> dict:
    """The answer to a Bundle.

    :param kind: ``transaction`` or ``batch``
    :param results: in the order of the request's entries
    """
    entries = []
    for result in results:
        status = HTTPStatus(result.status)
        row: dict = {"status": f"{status.value} {status.phrase}"}
        if result.location:
            row["location"] = result.location
        if result.etag:
            row["etag"] = f'W/"{result.etag}"'
        if result.last_modified:
            row["lastModified"] = result.last_modified
        if result.outcome:
            row["outcome"] = result.outcome
        entry: dict = {"fullUrl": result.full_url} if result.full_url else {}
        if result.resource is not None:
            entry["resource"] = result.resource
        entries.append({**entry, "response": row})
    bundle: dict = {"resourceType": "Bundle", "type": f"{kind}-response"}
    if entries:
        bundle["entry"] = entries
    return bundle


def _read(entry: Entry, row: dict, base: str) -> None:
    request = row.get("request") or {}
    entry.method = str(request.get("method") or "")
    entry.resource = row.get("resource")
    entry.full_url = row.get("fullUrl") or ""
    if entry.method not in _ORDER:
        raise FhirError(error("required", f"{entry.path}.request.method", "Each entry needs a request with a method."))
    _read_url(entry, str(request.get("url") or "").removeprefix(base) if base else str(request.get("url") or ""))
    if request.get("ifMatch"):
        entry.if_match = etag_version(request["ifMatch"])
    entry.if_none_match = request.get("ifNoneMatch") or ""
    entry.if_modified_since = request.get("ifModifiedSince") or ""
    if request.get("ifNoneExist"):
        if entry.interaction != "create":
            raise FhirError(error("value", f"{entry.path}.request.ifNoneExist", "Only a create can have ifNoneExist."))
        entry.if_none_exist = _pairs(request["ifNoneExist"].lstrip("?"))
    _check_resource(entry)


def _read_url(entry: Entry, url: str) -> None:
    path, mark, query = url.partition("?")
    steps = [unquote(step) for step in path.strip("/").split("/")]
    entry.query = _pairs(query) if mark else []
    entry.type = steps[0] if steps[0] in resource_types() else ""
    interaction = _interaction(entry, steps)
    if not interaction:
        raise FhirError(
            error("value", f"{entry.path}.request.url", "There is no such interaction: method and URL do not fit.")
        )
    entry.interaction = interaction


def _interaction(entry: Entry, steps: list[str]) -> str:
    method = "GET" if entry.method == "HEAD" else entry.method
    if method == "GET" and steps == ["metadata"]:
        return "capabilities"
    if steps[-1].startswith("$") and method in ("GET", "POST") and len(steps) <= 3:
        entry.operation = steps[-1]
        entry.id = steps[1] if len(steps) == 3 else ""
        return "operation" if len(steps) == 1 or entry.type else ""
    if not entry.type:
        return ""
    if len(steps) == 1:
        if method in ("PUT", "PATCH", "DELETE"):
            return {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method] if entry.query else ""
        return "create" if method == "POST" and not entry.query else "search" if method == "GET" else ""
    if method == "GET" and steps[1:] == ["_history"]:
        return "history"
    if not _ID.fullmatch(steps[1]) or (entry.query and method != "GET"):
        return ""
    entry.id = steps[1]
    if len(steps) == 2:
        return {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(method, "")
    if method == "GET" and steps[2] == "_history":
        if len(steps) == 3:
            return "history"
        if len(steps) == 4 and _ID.fullmatch(steps[3]):
            entry.version = steps[3]
            return "vread"
    return ""


def _check_resource(entry: Entry) -> None:
    where = f"{entry.path}.resource"
    resource = entry.resource
    if entry.interaction in ("create", "update", "patch"):
        if resource is None:
            raise FhirError(error("required", where, "This entry needs a resource."))
        wanted = ("Parameters", "Binary") if entry.interaction == "patch" else (entry.type,)
        if resource.get("resourceType") not in wanted:
            raise FhirError(error("value", where, f"The URL asks for a resource of type {wanted[0]}."))
    if entry.interaction == "update" and entry.id and resource.get("id") != entry.id:
        raise FhirError(error("value", f"{where}.id", "The id must be the one in the URL."))


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise FhirError(error("too-costly", "Bundle.entry", "The URL has more than 100 parameters.")) from None


def _twice(entries: list[Entry]) -> list[Issue]:
    """One identity may be named once: by URL, by condition, by fullUrl."""
    issues = []
    seen: set[tuple] = set()
    for entry in entries:
        keys = []
        if entry.method in ("PUT", "PATCH", "DELETE"):
            target = entry.id or tuple(sorted(entry.query))
            keys.append(("url", entry.type, target, f"{entry.path}.request.url"))
        if entry.if_none_exist is not None:
            condition = tuple(sorted(entry.if_none_exist))
            keys.append(("condition", entry.type, condition, f"{entry.path}.request.ifNoneExist"))
        if entry.full_url and entry.method in ("POST", "PUT"):
            keys.append(("fullUrl", "", entry.full_url, f"{entry.path}.fullUrl"))
        for *key, where in keys:
            if tuple(key) in seen:
                issues.append(error("duplicate", where, "Another entry of this transaction has the same identity."))
            seen.add(tuple(key))
    return issues


def _by_dependency(creates: list[Entry]) -> list[Entry]:
    """Creates after the creates that they refer to; a circle stays in the Bundle's order."""
    by_url = {entry.full_url: entry for entry in creates if entry.full_url}
    needs = {}
    for entry in creates:
        links = set()
        for text in references(entry.resource or {}):
            target = by_url.get(text) or by_url.get(f"{entry.base}{text}")
            if target is not None and target is not entry:
                links.add(target.index)
        needs[entry.index] = links
    placed: set[int] = set()
    waiting = creates
    ordered = []
    while waiting:
        ready = [entry for entry in waiting if needs[entry.index] <= placed]
        if not ready:
            ready = waiting[:1]
        ordered.extend(ready)
        placed.update(entry.index for entry in ready)
        waiting = [entry for entry in waiting if entry.index not in placed]
    return ordered
