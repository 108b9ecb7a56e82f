"""One message's writes while they are worked on. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .address import Row, Served
from .codec import reference
from .codec.bundle import Entry
from .codec.issues import FhirError, Issue, error


@dataclass(slots=True, eq=False)
class Operation:
    """One write.

    :ivar method: ``create``, ``update`` or ``delete``
    :ivar fhir_id: logical id, once it is known
    :ivar row: the resource that exists already
    :ivar before: how it was before the write
    :ivar record: ``(model, record id)`` behind it
    :ivar status: of the answer
    :ivar idle: nothing is to be done (a conditional create that found its resource)
    :ivar said: what mappers keep between their steps
    :ivar wanted: per element the columns that it asks for, ``{element: {column: value}}``
    """

    entry: Entry
    method: str
    type: str
    resource: dict = field(default_factory=dict)
    fhir_id: str = ""
    row: Row | None = None
    before: Served | None = None
    record: tuple[str, int] | None = None
    status: int = 0
    idle: bool = False
    issues: list[Issue] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def index(self) -> int:
        return self.entry.index

    def path(self, element: str = "") -> str:
        """FHIRPath of an element of this operation's resource, for issues."""
        return f"{self.type}.{element}" if element else self.type

    def refuse(self, status: int, code: str, element: str, diagnostics: str) -> FhirError:
        """The error with which this operation ends the message."""
        return FhirError(error(code, self.path(element), diagnostics), status)


@dataclass(slots=True)
class Work:
    """Everything that one message writes.

    :ivar env: superuser environment of the interface's company
    :ivar reader: the store in the environment of who may see what
    :ivar now: when the message arrived, naive UTC
    :ivar base: our base URL, with ``/`` at its end
    :ivar commands: canonical commands, in the order in which they are to be applied
    :ivar refs: resources that are referred to and were there before
    """

    env: Any
    reader: Any
    interface: Any
    message_id: int
    now: datetime
    base: str = ""
    operations: list[Operation] = field(default_factory=list)
    commands: list = field(default_factory=list)
    refs: dict[tuple[str, str], Row] = field(default_factory=dict)
    cache: dict[Any, Any] = field(default_factory=dict)
    _by_address: dict[tuple[str, str], Operation] = field(default_factory=dict)

    @property
    def system_id(self) -> int:
        return self.interface.system_id.id

    def index_operations(self) -> None:
        """Note the addresses of the operations, for references among them."""
        self._by_address = {(op.type, op.fhir_id): op for op in self.operations if op.fhir_id}

    def address(self, text: str) -> tuple[str, str] | None:
        """``(type, id)`` of a reference to a resource of this server."""
        literal = reference.parse(text)
        if literal is None:
            return None
        ours = literal.kind == "relative" or (literal.kind == "absolute" and literal.base == self.base)
        return (literal.type, literal.id) if ours else None

    def target(self, value: Any, kind: str = "") -> Operation | Row | None:
        """What a ``Reference`` points to: a write of this message, or a resource that was there.

        :param kind: only resources of this type
        """
        text = value.get("reference") if isinstance(value, dict) else None
        address = self.address(text) if text else None
        if address is None or (kind and address[0] != kind):
            return None
        op = self._by_address.get(address)
        if op is not None and op.method != "delete":
            return op
        row = self.refs.get(address)
        return row if row is not None and not row.deleted else None

    def record(self, value: Any, kind: str, model: str = "") -> int:
        """Id of the record that a ``Reference`` points to, 0 when there is none (yet)."""
        target = self.target(value, kind)
        if isinstance(target, Operation):
            found = target.record
        elif target is not None and target.model:
            found = (target.model, target.res_id)
        else:
            found = None
        return found[1] if found and (not model or found[0] == model) else 0
