"""The message that a write becomes: who asked for what, with the data as it was sent."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from pydantic import BaseModel

from odoo.addons.interop_hub.contract import Inbound

CREATE, UPDATE, UPSERT = "create", "update", "upsert"


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of an envelope.

    :ivar account: id of the service account, under whose eyes references are resolved
    :ivar id: wire id of the record to change, empty otherwise
    """

    account: int
    resource: str
    operation: str
    id: str
    data: dict

    @classmethod
    def load(cls, body: bytes) -> Letter:
        """Read an envelope.

        :raises KeyError: it is none
        """
        document = json.loads(body)
        return cls(*(document[name] for name in ("account", "resource", "operation", "id", "data")))

    def dump(self) -> bytes:
        """The same letter always gives the same bytes, as repetitions are recognised by them."""
        content = {"account": self.account, "resource": self.resource, "operation": self.operation, "id": self.id,
                   "data": self.data}  # fmt: skip
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def write(cls, account: int, resource, operation: str, token: str, data: BaseModel) -> Letter:
        """A letter with what was said, no more: numbers with a fraction stay exact as texts."""
        said = data.model_dump(mode="json", exclude_unset=True)
        return cls(account, resource.name, operation, token, said)

    def validated(self, resource) -> BaseModel:
        """The data by the resource's schema.

        :raises pydantic.ValidationError: it does not fit (any more)
        """
        return (resource.update if self.operation == UPDATE else resource.create).model_validate(self.data)

    def inbound(self, resource, data: BaseModel, *, key: str = "", trace_id: str = "") -> Inbound:
        """The message for the inbox.

        :param key: the sender's idempotency key, if it gave one
        """
        return Inbound(
            body=self.dump(),
            key=f"rest:{self.account}:{resource.name}:{self.operation}:{self.id}:{key}"
            if key
            else f"rest:{uuid.uuid4()}",
            ordering=resource.ordering(self.operation, self.id, data),
            message_type=f"{resource.name}.{self.operation}",
            reference=self.id,
            content_type="application/json",
            trace_id=trace_id,
        )


def users_of(env, bodies) -> dict[int, int]:
    """Technical users of the accounts that the bodies come from: ``{account id: user id}``; archived ones are missing."""
    accounts = set()
    for body in bodies:
        try:
            accounts.add(int(Letter.load(body).account))
        except (KeyError, ValueError, TypeError):
            continue
    records = env["interop.service.account"].sudo().search([("id", "in", list(accounts))])
    return {record.id: record.user_id.id for record in records if record.user_id}
