"""Resources of the REST API, declared; routes, documentation and tests all read this registry.

A new resource is one small class in any addon that depends on ``interop_api``::

    from odoo.addons.interop_api.rest.resource import Resource
    from odoo.addons.interop_api.rest.schema import Col, Read, Ref

    class AuthorizationRead(Read):
        number: Annotated[str | None, Col("number", phi=True, filter="eq")] = None
        state: Annotated[Literal["asked", "granted"] | None, Col("state", filter="eq")] = None
        encounter: Annotated[str | None, Ref("encounter_id", "encounters")] = None

    class Authorizations(Resource):
        name = "authorizations"
        model = "health.authorization"
        scope = "authorization"
        summary = "Authorizations of payers"
        read = AuthorizationRead

a line of data, ``<function model="interop.interface" name="_rest_ensure"><value>the_addon</value></function>``,
and one line of ``ir.model.access.csv`` that lets ``interop_api.group_partner``
read the model, with a record rule for companies (and facilities). It is then
listed, read, searched, exported, described in the OpenAPI document and on the
docs page, and governed by an interface of its own, ``rest-authorizations``.

With a ``create`` or ``update`` schema it is written, too, by default with the
ORM under the rules of ownership (:mod:`.write`); override :meth:`Resource.apply`
to speak to the domain in its own commands.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel

from .schema import FieldInfo, Read, Source, fields_of

#: name -> resource, of every addon that was imported; :func:`installed` gives those of a database.
REGISTRY: dict[str, type[Resource]] = {}


@dataclass(slots=True)
class Item:
    """One record to be written, as the inbox hands it to :meth:`Resource.apply`.

    :ivar user_id: the technical user of the partner: what it cannot see it cannot refer to
    :ivar record_id: the record to change; set by ``apply`` when one was created
    :ivar data: what was sent, validated
    :ivar authority: what ownership rules did: ``{"pointer": …, "decision": "ignored|flagged"}``
    """

    message_id: int
    system_id: int
    interface_id: int
    company_id: int
    user_id: int
    operation: str
    record_id: int | None
    data: BaseModel
    created: bool = False
    authority: list[dict] = field(default_factory=list)

    @property
    def said(self) -> set[str]:
        """Names of the fields that were sent."""
        return self.data.model_fields_set


class Resource:
    """One kind of record of the API. See the module's text for how to add one."""

    name: ClassVar[str] = ""
    model: ClassVar[str] = ""
    scope: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    description: ClassVar[str] = ""
    group: ClassVar[str] = "Other"
    read: ClassVar[type[Read]] = Read
    create: ClassVar[type[BaseModel] | None] = None
    update: ClassVar[type[BaseModel] | None] = None
    #: Fields of the create schema that together name a record: a second creation is a conflict, an upsert changes.
    key: ClassVar[tuple[str, ...]] = ()
    #: Further filters that are no fields, as ``{"identifier": (str, Col("identifier_ids.value", phi=True, filter="eq"))}``.
    searches: ClassVar[dict[str, tuple[Any, Source]]] = {}
    #: What belongs to the resource at all.
    domain: ClassVar[list] = []
    #: What a create and an update look like, executed by the tests against a real server.
    examples: ClassVar[dict[str, Any]] = {}
    exportable: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.name:
            REGISTRY[cls.name] = cls

    @classmethod
    def fields(cls) -> dict[str, FieldInfo]:
        """Fields that can be given, ``id`` apart."""
        return fields_of(cls.read)

    @classmethod
    @functools.cache
    def filters(cls) -> dict[str, FieldInfo]:
        """What can be filtered by, and fields that cannot."""
        return cls.fields() | {
            name: FieldInfo(name, source, kind, None) for name, (kind, source) in cls.searches.items()
        }

    @classmethod
    @functools.cache
    def phi_fields(cls) -> frozenset[str]:
        return frozenset(name for name, info in cls.fields().items() if info.source.phi)

    @classmethod
    def interface_code(cls) -> str:
        """Code of the interface that governs the resource: owner, classification, state."""
        return f"rest-{cls.name}"

    @classmethod
    def addon(cls) -> str:
        return cls.__module__.split(".")[2]

    @classmethod
    def verbs(cls) -> tuple[str, ...]:
        """What the resource offers, as letters of scopes: read, search, create, update."""
        return ("r", "s", *(("c",) if cls.create else ()), *(("u",) if cls.update else ()))

    @classmethod
    def where(cls, env) -> list:
        """The domain of what belongs to the resource."""
        return cls.domain

    @classmethod
    def ordering(cls, operation: str, token: str, data: BaseModel) -> str:
        """What writes must keep their order by; it is hashed before it is stored."""
        if token:
            return f"{cls.name}:{token}"
        return f"{cls.name}:{'|'.join(str(getattr(data, name, None)) for name in cls.key)}" if cls.key else ""

    @classmethod
    def apply(cls, env, items: list[Item]) -> None:
        """Write the items as one set.

        :param env: superuser mode; visibility is that of ``item.user_id``
        :raises SetFailed: ``{message id: InteropError}``
        """
        from . import write

        write.apply(cls, env, items)

    @classmethod
    def meet(cls, env, keys: list[tuple]) -> None:
        """Hook: let overlapping transactions that create under the same key notice each other.

        :raises psycopg2.errors.SerializationFailure: another was there first; what asked is run again
        """

    @classmethod
    def prepare(cls, env, items: list[Item], values: list[dict]) -> None:
        """Hook of the default :meth:`apply`: complete the values for create and write in place."""


def installed(env) -> dict[str, type[Resource]]:
    """The resources of the addons that this database has, by name."""
    return {name: resource for name, resource in sorted(REGISTRY.items()) if _is_installed(env, resource)}


def lookup(env, name: str) -> type[Resource] | None:
    """The resource of a name, if this database has it."""
    resource = REGISTRY.get(name)
    return resource if resource and _is_installed(env, resource) else None


def _is_installed(env, resource) -> bool:
    return resource.addon() in env.registry._init_modules and resource.model in env.registry
