"""The catalog of events for partners: as JSON, as AsyncAPI 3.0, and as a page to read."""

from __future__ import annotations

import html
import json

from . import envelope

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1f2430}
h1{margin-bottom:0}h2{border-bottom:1px solid #d7dae0;margin-top:2.5rem;padding-bottom:.2rem}
article{margin:1.6rem 0}h3{margin:0;font:600 1.05rem ui-monospace,monospace}
.tag{background:#eef1f6;border-radius:.6rem;font-size:.8rem;margin-right:.4rem;padding:.1rem .5rem}
pre{background:#f6f7f9;border-radius:.4rem;overflow:auto;padding:.7rem}
table{border-collapse:collapse}td,th{border-bottom:1px solid #e4e7ec;padding:.2rem .8rem .2rem 0;text-align:left}
nav a{margin-right:.8rem}summary{cursor:pointer;color:#3b5bdb}
"""


def entry(kind) -> dict:
    """One event type as data."""
    return {
        "type": kind.code,
        "version": kind.version,
        "name": kind.name,
        "description": kind.description,
        "object": kind.object,
        "classification": kind.classification,
        "scope": kind.scope or None,
        "resource": kind.path or None,
        "owner": kind.owner_id.name or None,
        "schema": f"/interop/v1/events/schema/{kind.code}/{kind.version}",
        "attributes": kind.schema,
        "example": example(kind),
    }


def example(kind) -> dict:
    """What a subscriber of an event type gets, in the format of Standard Webhooks."""
    subject = "8d0c4fb2a7e94d5f9a3b6c1e2d7f8091"
    data = {"subject": subject, "object": kind.object, "sequence": 3, "company": 1}
    if kind.path:
        data["links"] = {"self": kind.path.replace("{id}", subject)}
    if kind.example:
        data["attributes"] = kind.example
    return {"type": kind.code, "timestamp": "2026-03-02T12:00:00.000Z", "data": data}


def data_schema(kind) -> dict:
    """JSON Schema of the ``data`` of an event of this type."""
    properties = {
        "subject": {"type": "string", "description": "Opaque id of what it is about, as in the REST resources"},
        "object": {"const": kind.object},
        "sequence": {"type": "integer", "description": "Number among the events of this subject, without gaps"},
        "company": {"type": "integer"},
        "facility": {"type": "string"},
        "links": {"type": "object", "properties": {"self": {"type": "string"}}},
        "attributes": {**kind.schema, "description": "Only for subscriptions that ask for attributes"},
    }
    return {"type": "object", "required": ["subject", "object", "sequence"], "properties": properties}


def asyncapi(kinds, server: str) -> dict:
    """The catalog as an AsyncAPI 3.0 document.

    :param server: base address of this Odoo
    """
    messages, operations = {}, {}
    for kind in kinds:
        name = kind.code.replace(".", "_")
        messages[name] = {
            "name": kind.code,
            "title": kind.name,
            "summary": kind.description,
            "contentType": envelope.JSON_TYPE,
            "headers": {"$ref": "#/components/schemas/headers"},
            "payload": {
                "type": "object",
                "required": ["type", "timestamp", "data"],
                "properties": {
                    "type": {"const": kind.code},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "data": data_schema(kind),
                },
            },
            "examples": [{"payload": example(kind)}],
        }
        operations[name] = {
            "action": "send",
            "channel": {"$ref": "#/channels/events"},
            "messages": [{"$ref": f"#/channels/events/messages/{name}"}],
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Business events",
            "version": "1",
            "description": "Events are posted to the subscriber's address and signed by Standard Webhooks 1.0.0.",
        },
        "servers": {"odoo": {"host": server.split("://", 1)[-1], "protocol": server.split("://", 1)[0]}},
        "defaultContentType": envelope.JSON_TYPE,
        "channels": {
            "events": {
                "address": None,
                "description": "The address of a subscription",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {
                "headers": {
                    "type": "object",
                    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
                    "properties": {
                        "webhook-id": {"type": "string", "description": "The same whenever this event is sent again"},
                        "webhook-timestamp": {"type": "string", "description": "Seconds since 1970"},
                        "webhook-signature": {"type": "string", "description": "v1 (HMAC) and v1a (ed25519)"},
                    },
                }
            },
        },
    }


def page(kinds) -> str:
    """The catalog as an HTML page."""
    groups: dict[str, list] = {}
    for kind in kinds:
        groups.setdefault(kind.object, []).append(kind)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Event catalog</title>',
        '<meta name="viewport" content="width=device-width"><style>', STYLE, "</style></head><body>",
        "<h1>Event catalog</h1>",
        f"<p>{len(kinds)} events. Machines read <a href='?format=json'>JSON</a> or "
        "<a href='/interop/v1/events/asyncapi.json'>AsyncAPI</a>.</p><nav>",
        *(f'<a href="#{_text(name)}">{_title(name)}</a>' for name in groups),
        "</nav>",
    ]  # fmt: skip
    for name, members in groups.items():
        parts.append(f'<h2 id="{_text(name)}">{_title(name)}</h2>')
        parts += [_article(kind) for kind in members]
    return "".join([*parts, "</body></html>"])


def _article(kind) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(name)}</code></td><td>{_text(_type_of(schema))}</td>"
        f"<td>{'required' if name in kind.schema.get('required', ()) else ''}</td>"
        f"<td>{_text(schema.get('description', ''))}</td></tr>"
        for name, schema in kind.schema.get("properties", {}).items()
    )
    table = f"<table><tr><th>Attribute</th><th>Type</th><th></th><th></th></tr>{rows}</table>" if rows else ""
    scope = f'<span class="tag">scope {_text(kind.scope)}</span>' if kind.scope else ""
    return (
        f'<article id="{_text(kind.code)}"><h3>{_text(kind.code)}</h3><p>{_text(kind.description)}</p>'
        f'<p><span class="tag">version {kind.version}</span><span class="tag">{_text(kind.classification)}</span>{scope}</p>'
        f"{table}<details><summary>Example</summary><pre>{_text(json.dumps(example(kind), indent=2))}</pre></details></article>"
    )


def _type_of(schema: dict) -> str:
    kind = schema.get("type", "")
    text = " or ".join(kind) if isinstance(kind, list) else kind
    values = [str(value) for value in schema.get("enum", ()) if value is not None]
    return f"{text}: {', '.join(values)}" if values else text


def _title(name: str) -> str:
    return _text(name.replace("_", " ").capitalize())


def _text(value) -> str:
    return html.escape(str(value or ""))
