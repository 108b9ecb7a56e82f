"""From the parameters of a request to a question: which records, which fields, which page. Pure Python."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from . import cursor, ids
from .resource import Resource
from .schema import FieldInfo, Ref

LIMIT, MAX_LIMIT = 50, 500
MAX_IN = 100
MAX_TEXT = 256
_INSTANT = TypeAdapter(AwareDatetime)
_OPERATORS = {"": "=", "in": "in", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
PAGING = ("limit", "cursor", "fields", "updated_since")


class BadQuery(ValueError):
    """Parameters that cannot be answered.

    :ivar errors: ``{"parameter", "detail", "code"}`` of each
    :ivar status: 400, or 403 when a scope is missing
    """

    def __init__(self, errors: list[dict], status: int = 400):
        super().__init__("; ".join(error["detail"] for error in errors))
        self.errors = errors
        self.status = status


@dataclass(slots=True)
class Question:
    """What is asked of one resource."""

    names: tuple[str, ...]
    conditions: list[tuple[str, str, Any]] = field(default_factory=list)
    limit: int = LIMIT
    after: list | None = None
    updated_since: dt.datetime | None = None
    binding: bytes = b""
    ignored: list[str] = field(default_factory=list)

    @property
    def by_update(self) -> bool:
        """Oldest change first, for those who follow changes; else newest record first."""
        return self.updated_since is not None


def visible(resource: type[Resource], phi: bool) -> tuple[str, ...]:
    """Names of the fields that come when none are asked for."""
    hidden = frozenset() if phi else resource.phi_fields()
    return tuple(name for name in resource.fields() if name not in hidden)


def parse(
    resource: type[Resource],
    parameters: Iterable[tuple[str, Any]],
    *,
    phi: bool,
    account_id: int,
    strict: bool = True,
    in_url: bool = True,
    single: bool = False,
) -> Question:
    """Read the parameters of a list, a search, an export or (``single``) a read.

    :param parameters: names and values; values are texts, or lists of texts in a body
    :param phi: the caller may see protected health information
    :param account_id: whose cursor it is
    :param strict: refuse unknown parameters instead of ignoring them
    :param in_url: they come from a URL, where protected health information has no place
    :raises BadQuery: see its ``errors``
    """
    errors: list[dict] = []
    status = 400
    question = Question(visible(resource, phi))
    given: dict[str, Any] = {}
    for name, value in parameters:
        if name in given:
            errors.append(_error(name, "repeated", "This parameter is given twice."))
        given[name] = value
    seen = {}
    for name, value in given.items():
        base, _dot, operator = name.partition(".")
        info = resource.filters().get(base)
        try:
            if name == "fields":
                question.names = _names(resource, value, phi)
            elif single or (name not in PAGING and not _offers(info, operator)):
                if strict:
                    errors.append(_error(name, "parameter.unknown", "This parameter is not known here."))
                else:
                    question.ignored.append(name)
            elif name == "limit":
                question.limit = _limit(value)
            elif name == "cursor":
                pass  # bound to all others: below
            elif name == "updated_since":
                question.updated_since = _INSTANT.validate_python(value).astimezone(dt.UTC).replace(tzinfo=None)
                seen[name] = str(question.updated_since)
            else:
                if info.source.phi and not phi:
                    status = 403
                    errors.append(_error(name, "scope.phi", "This filter needs the scope for protected information."))
                    continue
                if info.source.phi and in_url:
                    errors.append(
                        _error(
                            name,
                            "filter.url",
                            f"Protected information has no place in a URL: POST this to {resource.name}/$search.",
                        )
                    )
                    continue
                condition = (info.source.path, _OPERATORS[operator], _value(resource, info, operator, value))
                question.conditions.append(condition)
                seen[name] = str(condition[2])
        except PermissionError as error:
            status = 403
            errors.append(_error(name, "scope.phi", str(error)))
        except ValidationError as error:
            errors.append(
                _error(name, "parameter.value", error.errors(include_input=False, include_url=False)[0]["msg"])
            )
        except (ValueError, OverflowError) as error:
            errors.append(_error(name, "parameter.value", str(error) or "This value cannot be read."))
    question.binding = hashlib.sha256(json.dumps([resource.name, account_id, sorted(seen.items())]).encode()).digest()
    if "cursor" in given and not single:
        try:
            question.after = cursor.unseal(str(given["cursor"]), question.binding)
        except ValueError:
            errors.append(_error("cursor", "cursor", "This is not a cursor of this question."))
    if errors:
        raise BadQuery(errors, status)
    return question


def _error(name: str, code: str, detail: str) -> dict:
    return {"parameter": name[:64], "code": code, "detail": detail}


def _offers(info: FieldInfo | None, operator: str) -> bool:
    if info is None:
        return False
    return operator in (("", "in") if info.source.filter == "eq" else _OPERATORS) if info.source.filter else False


def offered(info: FieldInfo) -> list[str]:
    """The filters on a field, for the documentation."""
    return [f"{info.name}.{operator}" if operator else info.name for operator in _OPERATORS if _offers(info, operator)]


def _items(value) -> list[str]:
    items = value if isinstance(value, list) else str(value).split(",")
    return [item.strip() if isinstance(item, str) else item for item in items]


def _names(resource, value, phi: bool) -> tuple[str, ...]:
    known = resource.fields()
    wanted = dict.fromkeys(str(item) for item in _items(value))
    if unknown := [name for name in wanted if name not in known and name != "id"]:
        raise ValueError(f"There is no field {unknown[0][:64]!a}.")
    if not phi and (hidden := [name for name in wanted if name in resource.phi_fields()]):
        raise PermissionError(f"The field {hidden[0]} needs the scope for protected information.")
    return tuple(name for name in wanted if name != "id")


def _limit(value) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 9) or not 1 <= int(text) <= MAX_LIMIT:
        raise ValueError(f"The limit is a number from 1 to {MAX_LIMIT}.")
    return int(text)


def _value(resource, info: FieldInfo, operator: str, value):
    if operator == "in":
        items = _items(value)
        if not 1 <= len(items) <= MAX_IN:
            raise ValueError(f"A list has 1 to {MAX_IN} values.")
        return [_one(resource, info, item) for item in items]
    return _one(resource, info, value)


def _one(resource, info: FieldInfo, value):
    if isinstance(value, str) and ("\0" in value or len(value) > MAX_TEXT):
        raise ValueError("This value cannot be read.")
    if isinstance(info.source, Ref):
        return Token(value if isinstance(value, str) else "")
    parsed = info.adapter.validate_python(value)
    if isinstance(parsed, dt.datetime):
        return parsed.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(parsed, int) and not isinstance(parsed, bool) and abs(parsed) >= 2**31:
        raise ValueError("This number is too large.")
    return parsed


class Token(str):
    """A wire id in a filter; only the model knows which record it may be."""

    __slots__ = ()


def resolve(env, resource, conditions: list[tuple[str, str, Any]]) -> list:
    """A domain of the conditions, wire ids replaced by numbers; an id that is none matches nothing."""
    fields = env[resource.model]._fields
    domain = []
    for path, operator, value in conditions:
        if isinstance(value, Token) or (isinstance(value, list) and value and isinstance(value[0], Token)):
            tokens = value if isinstance(value, list) else [value]
            comodel = fields[path].comodel_name
            domain.append((path, "in", [ids.decode(comodel, token) or 0 for token in tokens]))
        elif operator == "=" and value is False and fields.get(path) and fields[path].type == "boolean":
            domain.append((path, "!=", True))
        else:
            domain.append((path, operator, value))
    return domain
