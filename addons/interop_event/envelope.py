"""What goes over the wire for one event (pure Python): Standard Webhooks or CloudEvents 1.0.

An event is thin: who, what, when, and where to ask for more. Its attributes
are added only for subscriptions that may have them.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

STANDARD, STRUCTURED, BINARY = "standard", "ce_structured", "ce_binary"
#: Standard Webhooks asks for less than 20 kB.
MAX_BODY = 20_000
JSON_TYPE, CLOUDEVENT_TYPE = "application/json", "application/cloudevents+json"


class Event(NamedTuple):
    """One event as the senders need it."""

    uuid: str
    type: str
    subject: str
    object: str
    sequence: int
    company_id: int | None
    facility: str | None
    occurred_at: datetime
    trace: str | None
    link: str | None
    attributes: dict | None
    version: int = 1


class Envelope(NamedTuple):
    """A rendered event: body, content type and further headers."""

    body: bytes
    content_type: str
    headers: dict[str, str]


def timestamp(at: datetime) -> str:
    """RFC 3339 in UTC; naive values are UTC."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def data_of(event: Event, with_data: bool) -> dict:
    """The data of an event."""
    data = {"subject": event.subject, "object": event.object, "sequence": event.sequence}
    if event.company_id:
        data["company"] = event.company_id
    if event.facility:
        data["facility"] = event.facility
    if event.link:
        data["links"] = {"self": event.link}
    if with_data and event.attributes:
        data["attributes"] = event.attributes
    return data


def context_of(event: Event, source: str) -> dict[str, str]:
    """The CloudEvents context attributes of an event, without ``datacontenttype``."""
    context = {
        "specversion": "1.0",
        "id": event.uuid,
        "source": source,
        "type": event.type,
        "subject": event.subject,
        "time": timestamp(event.occurred_at),
        "dataschema": f"/interop/v1/events/schema/{event.type}/{event.version}",
        "sequence": str(event.sequence),
    }
    if event.trace:
        context["traceparent"] = event.trace
    return context


def structured(event: Event, source: str, with_data: bool) -> dict:
    """The whole event as one CloudEvents object."""
    return {**context_of(event, source), "datacontenttype": JSON_TYPE, "data": data_of(event, with_data)}


def render(event: Event, mode: str, source: str, with_data: bool = False) -> Envelope:
    """The body and headers of an event.

    :param mode: ``standard``, ``ce_structured`` or ``ce_binary``
    :param source: URI reference of this database, the CloudEvents source
    :param with_data: whether its attributes go along; left out when the body would become too large
    """
    data = data_of(event, with_data)
    if mode == STANDARD:
        body = {"type": event.type, "timestamp": timestamp(event.occurred_at), "data": data}
        envelope = Envelope(_dump(body), JSON_TYPE, {"traceparent": event.trace} if event.trace else {})
    elif mode == STRUCTURED:
        envelope = Envelope(_dump(structured(event, source, with_data)), CLOUDEVENT_TYPE, {})
    else:
        context = context_of(event, source)
        headers = {f"ce-{name}": quote(value, safe=_HEADER_SAFE) for name, value in context.items()}
        envelope = Envelope(_dump(data), JSON_TYPE, headers)
    if len(envelope.body) >= MAX_BODY and with_data:
        return render(event, mode, source, with_data=False)
    return envelope


def render_message(event: Event, mode: str, source: str, with_data: bool = False) -> Envelope:
    """The same for a message broker, whose headers need no quoting: CloudEvents, binary unless asked otherwise.

    Source: CloudEvents AMQP binding 1.0.2, section 3.1.3, with the underscore that JMS can read too.
    """
    if mode == STRUCTURED:
        return render(event, mode, source, with_data)
    body = _dump(data_of(event, with_data))
    if len(body) >= MAX_BODY and with_data:
        return render_message(event, mode, source)
    headers = {f"cloudEvents_{name}": value for name, value in context_of(event, source).items()}
    return Envelope(body, JSON_TYPE, headers)


#: Printable ASCII but the space, double quote and percent sign (CloudEvents HTTP binding 1.0.2, section 3.1.3.2).
_HEADER_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def _dump(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
