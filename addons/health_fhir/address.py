"""Addresses of resources, as the server's parts hand them to each other. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Source(NamedTuple):
    """Where resources of a type come from.

    :ivar model: name of the Odoo model
    :ivar prefix: beginning of the ids of records that no client gave an id
    :ivar domain: which records of the model
    """

    model: str
    prefix: str
    domain: tuple = ()


@dataclass(slots=True)
class Row:
    """One resource.

    :ivar id: of the row in ``health.fhir.resource``, ``None`` while there is none
    :ivar model: of the record behind it, ``""`` for a resource that is only kept
    :ivar fresh: the row was just inserted, its first version is still to be written
    """

    type: str
    fhir_id: str
    model: str = ""
    res_id: int = 0
    id: int | None = None
    version: int = 0
    deleted: bool = False
    last_updated: datetime | None = None
    company_id: int | None = None
    account_id: int | None = None
    fresh: bool = False

    @property
    def address(self) -> tuple[str, str]:
        return self.type, self.fhir_id

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.fhir_id}"


@dataclass(slots=True)
class Served:
    """A resource as it is given.

    :ivar resource: with id and meta
    :ivar row: its address, with the version that was given
    """

    row: Row
    resource: dict

    @property
    def etag(self) -> str:
        return f'W/"{self.row.version}"'


@dataclass(slots=True)
class Change:
    """A version to be written.

    :ivar method: ``create``, ``update``, ``delete`` or ``change``
    :ivar body: without id; empty for a deletion
    :ivar at: when it happened, now when not said
    """

    row: Row
    method: str
    body: dict
    prints: dict[str, str]
    message_id: int | None = None
    at: datetime | None = None


class Refs:
    """References to records, as FHIR ids.

    :param ids: ``{(type, model, record id): id}`` of those that a client gave an id
    :param prefixes: ``{(type, model): prefix}`` for the others
    """

    def __init__(self, ids: dict[tuple[str, str, int], str], prefixes: dict[tuple[str, str], str]):
        self._ids = ids
        self._prefixes = prefixes

    def id(self, kind: str, model: str, res_id: int) -> str:
        """Logical id of a record as a resource of a type."""
        return self._ids.get((kind, model, res_id)) or f"{self._prefixes[kind, model]}{res_id}"

    def __call__(self, kind: str, record, display: str = "") -> dict:
        """A ``Reference`` to a record."""
        reference = {"reference": f"{kind}/{self.id(kind, record._name, record.id)}"}
        if display:
            reference["display"] = display
        return reference
