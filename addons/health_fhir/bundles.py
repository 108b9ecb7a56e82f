"""Transactions and batches: many interactions in one request (hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .address import Row
from .codec import bundle, jsonio, outcome
from .codec.issues import FhirError, Issue
from .errors import refused
from .models.health_fhir_store import instant
from .server import Answer, Conditions, Server


@dataclass(slots=True)
class BundleServer(Server):
    """The FHIR server for one caller, with Bundles."""

    def take_bundle(self, body: bytes, conditions: Conditions) -> Answer:
        """A transaction, or a batch."""
        document = jsonio.parse(body)
        kind = document.get("type")
        if document.get("resourceType") != "Bundle" or kind not in ("transaction", "batch"):
            raise refused(400, "invalid", "Bundle.type", "A transaction or batch Bundle is expected here.")
        plan = bundle.plan(document, base=self.base, max_entries=self.max_entries)
        if kind == "batch":
            return Answer(200, self._batch(plan, document, conditions))
        return self._transaction(plan, body, conditions)

    def _transaction(self, plan, body, conditions) -> Answer:
        for entry in plan.entries:
            self._check_entry(entry)
        now, operations = self._take(body, conditions.key)
        self._refuse(now)
        if now.status == "duplicate" and now.state == "done":
            return Answer(200, self._transaction_again(now), {"Idempotent-Replayed": "true"})
        if now.state != "done":
            return self._waits(now)
        done = {op.index: op for op in operations}
        given = self._given(operations) if conditions.prefer == "representation" else {}
        results = []
        for entry in plan.entries:
            op = done.get(entry.index)
            results.append(self._result(op, given, conditions) if op else self._read_entry(entry, conditions))
        return Answer(200, bundle.response("transaction", results))

    def _transaction_again(self, now) -> dict:
        results = []
        for _index, status, kind, fhir_id, version in sorted(json.loads(now.acknowledgement)):
            row = Row(kind, fhir_id, version=version)
            location = self.location(row) if status != 204 else ""
            results.append(bundle.Result(status, location=location, etag=str(version) if version else ""))
        return bundle.response("transaction", results)

    def _check_entry(self, entry) -> None:
        """Scopes and interactions of an entry, before anything is done.

        :raises FhirError: naming the entry
        """
        if entry.interaction in ("operation", "capabilities", "patch") or not entry.type:
            raise refused(405, "not-supported", f"{entry.path}.request", "This is not offered in a Bundle here.")
        try:
            self.mapper(entry.type, entry.interaction)
            if entry.if_none_exist is not None or (entry.query and entry.interaction != "search"):
                self.require(entry.type, "search")
        except FhirError as failure:
            issues = [Issue(i.severity, i.code, f"{entry.path}.request", i.diagnostics) for i in failure.issues]
            raise FhirError(issues, failure.status, failure.headers) from None

    def _result(self, op, given, conditions) -> bundle.Result:
        result = bundle.Result(op.status)
        if op.method == "delete":
            result.etag = str(op.row.version) if op.row and op.row.version else ""
            return result
        served = given.get(op.row.address)
        row = served.row if served else op.row
        result.location = self.location(row)
        result.etag = str(row.version)
        result.last_modified = instant(row.last_updated)
        result.full_url = f"{self.base}{row.reference}"
        if served is not None:
            result.resource = served.resource
        if op.issues or conditions.prefer == "OperationOutcome":
            result.outcome = outcome.outcome(op.issues)
        return result

    def _read_entry(self, entry, conditions) -> bundle.Result:
        """A GET of a Bundle."""
        own = Conditions(
            if_none_match=entry.if_none_match, if_modified_since=entry.if_modified_since, strict=conditions.strict
        )
        if entry.interaction == "read":
            answer = self.read(entry.type, entry.id, own)
        elif entry.interaction == "vread":
            answer = self.vread(entry.type, entry.id, entry.version)
        elif entry.interaction == "history":
            if not entry.id:
                raise refused(405, "not-supported", f"{entry.path}.request", "History is offered of one resource.")
            answer = self.history(entry.type, entry.id, entry.query)
        else:
            answer = self.search(entry.type, entry.query, own)
        etag = answer.headers.get("ETag", "").removeprefix('W/"').rstrip('"')
        return bundle.Result(answer.status, answer.resource, etag=etag)

    def _batch(self, plan, document, conditions) -> dict:
        """Each entry by itself; one that fails says why in its own place."""
        results = []
        for entry in plan.entries:
            try:
                if entry.error:
                    raise entry.error
                self._check_entry(entry)
                if entry.method in ("GET", "HEAD"):
                    results.append(self._read_entry(entry, conditions))
                    continue
                results.append(self._write_entry(document["entry"][entry.index], conditions))
            except FhirError as failure:
                results.append(bundle.Result(failure.status, outcome=outcome.of_error(failure)))
        return bundle.response("batch", results)

    def _write_entry(self, entry: dict, conditions) -> bundle.Result:
        body = jsonio.dump({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
        now, operations = self._take(body)
        self._refuse(now)
        if now.state != "done":
            waits = self._waits(now)
            return bundle.Result(202, outcome=waits.resource)
        given = self._given(operations) if conditions.prefer == "representation" else {}
        return self._result(operations[0], given, conditions)
