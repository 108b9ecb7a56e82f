"""HTTP's side of FHIR: media types, preferences, and errors as OperationOutcomes."""

from __future__ import annotations

import functools
import re
from urllib.parse import parse_qsl

from odoo.http import Response, request

from odoo.addons.interop_api import problem
from odoo.addons.interop_api.problem import Problem

from ..bundles import BundleServer
from ..codec import jsonio, outcome
from ..codec.issues import FhirError
from ..errors import check_pairs, refused
from ..server import Answer, Conditions

TYPE = "application/fhir+json"
_JSON = frozenset((TYPE, "application/json", "text/json", "json", "application/json+fhir"))
_ANY = frozenset(("*/*", "application/*", ""))
_KEY = re.compile(r'"((?:[^"\\]|\\["\\])*)"\Z')


def respond(answer: Answer) -> Response:
    """An answer as a response."""
    headers = {**answer.headers, "Cache-Control": "no-store"}
    if answer.resource is None:
        response = Response(b"", status=answer.status, headers=headers)
        response.headers.remove("Content-Type")
        return response
    body = jsonio.dump(answer.resource)
    return Response(body, status=answer.status, headers=headers, content_type=f"{TYPE}; fhirVersion=4.0")


def of_failure(failure: FhirError) -> Response:
    """A refusal as a response."""
    return respond(Answer(failure.status, outcome.of_error(failure), dict(failure.headers)))


def render(error: Problem) -> Response:
    """An error of the door as an OperationOutcome; its id is in the diagnostics."""
    detail = error.detail or "The request was refused."
    document = outcome.of_status(error.code, f"{detail} ({error.instance})", error.members.get("location", ""))
    headers = {name: str(value) for name, value in error.extra_headers.items()}
    return respond(Answer(error.code, document, headers))


problem.RENDERERS["fhir"] = render
problem.PREFIXES["/fhir/"] = "fhir"


def fhir(endpoint):
    """Make an endpoint that returns an :class:`Answer` one that returns a response.

    What it refuses is answered, not raised: the refused message stays stored as evidence.
    """

    @functools.wraps(endpoint)
    def answering(self, *args, **kwargs):
        try:
            check_accept()
            return respond(endpoint(self, *args, **kwargs))
        except FhirError as failure:
            return of_failure(failure)

    return answering


def check_accept() -> None:
    """Refuse whoever wants something other than JSON.

    :raises FhirError: 406
    """
    wished = next((value for name, value in query_pairs() if name == "_format"), None)
    if wished is not None:
        if wished.partition(";")[0].replace(" ", "+").lower() not in _JSON:
            raise refused(406, "not-supported", "http._format", f"This server speaks {TYPE} only.")
        return
    accepted = [part.partition(";") for part in request.httprequest.headers.get("Accept", "*/*").split(",")]
    types = {kind.strip().lower() for kind, _semicolon, rest in accepted if "q=0" not in rest.replace("q=0.", "")}
    if not types & (_JSON | _ANY):
        raise refused(406, "not-supported", "http.Accept", f"This server speaks {TYPE} only.")


def query_pairs() -> list[tuple[str, str]]:
    """Parameters of the URL, in order."""
    return parse_pairs(request.httprequest.query_string)


def parse_pairs(content: bytes) -> list[tuple[str, str]]:
    """Parameters of a URL or form.

    :raises FhirError: 400 for too many, and for what is no text
    """
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=100, errors="strict")
    except UnicodeDecodeError:
        raise refused(400, "invalid", "http", "The parameters are not UTF-8.") from None
    except ValueError:
        raise refused(400, "too-costly", "http", "A request may have 100 parameters.") from None
    check_pairs(pairs)
    return pairs


def read_body(*, empty: bool = False) -> bytes:
    """The request's body, of one of FHIR's JSON types.

    :raises FhirError: 415 for another type, 400 when it is empty
    """
    from odoo.addons.interop_api import body as request_body

    content = request_body.read(request.httprequest, request.dispatcher.quota.body)
    if not content.strip():
        if empty:
            return b""
        raise refused(400, "required", "", "The body is empty.")
    mimetype = request.httprequest.mimetype
    if mimetype not in _JSON:
        failure = refused(415, "not-supported", "http.Content-Type", f"The body must be {TYPE}.")
        failure.headers["Accept-Post"] = TYPE
        raise failure
    charset = request.httprequest.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise refused(415, "not-supported", "http.Content-Type", "The body must be UTF-8.")
    return content


def conditions() -> Conditions:
    """What the headers say.

    :raises FhirError: 400 for a preference or key that cannot be read
    """
    headers = request.httprequest.headers
    prefer = {
        name.strip().lower(): value.strip()
        for part in re.split(r"[;,]", headers.get("Prefer", ""))
        for name, _equals, value in [part.partition("=")]
    }
    wanted = prefer.get("return", "representation")
    if wanted not in ("minimal", "representation", "OperationOutcome"):
        wanted = "representation"
    return Conditions(
        if_match=headers.get("If-Match", ""),
        if_none_match=headers.get("If-None-Match", ""),
        if_none_exist=headers.get("If-None-Exist", ""),
        if_modified_since=headers.get("If-Modified-Since", ""),
        prefer=wanted,
        strict=prefer.get("handling") == "strict",
        key=idempotency_key(headers.get("Idempotency-Key", "").strip()),
    )


def idempotency_key(header: str) -> str:
    """The ``Idempotency-Key`` within the caller's own space, ``""`` when there is none."""
    if not header:
        return ""
    match = _KEY.match(header)
    key = re.sub(r"\\(.)", r"\1", match[1]) if match else header
    if not key or len(key) > 255 or not key.isascii() or not key.isprintable() or (not match and '"' in key):
        raise refused(400, "invalid", "http.Idempotency-Key", "The key has 1 to 255 printable characters.")
    return f"{request.dispatcher.caller.account_id}:{request.httprequest.method}:{request.httprequest.path}:{key}"


def server() -> BundleServer:
    """The FHIR server for the caller of this request."""
    dispatcher = request.dispatcher
    return BundleServer(
        request.env,
        dispatcher.interface,
        lambda kind, letter: dispatcher.allows("system", kind, letter),
        base(),
        max_entries=dispatcher.quota.bundle,
        content_type=request.httprequest.content_type or TYPE,
        trace_id=dispatcher.trace.trace_id,
    )


def base() -> str:
    """Our base URL as the client sees it, with ``/`` at its end."""
    return f"{request.httprequest.url_root.rstrip('/')}/fhir/r4/"
