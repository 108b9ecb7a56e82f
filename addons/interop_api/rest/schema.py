"""What a field of a schema says about where its value comes from. Pure Python.

A read schema is a pydantic class; ``Annotated`` adds the source of each field::

    class PayerRead(Read):
        id: Id
        name: Annotated[str | None, Col("name", filter="eq")]
        company: Annotated[str | None, Col("company_id.name")]
        facility: Annotated[str | None, Ref("facility_id", "facilities")]
        member_id: Annotated[str | None, Col("member_id", phi=True)]
        codes: Annotated[list[CodeRead] | None, Many("mapping_ids", order="code")]

Schemas know paths of fields, never the models themselves.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from .ids import PATTERN

Filter = Literal["", "eq", "range"]


@dataclass(frozen=True, slots=True)
class Col:
    """A stored column, perhaps of a record that a many2one leads to.

    :ivar path: field, or ``many2one.field``
    :ivar phi: protected health information: only with the scope ``.phi``
    :ivar filter: ``eq`` gives the filters ``name`` and ``name.in``; ``range`` also ``.gte .gt .lte .lt``
    :ivar owned: name of the field that ownership rules speak of, when it is not the path
    """

    path: str
    phi: bool = False
    filter: Filter = ""
    owned: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """The wire id of the record that a many2one leads to.

    :ivar resource: the resource under which that record is found, for the documentation
    """

    path: str
    resource: str = ""
    phi: bool = False
    filter: Filter = "eq"
    owned: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """Rows of a one2many, each by the nested schema."""

    path: str
    order: str = "id"
    phi: bool = False
    filter: Filter = ""
    owned: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value made of other columns of the record."""

    paths: tuple[str, ...]
    make: Callable[..., Any]
    phi: bool = False
    filter: Filter = ""
    owned: str = ""


Source = Col | Ref | Many | Derived

Id = Annotated[
    str, StringConstraints(pattern=PATTERN), Field(description="Opaque, stable id.", examples=["0" * 31 + "1"])
]
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=6, allow_inf_nan=False)]


class Read(BaseModel):
    """Base of what is given. Fields that a caller did not ask for, or may not see, are absent."""

    id: Id


class Part(BaseModel):
    """Base of a row inside a record."""


class Write(BaseModel):
    """Base of what is taken: what is not declared is refused, and errors never show the input."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of a read schema, taken apart."""

    name: str
    source: Source
    type: Any  #: annotation without ``None``
    nested: type[BaseModel] | None

    @property
    def adapter(self) -> TypeAdapter:
        return _adapter(self.type)


@functools.lru_cache(maxsize=1024)
def _adapter(kind) -> TypeAdapter:
    if kind is dt.datetime:
        kind = AwareDatetime
    return TypeAdapter(kind, config=None if isinstance(kind, type) and issubclass(kind, BaseModel) else _LAX)


_LAX = ConfigDict(hide_input_in_errors=True)


@functools.cache
def fields_of(schema: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a read schema with their sources, ``id`` left out."""
    found = {}
    for name, info in schema.model_fields.items():
        source = next((item for item in info.metadata if isinstance(item, Source)), None)
        if source is None:
            if name == "id":
                continue
            raise TypeError(f"{schema.__name__}.{name} does not say where its value comes from")
        kind = _without_none(info.annotation)
        nested = None
        if typing.get_origin(kind) is list:
            nested = typing.get_args(kind)[0]
        found[name] = FieldInfo(name, source, kind, nested if isinstance(source, Many) else None)
    return found


def _without_none(annotation):
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]  # noqa: UP007
    return annotation
