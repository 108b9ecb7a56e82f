"""What the OpenAPI document says beside the resources: security, headers, errors, jobs, tokens, messages."""

from __future__ import annotations

from .ids import PATTERN
from .query import MAX_LIMIT

_STATUSES = {
    400: "The request cannot be understood",
    401: "Not authenticated",
    403: "Not allowed to this account",
    404: "There is no such thing, or none that this account may see",
    405: "Not offered here",
    409: "In conflict with what is there, or owned by another system",
    410: "Retired",
    412: "The record was changed meanwhile",
    413: "Too large",
    415: "Another content type is wanted",
    422: "Understood, but not acceptable",
    428: "If-Match is wanted",
    429: "Too many requests",
    503: "Paused, or busy",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ONE = {"oauth2": []}

COMPONENTS = {
    "securitySchemes": {
        "oauth2": {
            "type": "oauth2",
            "description": "Client credentials; ask for the scopes that you need.",
            "flows": {"clientCredentials": {"tokenUrl": "/interop/oauth2/token", "scopes": {}}},
        },
        "basic": {"type": "http", "scheme": "basic", "description": "Client id and secret; all scopes of the account."},
    },
    "headers": {
        "ETag": {"schema": {"type": "string"}, "description": "Send it as If-Match to change what you read."},
        "Link": {"schema": {"type": "string"}, "description": 'The next page, rel="next".'},
        "Location": {"schema": {"type": "string"}, "description": "Where the record is read."},
    },
    "parameters": {
        "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": PATTERN}},
        "Fields": {
            "name": "fields", "in": "query", "description": "Only these fields, separated by commas.",
            "schema": {"type": "string", "pattern": "^[a-z_]+(,[a-z_]+)*$", "maxLength": 1000},
        },
        "Limit": {
            "name": "limit", "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
        },
        "Cursor": {
            "name": "cursor", "in": "query", "description": "next_cursor of the page before, with the same filters.",
            "schema": {"type": "string", "maxLength": 512},
        },
        "UpdatedSince": {
            "name": "updated_since", "in": "query",
            "description": "Changed at or after this time, archived records included, oldest change first.",
            "schema": {"type": "string", "format": "date-time"},
        },
        "IfNoneMatch": {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": True, "description": "The ETag that you read.",
            "schema": {"type": "string", "minLength": 1},
        },
        "Prefer": {
            "name": "Prefer", "in": "header", "description": "handling=lenient ignores unknown parameters.",
            "schema": {"enum": ["handling=strict", "handling=lenient"]},
        },
        "PreferWrite": {
            "name": "Prefer", "in": "header", "description": "Whether the record comes back.",
            "schema": {"enum": ["return=minimal", "return=representation"]},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "A quoted string; the same key and body are answered as the first time. Kept as long as the "
            "message is.",
            "schema": {"type": "string", "pattern": '^"[A-Za-z0-9._-]{1,255}"$'},
        },
        "Job": {"name": "job", "in": "path", "required": True, "schema": {"type": "string", "pattern": PATTERN}},
    },
    "responses": {
        **{f"Problem{status}": {"description": text, "content": _PROBLEM} for status, text in _STATUSES.items()},
        "NotModified": {"description": "You have it already", "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}},
        "Taken": {
            "description": "Taken in; it waits for an earlier one of its kind, or for a person",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Taken"}}},
        },
        "Job": {
            "description": "A job was made",
            "headers": {"Location": {"$ref": "#/components/headers/Location"}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}},
        },
    },
    "schemas": {
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "required": ["type", "title", "status", "code", "instance"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "code": {"type": "string", "description": "Stable, for programs."},
                "detail": {"type": "string"},
                "instance": {"type": "string", "description": "Quote it when you report a problem."},
                "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ProblemError"}},
            },
        },
        "ProblemError": {
            "type": "object",
            "properties": {
                "pointer": {"type": "string", "description": "JSON pointer into the body."},
                "parameter": {"type": "string"},
                "code": {"type": "string"},
                "detail": {"type": "string"},
            },
        },
        "AuthorityDecision": {
            "type": "object",
            "description": "A field that another system owns: its value was kept.",
            "required": ["pointer", "decision"],
            "properties": {
                "pointer": {"type": "string"},
                "decision": {"enum": ["ignored", "flagged", "refused"]},
            },
        },
        "Taken": {
            "type": "object",
            "required": ["message", "state", "status"],
            "properties": {
                "message": {"type": "string", "format": "uuid"},
                "state": {"type": "string"},
                "status": {"type": "string", "description": "Where to ask what became of it."},
                "detail": {"type": "string"},
            },
        },
        "Job": {
            "type": "object",
            "required": ["job", "kind", "resource", "state", "records", "expires_at"],
            "properties": {
                "job": {"type": "string"},
                "kind": {"enum": ["import", "export"]},
                "resource": {"type": "string"},
                "state": {"enum": ["waiting", "running", "done", "failed", "cancelled"]},
                "records": {"type": "integer"},
                "bytes": {"type": "integer"},
                "expires_at": {"type": "string", "format": "date-time"},
                "error": {"type": "string"},
                "download": {"type": "string"},
                "results": {"type": "string"},
                "lines": {
                    "type": "object",
                    "properties": {name: {"type": "integer"} for name in ("done", "refused", "person", "waiting")},
                },
            },
        },
        "Token": {
            "type": "object",
            "required": ["access_token", "token_type", "expires_in"],
            "properties": {
                "access_token": {"type": "string"},
                "token_type": {"const": "Bearer"},
                "expires_in": {"type": "integer"},
                "scope": {"type": "string"},
            },
        },
    },
}  # fmt: skip


def _problems(*statuses: int) -> dict:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


_SIGNED = [_ONE, {"basic": []}]

TAGS = [
    {"name": "token", "description": "Getting in.", "x-group": "Basics"},
    {"name": "jobs", "description": "Imports and exports.", "x-group": "Basics"},
    {"name": "messages", "description": "What was sent, and what became of it.", "x-group": "Basics"},
]

FIXED_PATHS = {
    "/interop/oauth2/token": {
        "post": {
            "tags": ["token"],
            "operationId": "token",
            "summary": "Get an access token",
            "description": "Client credentials grant (RFC 6749, section 4.4): the client's id and secret by Basic or in "
            "the form, or a signed assertion.",
            "security": [],
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": "client_credentials"},
                    "client_id": {"type": "string", "maxLength": 64},
                    "client_secret": {"type": "string", "maxLength": 128},
                    "scope": {"type": "string", "maxLength": 1000},
                    "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                    "client_assertion": {"type": "string", "maxLength": 8192},
                },
            }}}},
            "responses": {
                "200": {"description": "A token",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Token"}}}},
                **{str(status): {"description": _STATUSES[status], "content": {"application/json": {
                    "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}}}}
                   for status in (400, 401, 413, 415, 429, 503)},
            },
        }
    },
    "/interop/oauth2/jwks.json": {
        "get": {
            "tags": ["token"], "operationId": "jwks", "summary": "Public keys of our tokens", "security": [],
            "responses": {"200": {"description": "RFC 7517", "content": {"application/jwk-set+json": {
                "schema": {"type": "object", "required": ["keys"]}}}}, **_problems(503)},
        }
    },
    "/interop/v1/inbound/{interface}": {
        "post": {
            "tags": ["messages"],
            "operationId": "inbound",
            "summary": "Send messages in the format of an interface",
            "security": _SIGNED,
            "parameters": [
                {"name": "interface", "in": "path", "required": True,
                 "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"}},
                {"$ref": "#/components/parameters/IdempotencyKey"},
            ],
            "requestBody": {"required": True, "content": {
                "application/hl7-v2": {"schema": {"type": "string"}},
                "application/json": {"schema": {}},
            }},
            "responses": {
                "200": {"description": "Answered in the interface's own format"},
                "202": {"description": "Taken in"},
                **_problems(400, 401, 403, 410, 413, 415, 422, 429, 503),
            },
        }
    },
    "/interop/v1/messages/{message}": {
        "get": {
            "tags": ["messages"],
            "operationId": "message",
            "summary": "What became of a message",
            "security": _SIGNED,
            "parameters": [{"name": "message", "in": "path", "required": True,
                            "schema": {"type": "string", "format": "uuid"}}],
            "responses": {
                "200": {"description": "Its state", "content": {"application/json": {"schema": {"type": "object"}}}},
                **_problems(401, 403, 404, 429, 503),
            },
        }
    },
    "/interop/v1/jobs/{job}": {
        "parameters": [{"$ref": "#/components/parameters/Job"}],
        "get": {
            "tags": ["jobs"], "operationId": "job", "summary": "How far a job is", "security": _SIGNED,
            "responses": {
                "200": {"description": "The job",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}},
                **_problems(401, 403, 404, 429, 503),
            },
        },
        "delete": {
            "tags": ["jobs"], "operationId": "cancelJob", "summary": "Stop a job and delete what it wrote",
            "security": _SIGNED,
            "responses": {"204": {"description": "Deleted"}, **_problems(401, 403, 404, 429, 503)},
        },
    },
    "/interop/v1/jobs/{job}/results": {
        "parameters": [{"$ref": "#/components/parameters/Job"}],
        "get": {
            "tags": ["jobs"], "operationId": "jobResults", "summary": "What became of each line of an import",
            "security": _SIGNED,
            "responses": {
                "200": {"description": "One object per line",
                        "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
                **_problems(401, 403, 404, 429, 503),
            },
        },
    },
    "/interop/v1/jobs/{job}/download": {
        "parameters": [{"$ref": "#/components/parameters/Job"}],
        "get": {
            "tags": ["jobs"], "operationId": "jobDownload", "summary": "What an export wrote", "security": _SIGNED,
            "responses": {
                "200": {"description": "One record per line",
                        "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
                **_problems(401, 403, 404, 409, 429, 503),
            },
        },
    },
}  # fmt: skip
