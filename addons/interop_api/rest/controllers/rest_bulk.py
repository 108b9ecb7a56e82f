from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import Response, request

from ... import body as request_body
from ...problem import Problem
from .. import conditions, envelope
from ..answer import json_bytes, json_response, nothing
from .rest import ask, body_parameters, enter, exchange, find, route, sees_phi, validation_errors

NDJSON = "application/x-ndjson"
MAX_LINES = 10_000


class RestBulkController(http.Controller):
    """Many records at once: lines in, exports out, and the jobs that both become."""

    @route("/interop/v1/<string:name>/$bulk", "POST")
    def bulk(self, name):
        """Take NDJSON; each line is a message of its own, created or changed by its key."""
        resource = find(name)
        if resource.create is None:
            raise Problem(405, "method", "This resource is read only.", headers={"Allow": "OPTIONS"})
        enter(resource, "c")
        request.dispatcher.require("interop", resource.scope, "u")
        if request.httprequest.mimetype not in (NDJSON, "application/ndjson"):
            raise Problem(415, "body.type", "Send NDJSON.", headers={"Accept-Post": NDJSON}, accepted=[NDJSON])
        interface = exchange(batch=True)
        content = request_body.read(request.httprequest, interface.max_body_bytes)
        lines = [line for line in content.split(b"\n") if line.strip()]
        if not lines:
            raise Problem(400, "body.empty", "The body has no line.")
        if len(lines) > MAX_LINES:
            raise Problem(413, "bulk.lines", f"Send {MAX_LINES} lines at most.", limit=MAX_LINES)
        job = self._take(resource, interface, lines)
        location = f"/interop/v1/jobs/{job.token}"
        return json_response(
            json_bytes(self._state(job)), status=202, headers={"Location": location, "Content-Location": location}
        )

    def _take(self, resource, interface, lines):
        try:
            key = conditions.idempotency_key(request.httprequest.headers.get("Idempotency-Key"))
        except ValueError as error:
            raise Problem(400, "idempotency.key", str(error)) from None
        account_id = request.dispatcher.caller.account_id
        phi, hidden = sees_phi(resource), resource.phi_fields()
        inbounds, numbers, rows = [], [], []
        for number, line in enumerate(lines, 1):
            try:
                document = request_body.parse_json(line, request.dispatcher.quota.depth)
            except Problem as problem:
                rows.append(
                    (number, None, {"errors": [{"pointer": "", "code": problem.error_code, "detail": problem.detail}]})
                )
                continue
            data = validation_errors(resource, resource.create, document)
            if isinstance(data, list):
                rows.append((number, None, {"errors": data}))
            elif not phi and data.model_fields_set & hidden:
                names = sorted(data.model_fields_set & hidden)
                errors = [{"pointer": f"/{n}", "code": "scope.phi", "detail": "Not without its scope."} for n in names]
                rows.append((number, None, {"errors": errors}))
            else:
                letter = envelope.Letter.write(account_id, resource, envelope.UPSERT, "", data)
                inbounds.append(
                    letter.inbound(
                        resource, data, key=key and f"{key}#{number}", trace_id=request.dispatcher.trace.trace_id
                    )
                )
                numbers.append(number)
        messages = request.env(su=True)["interop.message"]
        for number, result in zip(numbers, messages._accept(interface, inbounds), strict=True):
            if result.status == "conflict":
                error = {"errors": [{"pointer": "", "code": "idempotency.conflict",
                                     "detail": "This key and line were used for other content."}]}  # fmt: skip
                rows.append((number, None, error))
            else:
                rows.append((number, result.message_id, None))
        return request.env(su=True)["interop.rest.job"]._start_import(
            account_id, resource, sorted(rows, key=lambda r: r[0])
        )

    @route("/interop/v1/<string:name>/$export", "POST")
    def export(self, name):
        """Plan an export of what a search with this body would find."""
        resource = find(name)
        enter(resource, "s")
        question = ask(
            resource, [pair for pair in body_parameters() if pair[0] not in ("limit", "cursor")], in_url=False
        )
        jobs = request.env(su=True)["interop.rest.job"]
        try:
            job = jobs._start_export(request.dispatcher.caller.account_id, resource, question, phi=sees_phi(resource))
        except UserError:
            raise Problem(
                429, "export.open", "Too many of your exports are open.", headers={"Retry-After": 60}
            ) from None
        location = f"/interop/v1/jobs/{job.token}"
        return json_response(
            json_bytes(self._state(job)), status=202,
            headers={"Content-Location": location, "Location": location, "Preference-Applied": "respond-async"},
        )  # fmt: skip

    @route("/interop/v1/jobs/<string:token>", "GET", "DELETE", interface="rest-{resource}")
    def job(self, token):
        """How far a job is; or stop it and delete what it wrote."""
        job = self._job(token)
        if request.httprequest.method == "DELETE":
            job._cancel()
            return nothing()
        headers = {"Retry-After": 2} if job.kind == "export" and job.state in ("waiting", "running") else {}
        return json_response(json_bytes(self._state(job)), headers=headers)

    @route("/interop/v1/jobs/<string:token>/results", "GET", interface="rest-{resource}")
    def results(self, token):
        """What became of each line of an import."""
        job = self._job(token)
        if job.kind != "import":
            raise Problem(404, "job.results", "An export has no results by line; download it.")
        return json_response(b"".join(json_bytes(line) + b"\n" for line in job._results()), content_type=NDJSON)

    @route("/interop/v1/jobs/<string:token>/download", "GET", interface="rest-{resource}")
    def download(self, token):
        """What an export wrote."""
        job = self._job(token)
        if job.kind != "export" or job.state != "done":
            raise Problem(409, "job.state", "There is nothing to download (yet).")
        # In pieces: an export may be larger than what a worker should hold.
        return Response(
            b"".join(job._download()) if job.size < 8_000_000 else _stream(job), content_type=NDJSON,
            headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{job.resource}.ndjson"'},
        )  # fmt: skip

    def _job(self, token: str):
        """A job of the caller's own; a foreign one looks like one that does not exist.

        :raises Problem: 404; or 403 when its scopes were taken away meanwhile
        """
        jobs = request.env(su=True)["interop.rest.job"]
        job = jobs.search(
            [
                ("token", "=", token[:64].replace("\0", "")),
                ("account_id", "=", request.dispatcher.caller.account_id),
                ("expires_at", ">", fields.Datetime.now()),
            ]
        )
        if not job:
            request.dispatcher._enter("front-door", declared=True)  # guessing tokens counts like every request
            raise Problem(404, "job", "There is no such job of yours.")
        resource = find(job.resource)
        enter(resource, "s" if job.kind == "export" else "c")
        if job.phi and not sees_phi(resource):
            raise Problem(403, "scope", "This export holds protected information.")
        return job

    def _state(self, job) -> dict:
        state = {
            "job": job.token,
            "kind": job.kind,
            "resource": job.resource,
            "state": job.state,
            "records": job.record_count,
            "expires_at": job.expires_at.isoformat() + "Z",
        }
        if job.kind == "import":
            counts = job._counts()
            open_lines = counts["waiting"]
            state["state"] = "running" if open_lines else "done"
            state["lines"] = counts
            state["results"] = f"/interop/v1/jobs/{job.token}/results"
        elif job.state == "done":
            state["download"] = f"/interop/v1/jobs/{job.token}/download"
            state["bytes"] = job.size
        if job.error_code:
            state["error"] = job.error_code
        return state


def _stream(job):
    """The pieces of an export, on a cursor of their own: the request's is closed before they are sent."""
    registry, record_id = job.env.registry, job.id
    with registry.cursor() as cr:
        yield from job.with_env(job.env(cr=cr)).browse(record_id)._download()
