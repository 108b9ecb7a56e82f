import json

from odoo import http
from odoo.http import Response, request

from odoo.addons.interop_api.problem import Problem

from .. import envelope

PAGE, LARGEST_PAGE = 100, 1000
_LARGEST = 2**31 - 1


def number(name: str, default: int, largest: int = _LARGEST) -> int:
    """A whole number from the query string.

    :raises Problem: 400 when it is none, or too large
    """
    text = request.httprequest.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > largest:
        raise Problem(400, "query", f"The parameter {name} is a whole number up to {largest}.")
    return int(text)


def answer(content, status: int = 200, **headers) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        json.dumps(content), status=status, content_type="application/json",
        headers={"Cache-Control": "no-store", **names},
    )  # fmt: skip


class EventController(http.Controller):
    """Events by cursor, for partners that missed some or cannot be called."""

    @http.route(
        "/interop/v1/events", type="interop", auth="interop", verbs=("GET",), interface="events",
        scope="interop/event.read", save_session=False, readonly=False,
    )  # fmt: skip
    def events(self):
        """Events after a cursor, oldest first, as CloudEvents.

        ``after`` is the cursor of the answer before (0: from the beginning of what is kept), ``type`` patterns by
        comma, ``limit`` up to 1000, ``attributes=1`` with attributes. A cursor never skips an event that commits late.
        """
        arguments = request.httprequest.args
        after, limit = number("after", 0), number("limit", PAGE, LARGEST_PAGE)
        patterns = [part for part in arguments.get("type", "*").split(",") if part]
        Subscription = request.env["interop.subscription"]
        account = request.env["interop.service.account"].browse(request.dispatcher.caller.account_id)
        types = Subscription._types_for(request.dispatcher.caller.grant, patterns)
        events, cursor = request.env["interop.event"]._after(
            after, max(limit, 1), types.ids, request.dispatcher.caller.company_ids, Subscription._facilities_of(account)
        )
        source = request.env["interop.event"]._source()
        with_data = arguments.get("attributes") == "1"
        return answer(
            {
                "events": [envelope.structured(event, source, with_data) for event in events],
                "cursor": str(cursor),
                "more": len(events) == limit,
            }
        )
