"""FHIR's interactions, apart from HTTP: what a request asks for in, an answer out.

Used by the controllers for requests and by batches and transactions for their entries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from .address import Row, Served
from .codec import jsonio, outcome
from .codec.definitions import resource_types
from .codec.issues import FhirError, Issue, error
from .codec.validate import validate
from .errors import Refused, check_pairs, refused
from .models.health_fhir_handler import BASE, REPORT, USER, single
from .models.health_fhir_store import instant

GRANT = "health_fhir_grant"
#: Interaction -> letter of the scope.
_VERBS = {"create": "c", "read": "r", "vread": "r", "history": "r", "update": "u", "delete": "d", "search": "s"}
_MAX_HISTORY = 100
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
#: Places in HL7 v2, in which the intake thinks -> where that stands in FHIR.
_EXPRESSIONS = {
    "MSH-4": "Encounter.serviceProvider",
    "PID-3": "Patient.identifier",
    "PV1-19": "Encounter.identifier",
}


@dataclass(slots=True)
class Answer:
    """What is sent back; ``resource`` is ``None`` for an empty body."""

    status: int
    resource: dict | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Conditions:
    """What a request says beside its URL and body.

    :ivar prefer: ``minimal``, ``representation`` or ``OperationOutcome``
    """

    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str = ""
    if_modified_since: str = ""
    prefer: str = "representation"
    strict: bool = False
    key: str = ""


@dataclass(slots=True)
class Server:
    """The FHIR server for one caller; see :mod:`.bundles` for the whole of it.

    :ivar env: environment of the technical user, whose record rules count
    :ivar interface: through which writes come
    :ivar allows: ``(type, letter) -> bool``: what the caller's scopes give
    :ivar base: our base URL, with ``/`` at its end
    """

    env: object
    interface: object
    allows: Callable[[str, str], bool]
    base: str
    max_entries: int = 500
    content_type: str = ""
    trace_id: str = ""

    # --- checks -----------------------------------------------------------------

    def mapper(self, kind: str, interaction: str):
        """The mapper of a type that offers an interaction.

        :raises FhirError: 404 for an unknown type, 405 for what it does not offer, 403 without scope
        """
        mapper = self.env["health.fhir.mapper"].sudo()._of(kind)
        if mapper is None:
            known = kind in resource_types()
            raise refused(
                404,
                "not-supported",
                "",
                "This server does not serve this resource type." if known else "There is no such resource type.",
            )
        offered = {"history": "history-instance", "search": "search-type"}.get(interaction, interaction)
        if offered not in mapper._fhir_interactions:
            raise refused(405, "not-supported", "", f"{kind} does not offer {interaction} here.")
        self.require(kind, interaction)
        return mapper

    def require(self, kind: str, interaction: str) -> None:
        """Raise unless the scopes give an interaction on a type."""
        letter = _VERBS[interaction]
        if not self.allows(kind, letter):
            failure = refused(403, "forbidden", "", f"This needs the scope system/{kind}.{letter}.")
            failure.headers["WWW-Authenticate"] = (
                f'Bearer realm="interop", error="insufficient_scope", scope="system/{kind}.{letter}"'
            )
            raise failure

    def _store(self):
        return self.env["health.fhir.store"]

    def _row(self, kind: str, fhir_id: str) -> Row:
        row = self._store()._locate([(kind, fhir_id)]).get((kind, fhir_id)) if _ID.fullmatch(fhir_id) else None
        if row is None:
            raise refused(404, "not-found", "", "There is no such resource, or it is not yours to see.")
        return row

    def location(self, row: Row) -> str:
        """URL of a version."""
        return f"{self.base}{row.reference}/_history/{row.version}"

    @staticmethod
    def _headers(row: Row) -> dict[str, str]:
        return {"ETag": f'W/"{row.version}"', "Last-Modified": http_date(row.last_updated)}

    # --- reading ------------------------------------------------------------------

    def read(self, kind: str, fhir_id: str, conditions: Conditions) -> Answer:
        """The resource as it is now; 304 when the client has it, 410 when it was deleted."""
        self.mapper(kind, "read")
        row = self._row(kind, fhir_id)
        served = None if row.deleted else self._store()._present([row]).get(row.address)
        if served is None:
            raise self._deleted(row)
        headers = self._headers(served.row)
        if conditions.if_none_match:
            if conditions.if_none_match.strip() == "*" or headers["ETag"] in conditions.if_none_match:
                return Answer(304, None, headers)
        elif conditions.if_modified_since and not newer(served.row.last_updated, conditions.if_modified_since):
            return Answer(304, None, headers)
        return Answer(200, served.resource, headers)

    def _deleted(self, row: Row) -> FhirError:
        failure = refused(410, "deleted", "", "The resource was deleted.")
        if row.version:
            failure.headers["ETag"] = f'W/"{row.version}"'
        return failure

    def vread(self, kind: str, fhir_id: str, version: str) -> Answer:
        """One version."""
        self.mapper(kind, "vread")
        row = self._row(kind, fhir_id)
        if not row.deleted:
            self._store()._present([row])
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
        found = self._store()._version(row, number)
        if found is None:
            raise refused(404, "not-found", "", "There is no such version.")
        then, resource, method = found
        if method == "delete":
            raise self._deleted(then)
        return Answer(200, resource, self._headers(then))

    def history(self, kind: str, fhir_id: str, pairs) -> Answer:
        """All versions of a resource, newest first, in pages."""
        self.mapper(kind, "history")
        count, since, before = self._history_parameters(pairs)
        row = self._row(kind, fhir_id)
        if not row.deleted:
            self._store()._present([row])
        versions = self._store()._versions(row, count + 1, since, before)
        more = len(versions) > count
        numbers = [number for number, _method, _at in versions[:count]]
        entries = []
        for then, resource, method in self._store()._some_versions(row, numbers):
            entry = {"fullUrl": f"{self.base}{row.reference}"}
            if method != "delete":
                entry["resource"] = resource
            # Only the first version came by POST; a record's own changes are told as updates.
            verb = {"create": "PUT", "delete": "DELETE"}.get(method, "PUT")
            entry["request"] = {"method": verb, "url": row.reference}
            entry["response"] = {
                "status": {"create": "201 Created", "delete": "204 No Content"}.get(method, "200 OK"),
                "etag": f'W/"{then.version}"',
                "lastModified": instant(then.last_updated),
            }
            entries.append(entry)
        url = f"{self.base}{row.reference}/_history"
        result = {
            "resourceType": "Bundle",
            "type": "history",
            "total": row.version,
            "link": [{"relation": "self", "url": f"{url}?_count={count}"}],
        }
        if since is not None or before:
            del result["total"]
        if more:
            result["link"].append({"relation": "next", "url": f"{url}?_count={count}&_before={numbers[-1]}"})
        if entries:
            result["entry"] = entries
        return Answer(200, result)

    @staticmethod
    def _history_parameters(pairs) -> tuple[int, datetime | None, int]:
        count, since, before = _MAX_HISTORY, None, 0
        for name, value in pairs:
            try:
                if name == "_count":
                    count = max(1, min(int(value), _MAX_HISTORY))
                elif name == "_since":
                    since = datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
                elif name == "_before":
                    before = max(0, min(int(value), 2**31 - 1))
                elif name not in ("_format", "_pretty"):
                    raise refused(400, "not-supported", f"http.{name}"[:60], "This parameter is not supported here.")
            except ValueError:
                raise refused(400, "invalid", f"http.{name}", "The value cannot be read.") from None
        return count, since, before

    def search(self, kind: str, pairs, conditions: Conditions) -> Answer:
        """A page of what matches."""
        self.mapper(kind, "search")
        check_pairs(pairs)
        search = self.env["health.fhir.search"].with_context(**{GRANT: self.allows})
        return Answer(200, search._bundle(kind, pairs, base=self.base, strict=conditions.strict, url_type=kind))

    # --- writing ------------------------------------------------------------------

    def write(self, method: str, kind: str, url: str, body: bytes, conditions: Conditions) -> Answer:
        """Create, update or delete one resource."""
        interaction = {"POST": "create", "PUT": "update", "DELETE": "delete"}[method]
        self.mapper(kind, interaction)
        if interaction == "update" and "?" in url:
            self.require(kind, "create")
            self.require(kind, "search")
        if conditions.if_none_exist or (interaction == "delete" and "?" in url):
            self.require(kind, "search")
        if body:
            found = jsonio.parse(body).get("resourceType")
            if found != kind:
                raise refused(400, "invalid", "resourceType", f"A {kind} is expected here.")
        message = single(
            method,
            url,
            body,
            ifNoneExist=conditions.if_none_exist,
            ifMatch=conditions.if_match,
            ifNoneMatch=conditions.if_none_match,
        )
        now, operations = self._take(message, conditions.key)
        try:
            return self._answer(now, operations, conditions)
        except FhirError as failure:
            # The client sent no Bundle: expressions start at its resource.
            issues = [
                Issue(i.severity, i.code, i.expression.replace("Bundle.entry[0].resource", kind, 1), i.diagnostics)
                for i in failure.issues
            ]
            raise FhirError(issues, failure.status, failure.headers) from None

    def _take(self, body: bytes, key: str = ""):
        """Let a transaction in by the inbox, and process it at once."""
        report: list = []
        context = {**self.env.context, USER: self.env.uid, BASE: self.base, REPORT: report}
        env = self.env(su=True, context=context)
        handler = env[self.interface.handler]
        inbound = handler._identify(self.interface, body, self.content_type, self.base)
        inbound.trace_id = self.trace_id
        if key:
            inbound.key = key
        now = env["interop.message"]._receive_now(self.interface.with_env(env), inbound)
        if now.status == "new" and now.state == "done":
            now.remember(env, json.dumps([self._note(op) for op in report]).encode())
        return now, report

    @staticmethod
    def _note(op) -> list:
        return [op.index, op.status, op.type, op.fhir_id, op.row.version if op.row else 0]

    def _answer(self, now, operations, conditions: Conditions) -> Answer:
        """The answer to one write."""
        self._refuse(now)
        if now.status == "duplicate":
            return self._again(now)
        if now.state != "done":
            return self._waits(now)
        op = operations[0]
        if op.method == "delete":
            headers = self._headers(op.row) if op.row and op.row.version else {}
            return Answer(204, None, {name: value for name, value in headers.items() if name == "ETag"})
        headers = {**self._headers(op.row), "Location": self.location(op.row)} if op.row.version else {}
        if conditions.prefer == "minimal":
            return Answer(op.status, None, headers)
        if conditions.prefer == "OperationOutcome":
            return Answer(op.status, outcome.outcome(op.issues), headers)
        served = self._given([op])[op.row.address]
        headers = {**self._headers(served.row), "Location": self.location(served.row)}
        return Answer(op.status, served.resource, headers)

    def _refuse(self, now) -> None:
        """Raise what a message that was not taken says."""
        if now.status == "conflict":
            raise refused(422, "duplicate", "", "This Idempotency-Key was used before for another request.")
        if now.state == "rejected":
            failure = now.error
            if isinstance(failure, Refused):
                raise FhirError(failure.issues, failure.status, failure.headers)
            if failure is None:
                raise refused(422, "processing", "", "The same message was refused before.")
            raise refused(422, "processing", failure.location, failure.text)

    def _waits(self, now) -> Answer:
        """Taken, but a person or an earlier message comes first."""
        why = now.error.text if now.error else "An earlier message about the same resource comes first"
        where = now.error.location if now.error else ""
        issue = Issue(
            "information",
            "informational",
            _EXPRESSIONS.get(where, where if "." in where else ""),
            f"Taken as message {now.uuid}; it waits before it takes effect. {why}.",
        )
        return Answer(202, outcome.outcome([issue]), {"Interop-Message": now.uuid})

    def _again(self, now) -> Answer:
        """The same Idempotency-Key with the same body: what became of it then."""
        if now.state != "done":
            return self._waits(now)
        _index, status, kind, fhir_id, version = json.loads(now.acknowledgement)[0]
        row = Row(kind, fhir_id, version=version)
        headers = {"Idempotent-Replayed": "true"}
        if status == 204:
            return Answer(204, None, headers)
        headers |= {"Location": self.location(row), "ETag": f'W/"{version}"'}
        found = self._store()._locate([(kind, fhir_id)]).get((kind, fhir_id))
        then = self._store()._version(found, version) if found else None
        return Answer(status, then[1] if then else None, headers)

    def _given(self, operations) -> dict[tuple[str, str], Served]:
        """The resources of operations, for the answer to who wrote them."""
        rows = [op.row for op in operations if op.row and not op.row.deleted]
        return self.env["health.fhir.store"].sudo()._present(rows)

    # --- $validate --------------------------------------------------------------------

    def validate(self, kind: str, fhir_id: str, body: bytes) -> Answer:
        """What is wrong with a resource; 200 also when much is."""
        self.mapper(kind, "read")
        document = jsonio.parse(body) if body else None
        mode = ""
        if document is not None and document.get("resourceType") == "Parameters":
            parameters = [part for part in document.get("parameter", ()) if isinstance(part, dict)]
            mode = next((str(p.get("valueCode")) for p in parameters if p.get("name") == "mode"), "")
            profile = next((p.get("valueUri") for p in parameters if p.get("name") == "profile"), None)
            core = f"http://hl7.org/fhir/StructureDefinition/{kind}"
            if profile and profile.partition("|")[0] != core:
                raise refused(422, "not-supported", "Parameters.parameter", "Only the base profile is known here.")
            if mode not in ("", "create", "update", "delete"):
                raise refused(400, "invalid", "Parameters.parameter", "The mode is create, update or delete.")
            document = next((p.get("resource") for p in parameters if p.get("name") == "resource"), None)
        if mode == "delete":
            mapper = self.env["health.fhir.mapper"].sudo()._of(kind)
            issues = [] if "delete" in mapper._fhir_interactions else [error("not-supported", kind, "No deletion.")]
            return Answer(200, outcome.outcome(issues))
        if document is None:
            if not fhir_id:
                raise refused(400, "required", "", "There is nothing to validate.")
            document = self.read(kind, fhir_id, Conditions()).resource
        issues = validate(document, profile_type=kind)
        if mode == "create" and "create" not in self.mapper(kind, "read")._fhir_interactions:
            issues.append(error("not-supported", kind, "This type cannot be created here."))
        return Answer(200, outcome.outcome(issues))


def http_date(moment: datetime) -> str:
    """A naive UTC time for a header."""
    return format_datetime(moment.replace(tzinfo=UTC, microsecond=0), usegmt=True)


def newer(moment: datetime, than: str) -> bool:
    """Whether a naive UTC time is later than a header's date; an unreadable date makes everything newer."""
    try:
        return moment.replace(tzinfo=UTC, microsecond=0) > parsedate_to_datetime(than)
    except (TypeError, ValueError):
        return True
