import json
import re

from odoo import http
from odoo.http import Response, request

from .. import body as request_body
from ..problem import Problem

_KEY = re.compile(r'"((?:[^"\\]|\\["\\])*)"\Z')


class InboundController(http.Controller):
    """The way in for messages of any format."""

    @http.route(
        "/interop/v1/inbound/<string:interface_code>",
        type="interop",
        auth="interop",
        verbs=("POST",),
        save_session=False,
        readonly=False,
    )
    def inbound(self, interface_code):
        """Take one request body, store what is in it, and answer in the format of the interface."""
        httprequest = request.httprequest
        interface = self._interface()
        handler = interface._handler()
        mimetype = httprequest.mimetype
        if mimetype not in handler._content_types:
            accepted = list(handler._content_types)
            raise Problem(
                415,
                "body.type",
                "This interface does not take this content type.",
                headers={"Accept-Post": ", ".join(accepted)},
                accepted=accepted,
            )
        speaks_json = handler._response_type == "application/json"
        key = self._idempotency_key() if speaks_json else ""
        content = request_body.read(httprequest, interface.max_body_bytes)
        if not content.strip():
            raise Problem(400, "body.empty", "The body is empty.")
        reception = request.env["interop.message"]._receive(
            interface, content, httprequest.content_type, request.dispatcher.trace.trace_id, key=key
        )
        if speaks_json:
            return self._json_answer(reception, key)
        response = Response(reception.body, content_type=reception.content_type)
        if len(reception.results) == 1:
            # Formats with answers of their own have no room for our number: it opens GET /interop/v1/messages/<uuid>.
            response.headers["Interop-Message"] = reception.results[0].uuid
        return response

    def _interface(self):
        """The interface that the dispatcher found open to the caller; what only serves takes no messages."""
        interface = request.dispatcher.interface
        if interface.direction != "in":
            raise Problem(403, "interface", "This account may not use this interface.")
        return interface

    def _idempotency_key(self) -> str:
        """The ``Idempotency-Key`` (a structured-field string, quoted or bare), within the caller's own space."""
        header = request.httprequest.headers.get("Idempotency-Key", "").strip()
        if not header:
            return ""
        match = _KEY.match(header)
        key = re.sub(r"\\(.)", r"\1", match[1]) if match else header
        if not key or len(key) > 255 or not key.isascii() or not key.isprintable() or (not match and '"' in key):
            raise Problem(400, "idempotency.key", "Idempotency-Key must be a string of 1 to 255 printable characters.")
        return f"{request.dispatcher.caller.account_id}:{key}"

    def _json_answer(self, reception, key: str) -> Response:
        results = [
            {"uuid": result.uuid, "status": result.status, "state": result.state} for result in reception.results
        ]
        for entry, result in zip(results, reception.results, strict=True):
            if error := _error_of(result.acknowledgement):
                entry["error"] = error
        # Conflicts and rejections are stored as evidence: answered, not raised, so that they are committed.
        if key and any(entry["status"] == "conflict" for entry in results):
            return Problem(
                422, "idempotency.conflict", "This Idempotency-Key was used for another body.", messages=results
            ).to_response()
        if results and all(entry["state"] == "rejected" for entry in results):
            return Problem(422, "message.rejected", "The message was refused.", messages=results).to_response()
        answer = results[0] if len(results) == 1 else results
        return Response(json.dumps(answer), status=202, content_type="application/json")


def _error_of(acknowledgement: bytes) -> dict | None:
    """The error that a JSON handler's acknowledgement reports."""
    try:
        document = json.loads(acknowledgement)
    except ValueError:
        return None
    return document.get("error") if isinstance(document, dict) else None
