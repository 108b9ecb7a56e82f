import json
import re
from datetime import UTC, datetime

from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import Response, request

from odoo.addons.interop_api import body
from odoo.addons.interop_api.problem import Problem

from ..envelope import BINARY, STANDARD, STRUCTURED
from .events import LARGEST_PAGE, PAGE, answer, number

MAX_BODY = 64 * 1024
MOST = 50  #: subscriptions of one account
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
FORMATS = {"standard": STANDARD, "cloudevents": STRUCTURED, "cloudevents-binary": BINARY}
_FORMAT_NAMES = {value: name for name, value in FORMATS.items()}
#: Member of a request -> (field, type, how it is stored)
MEMBERS = {
    "name": ("name", str),
    "events": ("patterns", list),
    "url": ("url", str),
    "format": ("mode", str),
    "ordered": ("ordering", bool),
    "attributes": ("with_data", bool),
    "facilities": ("facilities", list),
    "filter": ("filter", dict),
    "company": ("company_id", int),
    "connections": ("parallel", int),
}
PATH = "/interop/v1/subscriptions"


def route(path, *verbs):
    return http.route(
        path, type="interop", auth="interop", verbs=verbs, interface="events", save_session=False, readonly=False
    )


def require(verb: str) -> None:
    """Raise unless the caller's scopes allow it; ``verb`` is a letter of ``cruds``."""
    request.dispatcher.require("interop", "subscription", verb)


class SubscriptionController(http.Controller):
    """A partner's own subscriptions."""

    @route(PATH, "GET", "POST")
    def collection(self):
        """The subscriptions of the account; POST makes one and tells its signing secret, once."""
        if request.httprequest.method == "POST":
            require("c")
            return self._create()
        require("s")
        return answer({"subscriptions": [_document(record) for record in self._own()]})

    def _create(self):
        values = _values(body.read_json(request.httprequest, MAX_BODY))
        if missing := {"url", "events"} - {name for name, (field, _kind) in MEMBERS.items() if field in values}:
            raise Problem(422, "subscription.missing", f"Missing: {', '.join(sorted(missing))}.")
        account = self._account()
        if len(self._own()) >= MOST:
            raise Problem(409, "subscription.many", f"An account has {MOST} subscriptions at most.")
        values.setdefault("name", f"{account.name}: {values['patterns']}")
        values.setdefault("company_id", account.company_id.id or request.env["res.company"].search([], limit=1).id)
        record = self._guarded(
            lambda: request.env["interop.subscription"].create(
                {**values, "kind": "webhook", "account_id": account.id, "owner_id": account.owner_id.id}
            )
        )
        self._assert_gets_something(record)
        secret = record._add_secret()
        self._guarded(record.action_activate)
        return answer({**_document(record), "secret": secret}, 201, Location=f"{PATH}/{record.uuid}")

    @route(f"{PATH}/<string:uuid>", "GET", "PATCH", "DELETE")
    def one(self, uuid):
        """One subscription with its figures; PATCH changes what is given, DELETE ends it."""
        method = request.httprequest.method
        require({"PATCH": "u", "DELETE": "d"}.get(method, "r"))
        record = self._find(uuid)
        if method == "DELETE":
            record.unlink()
            return Response(status=204)
        if method == "PATCH":
            values = _values(body.read_json(request.httprequest, MAX_BODY))
            self._guarded(lambda: record.write(values))
            self._assert_gets_something(record)
        return answer(_document(record))

    @route(f"{PATH}/<string:uuid>/<any(test,pause,resume,recover):verb>", "POST")
    def act(self, uuid, verb):
        """Send a test event, pause, resume, or recover after it was disabled."""
        require("u")
        record = self._find(uuid)
        self._guarded(getattr(record, f"action_{verb}"))
        return answer(_document(record))

    @route(f"{PATH}/<string:uuid>/secret", "POST")
    def secret(self, uuid):
        """A new secret; the former ones stay in force for a day. ``{"kind": "ed25519"}`` for a key pair."""
        require("u")
        record = self._find(uuid)
        content = body.read_json(request.httprequest, MAX_BODY) if request.httprequest.content_length else {}
        kind = content.get("kind", "hmac") if isinstance(content, dict) else None
        if kind not in ("hmac", "ed25519"):
            raise Problem(422, "subscription.kind", "The kind is hmac or ed25519.")
        return answer({"verify_with": self._guarded(lambda: record._add_secret(kind))}, 201)

    @route(f"{PATH}/<string:uuid>/replay", "POST")
    def replay(self, uuid):
        """Send again from a cursor (``{"after": "123"}``) or a moment (``{"since": "2026-03-02T12:00:00Z"}``)."""
        require("u")
        record = self._find(uuid)
        if record.state not in ("active", "paused"):
            raise Problem(409, "subscription.state", "The subscription is not active.")
        content = body.read_json(request.httprequest, MAX_BODY)
        again = content.get("delivered") is True
        if isinstance(since := content.get("since"), str):
            count = record._replay(since=_moment(since), again=again)
        elif str(after := content.get("after", "")).isdigit() and int(after) < 2**31:
            count = record._replay(position=int(after) + 1, again=again)
        else:
            raise Problem(422, "subscription.replay", "Say after which cursor, or since which moment.")
        return answer({"events": count}, 202)

    @route(f"{PATH}/<string:uuid>/deliveries", "GET")
    def deliveries(self, uuid):
        """The delivery log, newest first; ``state`` and ``before`` (an id of this log) narrow it down."""
        require("r")
        record = self._find(uuid)
        domain = [("subscription_id", "=", record.id)]
        if before := number("before", 0):
            domain.append(("id", "<", before))
        if state := request.httprequest.args.get("state"):
            domain.append(("state", "=", state))
        found = request.env["interop.delivery"].search(
            domain, limit=number("limit", PAGE, LARGEST_PAGE), order="id desc"
        )
        return answer({"deliveries": [_delivery(delivery) for delivery in found]})

    # -- helpers -------------------------------------------------------------

    def _account(self):
        return request.env["interop.service.account"].browse(request.dispatcher.caller.account_id)

    def _own(self):
        return request.env["interop.subscription"].search([("account_id", "=", self._account().id)])

    def _find(self, uuid):
        """The account's subscription; a foreign one looks like one that does not exist."""
        record = request.env["interop.subscription"]
        if _UUID.match(uuid):
            record = record.search([("uuid", "=", uuid), ("account_id", "=", self._account().id)])
        if not record:
            raise Problem(404, "subscription", "There is no such subscription of yours.")
        return record

    def _guarded(self, work):
        try:
            with request.env.cr.savepoint():
                return work()
        except ValidationError as error:
            raise Problem(422, "subscription.invalid", str(error.args[0])) from None
        except UserError as error:
            raise Problem(409, "subscription.state", str(error.args[0])) from None

    def _assert_gets_something(self, record):
        """An account that may see none of what it asks for is told so, not left waiting."""
        wanted = request.env["interop.event.type"]._named(record._pattern_list())
        if not record.type_ids:
            if wanted:
                raise Problem(403, "scope", "The scopes of this account allow none of these events.")
            raise Problem(422, "subscription.events", "No event type fits; see /interop/v1/events/catalog.")


def _values(content) -> dict:
    """Field values from a request.

    :raises Problem: 422 for unknown members and wrong types
    """
    if not isinstance(content, dict):
        raise Problem(422, "subscription.body", "The body is a JSON object.")
    values = {}
    for name, value in content.items():
        field, kind = MEMBERS.get(name, (None, None))
        if field is None:
            raise Problem(422, "subscription.member", "A member is not known.", known=sorted(MEMBERS))
        optional = name in ("facilities", "filter") and value is None
        if not optional and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise Problem(422, "subscription.type", f"The member {name} has another type.")
        if kind is list and any(not isinstance(item, str) or "," in item for item in value or ()):
            raise Problem(422, "subscription.type", f"The member {name} is a list of texts.")
        if name == "format" and value not in FORMATS:
            raise Problem(422, "subscription.format", f"The format is one of {', '.join(FORMATS)}.")
        if name == "company" and value not in (request.dispatcher.caller.company_ids or {value}):
            raise Problem(403, "company", "This account may not see events of this company.")
        if name == "connections" and not 1 <= value <= 32:
            raise Problem(422, "subscription.connections", "An endpoint has 1 to 32 connections.")
        values[field] = _stored(name, kind, value)
    return values


def _stored(name: str, kind: type, value):
    """A member of a request as its field stores it."""
    if name == "format":
        return FORMATS[value]
    if name == "ordered":
        return "subject" if value else "none"
    if name == "filter" and value is not None:
        return json.loads(json.dumps(value, default=float))  # numbers were read as decimals
    return ",".join(value or ()) or False if kind is list else value


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, "subscription.replay", "The moment is not in ISO 8601.") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _time(value) -> str | None:
    return value.isoformat(timespec="seconds") + "Z" if value else None


def _document(record) -> dict:
    return {
        "id": record.uuid,
        "name": record.name,
        "state": record.state,
        "reason": record.disabled_reason or None,
        "events": record._pattern_list(),
        "types": sorted(record.type_ids.mapped("code")),
        "url": record.url,
        "format": _FORMAT_NAMES[record.mode],
        "ordered": record.ordering == "subject",
        "attributes": record.with_data,
        "company": record.company_id.id or None,
        "facilities": [part for part in (record.facilities or "").split(",") if part],
        "filter": record.filter or None,
        "connections": record.parallel,
        "health": record.health,
        "waiting": record.waiting_count,
        "failed": record.failed_count,
        "success_rate": round(record.success_rate, 4),
        "latency_ms": record.latency,
        "last_success": _time(record.last_success),
        "last_failure": _time(record.last_failure),
        "last_error": record.last_error or None,
    }


def _delivery(delivery) -> dict:
    return {
        "id": delivery.id,
        "event": delivery.event_uuid,
        "type": delivery.event_type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status or None,
        "error": delivery.error_code or None,
        "ambiguous": delivery.ambiguous,
        "next_attempt": _time(delivery.next_attempt),
        "delivered_at": _time(delivery.done_at),
        "latency_ms": delivery.milliseconds or None,
    }
