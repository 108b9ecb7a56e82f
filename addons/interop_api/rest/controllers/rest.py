from urllib.parse import urlencode

from pydantic import ValidationError

from odoo import http
from odoo.http import Response, request

from odoo.addons.interop_hub.exceptions import NeedsPerson

from ... import body as request_body
from ...problem import Problem
from .. import conditions, cursor, envelope, ids, query, reader
from ..answer import VARY, json_bytes, json_response, nothing
from ..resource import lookup


def route(path, *verbs, **options):
    """A route of the REST API, as the partner; its resource's interface is looked up by :func:`enter`."""
    options.setdefault("interface", "rest-{name}")
    return http.route(
        path, type="interop", auth="interop", verbs=verbs, identity="partner", save_session=False,
        readonly=options.pop("readonly", False), **options,
    )  # fmt: skip


class RestController(http.Controller):
    """List, search, read, create and update of every resource; the resources themselves are declared elsewhere."""

    @route("/interop/v1/<string:name>", "GET", "POST")
    def collection(self, name):
        """A page of records, or a new record."""
        resource = find(name)
        if request.httprequest.method == "POST":
            return self._create(resource)
        enter(resource, "s")
        arguments = request.httprequest.args
        question = ask(resource, arguments.items(multi=True), in_url=True)
        return self._page(resource, question, [(key, value) for key, value in arguments.items() if key != "cursor"])

    @route("/interop/v1/<string:name>/$search", "POST")
    def search(self, name):
        """The same by a body: the only way to filter by protected information, as URLs are logged everywhere."""
        resource = find(name)
        enter(resource, "s")
        return self._page(resource, ask(resource, body_parameters(), in_url=False), None)

    @route("/interop/v1/<string:name>/<string:token>", "GET", "PATCH")
    def record(self, name, token):
        """One record, read or changed."""
        resource = find(name)
        if request.httprequest.method == "PATCH":
            return self._update(resource, token)
        enter(resource, "r")
        question = ask(resource, request.httprequest.args.items(multi=True), in_url=True, single=True)
        record = self._record(resource, token, question.names)
        content = json_bytes(record)
        return json_response(content, etag=conditions.etag_of(content), headers=_applied(question))

    def _page(self, resource, question, parameters) -> Response:
        question.limit = min(question.limit, request.dispatcher.quota.page)
        page = reader.read_page(request.env, resource, question)
        following = cursor.seal(page.position, question.binding) if page.position else None
        headers = _applied(question)
        if following and parameters is not None:
            link = f"/interop/v1/{resource.name}"
            headers["Link"] = f'<{link}?{url_of([*parameters, ("cursor", following)])}>; rel="next"'
        records = json_bytes(page.records)
        # Not of the cursor: it is sealed anew each time.
        tag = conditions.etag_of(records + str(page.position).encode())
        content = b'{"data":%b,"next_cursor":%b}' % (records, json_bytes(following))
        return json_response(content, etag=tag, headers=headers)

    def _record(self, resource, token: str, names) -> dict:
        record_id = ids.decode(resource.model, token)
        record = reader.read_one(request.env, resource, record_id, names) if record_id else None
        if record is None:
            raise Problem(404, "record", "There is no such record.")
        return record

    # -- writing -----------------------------------------------------------------

    def _create(self, resource) -> Response:
        if resource.create is None:
            raise Problem(405, "method", "This resource is read only.", headers={"Allow": "GET, HEAD, OPTIONS"})
        enter(resource, "c")
        return self._receive(resource, envelope.CREATE, "", validate(resource, resource.create, json_body()))

    def _update(self, resource, token: str) -> Response:
        if resource.update is None:
            raise Problem(405, "method", "This resource is read only.", headers={"Allow": "GET, HEAD, OPTIONS"})
        enter(resource, "u")
        data = validate(resource, resource.update, json_body("application/merge-patch+json"))
        current = self._record(resource, token, query.visible(resource, sees_phi(resource)))
        header = request.httprequest.headers.get("If-Match")
        key = request.httprequest.headers.get("Idempotency-Key")
        if not header:
            raise Problem(428, "precondition.missing", "Read the record first and send its ETag in If-Match.")
        if not conditions.match(header, conditions.etag_of(json_bytes(current))) and not (
            key and self._is_known(resource, token, data)
        ):
            raise Problem(412, "precondition", "The record was changed meanwhile: read it again.")
        return self._receive(resource, envelope.UPDATE, token, data)

    def _letter(self, resource, operation: str, token: str, data):
        return envelope.Letter.write(request.dispatcher.caller.account_id, resource, operation, token, data)

    def _inbound(self, resource, operation: str, token: str, data):
        try:
            key = conditions.idempotency_key(request.httprequest.headers.get("Idempotency-Key"))
        except ValueError as error:
            raise Problem(400, "idempotency.key", str(error)) from None
        letter = self._letter(resource, operation, token, data)
        return letter.inbound(resource, data, key=key, trace_id=request.dispatcher.trace.trace_id)

    def _is_known(self, resource, token: str, data) -> bool:
        """Whether this very change was done before: its repetition comes with the tag from before it."""
        inbound = self._inbound(resource, envelope.UPDATE, token, data)
        return request.env(su=True)["interop.message"]._rest_known(exchange(), inbound)

    def _receive(self, resource, operation: str, token: str, data) -> Response:
        """Hand a write to the inbox and say what became of it."""
        interface = exchange()
        inbound = self._inbound(resource, operation, token, data)
        now = request.env(su=True)["interop.message"]._receive_now(interface, inbound)
        headers = {"Interop-Message": now.uuid}
        if now.status == "duplicate":
            headers["Idempotency-Replayed"] = "true"
        if now.status == "conflict":
            return Problem(
                422, "idempotency.conflict", "This Idempotency-Key was used for another body.", headers=headers
            ).to_response()
        state, error, result = request.env(su=True)["interop.message"]._rest_outcome(now)
        if state == "done":
            return self._written(resource, result, headers)
        if state == "rejected":
            return refusal(error, headers)
        waiting = {"message": now.uuid, "state": state, "status": f"/interop/v1/messages/{now.uuid}"}
        if isinstance(error, NeedsPerson):
            waiting["detail"] = "The change was taken in; a person has to decide about it first."
        return json_response(
            json_bytes(waiting), status=202, headers={**headers, "Location": f"/interop/v1/messages/{now.uuid}"}
        )

    def _written(self, resource, result: dict, headers: dict) -> Response:
        prefer = conditions.Prefer.parse(request.httprequest.headers.get("Prefer"))
        created = bool(result.get("created"))
        status = 201 if created else 200
        token = result.get("id")
        if token:
            headers["Location"] = f"/interop/v1/{resource.name}/{token}"
        if prefer.applied:
            headers["Preference-Applied"] = prefer.applied
        may_read = request.dispatcher.allows("interop", resource.scope, "r")
        record = None
        if token and may_read:
            names = query.visible(resource, sees_phi(resource))
            record_id = ids.decode(resource.model, token)
            request.env.flush_all()
            record = reader.read_one(request.env, resource, record_id, names)
        if record is not None:
            headers["ETag"] = f'"{conditions.etag_of(json_bytes(record))}"'
        answer = {"id": token, "created": created, "authority": result.get("authority", [])}
        if prefer.representation == "minimal" and not created and not answer["authority"]:
            return nothing(headers)
        if record is not None and prefer.representation != "minimal":
            answer["data"] = record
        return json_response(json_bytes(answer), status=status, headers=headers)


# -- what the routes of the API have in common ------------------------------------------


def find(name: str):
    """The resource of a name.

    :raises Problem: 404
    """
    resource = lookup(request.env, name)
    if resource is None:
        request.dispatcher._enter("front-door", declared=True)  # guessing names counts like every request
        raise Problem(404, "route", "There is no such resource.")
    return resource


def enter(resource, verb: str) -> None:
    """Check the resource's interface and the caller's scope.

    :raises Problem: 403
    :raises Closed: the resource is paused or retired
    """
    request.dispatcher._enter(resource.interface_code(), declared=True)
    request.dispatcher.require("interop", resource.scope, verb)


def sees_phi(resource) -> bool:
    return (
        request.dispatcher.allows("interop", resource.scope, "phi")
        and request.dispatcher.interface.classification == "phi"
    )


def ask(resource, parameters, *, in_url: bool, single: bool = False):
    """Parameters as a question.

    :raises Problem: 400, or 403 for what needs a further scope
    """
    prefer = conditions.Prefer.parse(request.httprequest.headers.get("Prefer"))
    try:
        return query.parse(
            resource,
            parameters,
            phi=sees_phi(resource),
            account_id=request.dispatcher.caller.account_id,
            strict=prefer.handling == "strict",
            in_url=in_url,
            single=single,
        )
    except query.BadQuery as error:
        code = "scope" if error.status == 403 else "parameters"
        raise Problem(error.status, code, "Some parameters cannot be used.", errors=error.errors) from None


def json_body(*more: str):
    """The body as an object.

    :raises Problem: 400, 413 or 415
    """
    accepted = ["application/json", *more]
    if request.httprequest.mimetype not in accepted:
        raise Problem(415, "body.type", "Send JSON.", headers={"Accept-Post": ", ".join(accepted)}, accepted=accepted)
    quota = request.dispatcher.quota
    document = request_body.read_json(request.httprequest, quota.body, quota.depth)
    if not isinstance(document, dict):
        raise Problem(422, "body.object", "The body must be an object.",
                      errors=[{"pointer": "", "code": "object", "detail": "Expected an object."}])  # fmt: skip
    return document


def body_parameters() -> list[tuple]:
    """The parameters of a search or an export: a JSON object, or no body at all."""
    if not request.httprequest.content_length and not request.httprequest.mimetype:
        return []
    document = json_body()
    for name, value in document.items():
        plain = value if isinstance(value, list) else [value]
        if any(isinstance(item, (dict, list)) or item is None for item in plain):
            raise Problem(400, "parameters", "Some parameters cannot be used.",
                          errors=[{"parameter": name[:64], "code": "parameter.value",
                                   "detail": "Values are texts, numbers, true or false, or lists of them."}])  # fmt: skip
    return list(document.items())


def validate(resource, schema, document: dict):
    """What was sent as the schema's type.

    :raises Problem: 422 with a pointer per error, 403 for protected fields without their scope
    """
    errors = validation_errors(resource, schema, document)
    if isinstance(errors, list):
        raise Problem(422, "body.content", "The body does not fit the schema.", errors=errors)
    if not sees_phi(resource) and (hidden := sorted(errors.model_fields_set & resource.phi_fields())):
        raise Problem(
            403, "scope", "These fields need the scope for protected information.",
            errors=[{"pointer": f"/{name}", "code": "scope.phi", "detail": "Not without its scope."} for name in hidden],
        )  # fmt: skip
    return errors


def validation_errors(resource, schema, document):
    """The validated data, or a list of errors that show no value."""
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        return [
            {
                "pointer": "".join("/" + str(part).replace("~", "~0").replace("/", "~1")[:64] for part in entry["loc"]),
                "code": entry["type"],
                "detail": entry["msg"],
            }
            for entry in error.errors(include_input=False, include_url=False, include_context=False)
        ]


def exchange(batch: bool = False):
    """The inbound interface that this account's writes come in by.

    :param batch: prefer one on a batch lane
    :raises Problem: 403 when it has none
    :raises Closed: it is paused or retired
    """
    interfaces = request.env(su=True)["interop.interface"]
    codes = interfaces._rest_exchanges(request.dispatcher.caller.interface_ids)
    if not codes:
        raise Problem(403, "interface", "This account has no interface that its writes could come in by.")
    wanted = [code for code, latency in codes if (latency == "batch") == batch] or [codes[0][0]]
    interface = interfaces._at_the_door(wanted[0])
    interface._assert_open()
    return interface


def refusal(error, headers: dict) -> Response:
    """The problem of a rejected write, as a response: its message stays as evidence."""
    entries = getattr(error, "errors", None) or [
        {"pointer": error.location or "", "code": error.code, "detail": error.text}
    ]
    status = getattr(error, "http_status", 422)
    return Problem(status, error.code, error.text, headers=headers, errors=entries).to_response()


def url_of(parameters) -> str:
    return urlencode(list(parameters))


def _applied(question) -> dict:
    headers = {"Vary": VARY}
    if question.ignored:
        headers["Preference-Applied"] = "handling=lenient"
    return headers
