import json
import re

from odoo import http
from odoo.http import Response, request

from ..problem import Problem

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class MessageController(http.Controller):
    """What became of a message, for the partner that sent it."""

    @http.route(
        "/interop/v1/messages/<string:uuid>",
        type="interop",
        auth="interop",
        verbs=("GET",),
        interface="front-door",
        save_session=False,
        readonly=False,  # failed logins are counted, and the table of buckets is not on replicas
    )
    def message(self, uuid):
        """State, times and error code of one message; a foreign one looks like one that does not exist."""
        state = None
        if _UUID.match(uuid.lower()):
            state = request.env["interop.message"]._state_for_partner(
                uuid.lower(), request.dispatcher.caller.interface_ids
            )
        if state is None:
            raise Problem(404, "message", "There is no such message of yours.")
        return Response(json.dumps(state), content_type="application/json", headers={"Cache-Control": "no-store"})
