"""Writes that are told to the domain as canonical commands, as messages of any other format are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from pydantic import ValidationError

from odoo.addons.health_core.canonical import Entry
from odoo.addons.interop_api.rest import ids
from odoo.addons.interop_api.rest.resource import Item, Resource
from odoo.addons.interop_api.rest.write import Refused, as_partner, decide
from odoo.addons.interop_hub.exceptions import InteropError, SetFailed


class Context:
    """What the items of one set need to know of the records around them, read with a query per model."""

    def __init__(self, env, items: list[Item]):
        self.env = env
        self.items = items
        self.failures: dict[int, InteropError] = {}
        self._records: dict[tuple[int, str], dict] = {}
        self._codes: dict[tuple[int, int], str] = {}

    def refuse(self, item: Item, pointer: str, code: str, detail: str, status: int = 422) -> None:
        """The item fails; only the first reason of each is told."""
        errors = [{"pointer": pointer, "code": code, "detail": detail}]
        self.failures.setdefault(item.message_id, Refused(code, detail, errors, status=status))

    def load(self, model: str, wanted: list[tuple[Item, int | None]], fields: list[str]) -> dict:
        """``{message id: record}`` of those that the partner may see; a query per partner."""
        by_user = defaultdict(dict)
        for item, record_id in wanted:
            if record_id:
                by_user[item.user_id][item.message_id] = record_id
        found = {}
        for user_id, numbers in by_user.items():
            visible = as_partner(self.env, user_id)[model].with_context(active_test=False)
            records = self.env[model].browse(visible._search([("id", "in", list(numbers.values()))]).get_result_ids())
            records.fetch(fields)
            known = {record.id: record for record in records}
            found |= {message_id: known[n] for message_id, n in numbers.items() if n in known}
        return found

    def referred(self, model: str, name: str, fields: list[str], *, required: bool = True) -> dict:
        """Records that a field of the items refers to; items whose reference is unknown fail."""
        wanted = [(item, ids.decode(model, getattr(item.data, name) or "")) for item in self.items]
        found = self.load(model, wanted, fields)
        for item in self.items:
            if item.message_id not in found and (required or getattr(item.data, name)):
                self.refuse(item, f"/{name}", "reference", "There is no such record")
        return found

    def sending_code(self, item: Item, facility) -> str:
        """Under which code the partner's system sends for a facility; the item fails when it has none."""
        if not self._codes:
            rows = self.env["health.facility.code"].search_fetch(
                [("system_id", "in", list({i.system_id for i in self.items}))], ["system_id", "facility_id", "code"]
            )
            for row in rows.sorted("id", reverse=True):
                self._codes[row.system_id.id, row.facility_id.id] = row.code
        code = self._codes.get((item.system_id, facility.id)) if facility else None
        if code is None:
            self.refuse(item, "/facility", "facility.code", "Your system has no sending code for this facility")
        return "" if code in (None, "*") else code


class CommandResource(Resource):
    """A resource whose records are made by commands."""

    @classmethod
    def apply(cls, env, items):
        known = {item.message_id: item.record_id for item in items if item.record_id}
        context = Context(env, items)
        current = context.load(cls.model, [(item, item.record_id) for item in items], cls.current_fields)
        for item in items:
            if item.record_id and item.message_id not in current:
                context.refuse(item, "", "record", "There is no such record", 404)
        cls.before(context, current)
        if context.failures:
            raise SetFailed(context.failures)
        entries = []
        for item in items:
            try:
                command = cls.command(context, item, current.get(item.message_id))
            except ValidationError as error:
                place = "/".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
                context.refuse(item, f"/{place}", "content", "This value cannot be used")
                continue
            if item.message_id not in context.failures:
                entries.append(Entry(item.message_id, item.system_id, item.interface_id, item.company_id, [command]))
        context.failures |= decide(
            cls, env, [(i, cls.columns(i)) for i in items if i.record_id and i.message_id not in context.failures]
        )
        if context.failures:
            raise SetFailed(context.failures)
        env["health.intake"]._apply(entries)
        cls._find_results(env, items, known)

    @classmethod
    def _find_results(cls, env, items, known) -> None:
        """Which records the messages made or changed: as their links say, or as the resource knows better."""
        env.cr.execute(
            f"""SELECT DISTINCT ON (l.message_id) l.message_id, r.id, r.create_date = %s
                  FROM interop_link l JOIN {env[cls.model]._table} r ON r.id = l.res_id
                 WHERE l.message_id = ANY(%s) AND l.res_model = %s ORDER BY l.message_id, l.id DESC""",
            [env.cr.now(), [item.message_id for item in items], cls.model],
        )
        rows = {message_id: (record_id, fresh) for message_id, record_id, fresh in env.cr.fetchall()}
        for item in items:
            record_id, fresh = rows.get(item.message_id, (known.get(item.message_id), False))
            item.record_id, item.created = record_id, bool(fresh) and item.message_id not in known

    #: Fields of the record that :meth:`command` reads.
    current_fields: list[str] = []

    @classmethod
    def before(cls, context: Context, current: dict) -> None:
        """Hook: load what the commands need, refuse what cannot be."""

    @classmethod
    def command(cls, context: Context, item: Item, record):
        """The canonical command of one item.

        :param record: the record to change, or None
        """
        raise NotImplementedError

    @classmethod
    def columns(cls, item: Item) -> dict:
        """What the item would change, by the model's field names, for the rules of ownership."""
        fields = cls.fields()
        return {
            fields[name].source.path: getattr(item.data, name)
            for name in item.said
            if name in fields and "." not in getattr(fields[name].source, "path", ".") and not fields[name].nested
        }


def said_or_now(item: Item) -> dt.datetime:
    """When it happened: as the partner says, else now."""
    return getattr(item.data, "occurred_at", None) or dt.datetime.now(dt.UTC)
