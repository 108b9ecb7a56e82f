"""The OpenAPI 3.1 document, made of the registry that the routes use."""

from __future__ import annotations

import copy
import functools
import json
import re

from pydantic import BaseModel

from . import query
from .ids import PATTERN
from .openapi_fixed import COMPONENTS, FIXED_PATHS, TAGS
from .resource import Resource
from .schema import Ref

SAMPLE_ID = "6f0c1d2e3a4b5c6d7e8f90a1b2c3d4e5"
REF = "#/components/schemas/{model}"
BASE = "/interop/v1"


#: Routes of addons that are no resources: ``{addon: (tags, paths)}``, in the words of OpenAPI.
MORE: dict[str, tuple[list[dict], dict[str, dict]]] = {}


def document(resources: dict[str, type[Resource]], server: str = "/", addons=()) -> dict:
    """The whole document.

    :param resources: those of the database, by name
    :param server: where the API is served
    :param addons: names of the addons that the database has
    """
    made = _document(tuple(resources.items()), tuple(sorted(name for name in MORE if name in addons)))
    return {**made, "servers": [{"url": server}]}


@functools.lru_cache(maxsize=8)
def _document(items: tuple, addons: tuple) -> dict:
    schemas: dict[str, dict] = {}
    paths: dict[str, dict] = {}
    tags = []
    for name, resource in sorted(items, key=lambda item: (item[1].group, item[0])):
        tags.append(
            {"name": name, "description": _about(resource), "x-group": resource.group, "x-scope": resource.scope}
        )
        _add_schemas(schemas, resource)
        paths |= _paths(resource)
    for addon in addons:
        tags += MORE[addon][0]
        paths |= copy.deepcopy(MORE[addon][1])
    components = copy.deepcopy(COMPONENTS)
    components["schemas"] |= schemas
    components["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"] = scopes_of(dict(items))
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Health Interoperability Suite: partner API",
            "version": "1.0.0",
            "description": "Governed access to care, billing and supply records. Every write is a message: kept, "
            "recognised when it is repeated, and applied under the rules of ownership.",
            "license": {"name": "LGPL-3.0", "identifier": "LGPL-3.0-only"},
        },
        "tags": [*TAGS, *tags],
        "paths": {**paths, **copy.deepcopy(FIXED_PATHS)},
        "components": components,
        "security": [],
    }


def _about(resource) -> str:
    return resource.description or f"{resource.summary}."


def scopes_of(resources) -> dict[str, str]:
    """The scopes of resources by name, each with what it allows."""
    found = {}
    for resource in resources.values():
        what = resource.scope.replace("-", " ")
        found[f"interop/{resource.scope}.read"] = f"Read and search: {what}"
        if resource.create or resource.update:
            found[f"interop/{resource.scope}.write"] = f"Create and change: {what}"
        if resource.phi_fields():
            found[f"interop/{resource.scope}.phi"] = f"Protected fields: {what}"
    return dict(sorted(found.items()))


# -- schemas ---------------------------------------------------------------------------


def _add_schemas(schemas: dict, resource) -> None:
    read = _schema(schemas, resource.read, "serialization")
    for name, info in resource.fields().items():
        node = read["properties"][name]
        if info.source.phi:
            node["x-phi"] = True
        if filters := query.offered(info):
            node["x-filters"] = filters
        if isinstance(info.source, Ref) and info.source.resource:
            node["x-resource"] = info.source.resource
    schemas[f"{_identifier(resource.name)}Search"] = _search_schema(resource)
    for schema in (resource.create, resource.update):
        if schema is not None:
            _schema(schemas, schema, "validation")
    schemas[f"{resource.read.__name__}Page"] = {
        "type": "object",
        "required": ["data", "next_cursor"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": REF.format(model=resource.read.__name__)}},
            "next_cursor": {"type": ["string", "null"], "description": "Send it as cursor to get the page after this."},
        },
    }
    schemas[f"{resource.read.__name__}Written"] = {
        "type": "object",
        "required": ["id", "created", "authority"],
        "properties": {
            "id": {"type": "string"},
            "created": {"type": "boolean"},
            "authority": {"type": "array", "items": {"$ref": REF.format(model="AuthorityDecision")}},
            "data": {"$ref": REF.format(model=resource.read.__name__)},
        },
    }


def _schema(schemas: dict, model: type[BaseModel], mode: str) -> dict:
    made = model.model_json_schema(mode=mode, ref_template=REF)
    for name, part in made.pop("$defs", {}).items():
        schemas.setdefault(name, _tidy(part, mode))
    made = _tidy(made, mode)
    made["required"] = ["id"] if mode == "serialization" and "id" in made["properties"] else made.get("required", [])
    if not made["required"]:
        del made["required"]
    schemas[model.__name__] = made
    return made


def _tidy(node, mode: str):
    """Without titles made of names, and without defaults that stand for "not said"."""
    if isinstance(node, list):
        return [_tidy(item, mode) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if (key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        if key == "pattern" and isinstance(value, str):
            kept[key] = value.replace("(?!^[-+.]*$)", "")  # engines of other languages refuse look-ahead
            continue
        kept[key] = (
            {name: _tidy(part, mode) for name, part in value.items()} if key == "properties" else _tidy(value, mode)
        )
    if mode == "serialization" and "properties" in kept:
        kept.pop("required", None)
    return kept


# -- paths -----------------------------------------------------------------------------


def _problems(*statuses: int) -> dict:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _security(resource, *verbs: str) -> list[dict]:
    words = {"r": "read", "s": "read", "c": "write", "u": "write"}
    scopes = sorted({f"interop/{resource.scope}.{words[verb]}" for verb in verbs})
    return [{"oauth2": scopes}, {"basic": []}]


def _json(model: str, example=None) -> dict:
    content = {"schema": {"$ref": REF.format(model=model)}}
    if example is not None:
        content["example"] = example
    return {"application/json": content}


def _paths(resource) -> dict:
    name, read = resource.name, resource.read.__name__
    tag, title = {"tags": [name]}, resource.summary or name
    operation = _identifier(name)
    found = {
        "description": "A page",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}, "Link": {"$ref": "#/components/headers/Link"}},
        "content": _json(f"{read}Page"),
    }
    one = {
        "description": "The record",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        "content": _json(read),
    }
    written = {
        "description": "Done",
        "headers": {
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Location": {"$ref": "#/components/headers/Location"},
        },
        "content": _json(f"{read}Written"),
    }
    waiting = {"$ref": "#/components/responses/Taken"}
    collection = {
        "get": {
            **tag,
            "operationId": f"list{operation}",
            "summary": f"{title}: list",
            "security": _security(resource, "s"),
            "parameters": [*_shared("Fields", "Limit", "Cursor", "UpdatedSince", "IfNoneMatch", "Prefer"), *_filters(resource)],
            "responses": {"200": found, "304": {"$ref": "#/components/responses/NotModified"},
                          **_problems(400, 401, 403, 429, 503)},
        }
    }  # fmt: skip
    item = {
        "parameters": _shared("Id"),
        "get": {
            **tag,
            "operationId": f"read{operation}",
            "summary": f"{title}: read one",
            "security": _security(resource, "r"),
            "parameters": _shared("Fields", "IfNoneMatch", "Prefer"),
            "responses": {"200": one, "304": {"$ref": "#/components/responses/NotModified"},
                          **_problems(400, 401, 403, 404, 429, 503)},
        },
    }  # fmt: skip
    if resource.create:
        collection["post"] = {
            **tag,
            "operationId": f"create{operation}",
            "summary": f"{title}: create",
            "security": _security(resource, "c"),
            "parameters": _shared("IdempotencyKey", "PreferWrite"),
            "requestBody": {"required": True, "content": _json(resource.create.__name__, example(resource, "create"))},
            "responses": {"200": written, "201": written, "202": waiting, "204": {"description": "Done, nothing to say"},
                          **_problems(400, 401, 403, 409, 413, 415, 422, 429, 503)},
        }  # fmt: skip
    if resource.update:
        body = _json(resource.update.__name__, example(resource, "update"))
        item["patch"] = {
            **tag,
            "operationId": f"update{operation}",
            "summary": f"{title}: change",
            "security": _security(resource, "u"),
            "parameters": _shared("IfMatch", "IdempotencyKey", "PreferWrite"),
            "requestBody": {
                "required": True,
                "content": {**body, "application/merge-patch+json": body["application/json"]},
            },
            "responses": {"200": written, "202": waiting, "204": {"description": "Done, nothing to say"},
                          **_problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503)},
        }  # fmt: skip
    paths = {
        f"{BASE}/{name}": collection,
        f"{BASE}/{name}/{{id}}": item,
        f"{BASE}/{name}/$search": {
            "post": {
                **tag,
                "operationId": f"search{operation}",
                "summary": f"{title}: search by a body",
                "description": "The parameters of the list as members of an object. Filters on protected fields work "
                "here only, as URLs are written to logs everywhere.",
                "security": _security(resource, "s"),
                "parameters": _shared("IfNoneMatch", "Prefer"),
                "requestBody": {"required": False, "content": _json(f"{operation}Search")},
                "responses": {"200": found, "304": {"$ref": "#/components/responses/NotModified"},
                              **_problems(400, 401, 403, 413, 415, 422, 429, 503)},
            }
        },
        f"{BASE}/{name}/$export": {
            "post": {
                **tag,
                "operationId": f"export{operation}",
                "summary": f"{title}: export",
                "description": "Plans an NDJSON file of what a search with this body would find.",
                "security": _security(resource, "s"),
                "parameters": _shared("Prefer"),
                "requestBody": {"required": False, "content": _json(f"{operation}Search")},
                "responses": {"202": {"$ref": "#/components/responses/Job"}, **_problems(400, 401, 403, 413, 415, 422, 429, 503)},
            }
        },
    }  # fmt: skip
    if resource.create:
        paths[f"{BASE}/{name}/$bulk"] = {
            "post": {
                **tag,
                "operationId": f"bulk{operation}",
                "summary": f"{title}: create or change many",
                "description": f"One object per line, as for creation, up to {10_000} lines. A record that is known by its "
                "key is changed. Answered with a job.",
                "security": _security(resource, "c", "u"),
                "parameters": _shared("IdempotencyKey"),
                "requestBody": {"required": True, "content": {"application/x-ndjson": {
                    "schema": {"type": "string", "minLength": 2},
                    "example": json.dumps(example(resource, "create")) + "\n"}}},
                "responses": {"202": {"$ref": "#/components/responses/Job"}, **_problems(400, 401, 403, 405, 413, 415, 429, 503)},
            }
        }  # fmt: skip
    return paths


def _identifier(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _shared(*names: str) -> list[dict]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _value_schema(info) -> dict:
    if isinstance(info.source, Ref):
        return {"type": "string", "pattern": PATTERN}
    made = _tidy(info.adapter.json_schema(mode="validation"), "validation")
    if "anyOf" in made:  # decimals: numbers or texts
        made = next((part for part in made["anyOf"] if part.get("type") == "number"), made["anyOf"][0])
    if made.get("type") == "string":
        made.setdefault("maxLength", query.MAX_TEXT)
    if made.get("type") == "integer":
        made |= {"minimum": -(2**31) + 1, "maximum": 2**31 - 1}
    return made


def _filters(resource) -> list[dict]:
    parameters = []
    for info in resource.filters().values():
        if info.source.phi:
            continue  # not in a URL
        for name in query.offered(info):
            value = _value_schema(info)
            if name.endswith(".in"):
                value = {"type": "array", "items": value, "minItems": 1, "maxItems": query.MAX_IN}
            parameter = {"name": name, "in": "query", "schema": value, "description": f"Filter on {info.name}."}
            if name.endswith(".in"):
                parameter |= {"style": "form", "explode": False}
            parameters.append(parameter)
    return parameters


def _search_schema(resource) -> dict:
    properties: dict[str, dict] = {
        "fields": {"type": "array", "items": {"enum": ["id", *resource.fields()]}, "minItems": 1},
        "updated_since": {"type": "string", "format": "date-time"},
        "limit": {"type": "integer", "minimum": 1, "maximum": query.MAX_LIMIT, "description": "Not for exports."},
        "cursor": {"type": "string", "maxLength": 512, "description": "Not for exports."},
    }
    for info in resource.filters().values():
        for name in query.offered(info):
            value = _value_schema(info)
            if name.endswith(".in"):
                value = {"type": "array", "items": value, "minItems": 1, "maxItems": query.MAX_IN}
            properties[name] = {**value, "x-phi": True} if info.source.phi else value
    return {"type": "object", "additionalProperties": False, "properties": properties}


_PLACE = re.compile(r"\{([a-z-]+)\}\Z")


def example(resource, kind: str, place=lambda _name: SAMPLE_ID):
    """An example of a resource, with references to other resources filled in.

    :param kind: ``create`` or ``update``
    :param place: gives the id of a record of the named resource
    """

    def fill(value):
        if isinstance(value, dict):
            return {name: fill(item) for name, item in value.items()}
        if isinstance(value, list):
            return [fill(item) for item in value]
        found = _PLACE.match(value) if isinstance(value, str) else None
        return place(found[1]) if found else value

    return fill(resource.examples.get(kind)) if kind in resource.examples else None
