"""What the columns of one search share: the environment, ids behind references, rights."""

from __future__ import annotations

from odoo.tools import SQL

from ..codec.params import Param
from ..codec.search import Filter
from .columns import FALSE, Column, all_of, stamp

#: Rows that are collected rather than passed over.
_MANY = 5_000


class Fhir(Column):
    """The parameters that every type has.

    :param model: of the records, ``""`` for kept resources
    """

    def __init__(self, kind: str, model: str, name: str):
        self.kind = kind
        self.model = model
        self.name = name

    def where(self, ctx, alias, filter_):
        if self.name == "_id":
            ids = ctx.located(self.kind, self.model, [value.code for value in filter_.values if value.code])
            return SQL("%s = ANY(%s)", SQL.identifier(alias, "id"), ids) if ids else FALSE
        return super().where(ctx, alias, filter_)

    def one(self, ctx, alias, value):
        """``_lastUpdated``: the later of the record's last change and of the resource's last version."""
        low, high = stamp(value.low), stamp(value.high)
        return {
            "eq": lambda: self._between(ctx, alias, low, high),
            "ap": lambda: self._between(ctx, alias, low, high),
            "ne": lambda: SQL("NOT %s", self._between(ctx, alias, low, high)),
            "gt": lambda: self._since(ctx, alias, high),
            "sa": lambda: self._since(ctx, alias, high),
            "ge": lambda: self._since(ctx, alias, low),
            "lt": lambda: self._before(alias, low),
            "eb": lambda: self._before(alias, low),
            "le": lambda: self._before(alias, high),
        }[value.prefix]()

    def _own(self, alias):
        return SQL.identifier(alias, "write_date" if self.model else "last_updated")

    def _version(self, alias, moment):
        """Whether the resource of a record has a version since then."""
        return SQL(
            """EXISTS (SELECT FROM health_fhir_resource v
                        WHERE v.res_model = %s AND v.res_id = %s AND v.type = %s AND v.last_updated >= %s)""",
            self.model,
            SQL.identifier(alias, "id"),
            self.kind,
            moment,
        )

    def _since(self, ctx, alias, low, high=None):
        """Changed since ``low``; given ``high``, the caller leaves out what changed later."""
        if not self.model:
            return SQL("%s >= %s", self._own(alias), low)
        record = SQL("write_date >= %s", low)
        version = SQL("type = %s AND res_model = %s AND last_updated >= %s", self.kind, self.model, low)
        if high is not None:
            record = SQL("%s AND write_date < %s", record, high)
            version = SQL("%s AND last_updated < %s", version, high)
        if ctx.many(alias, record):
            # Read from the newest on (see natural), nearly every row matches.
            return SQL("(%s >= %s OR %s)", self._own(alias), low, self._version(alias, low))
        # A union, because no index serves an OR over two tables.
        table = SQL.identifier(alias)
        return SQL(
            "%s IN (SELECT id FROM %s WHERE %s UNION SELECT res_id FROM health_fhir_resource WHERE %s)",
            SQL.identifier(alias, "id"),
            table,
            record,
            version,
        )

    def _before(self, alias, moment):
        own = SQL("%s < %s", self._own(alias), moment)
        return SQL("(%s AND NOT %s)", own, self._version(alias, moment)) if self.model else own

    def _between(self, ctx, alias, low, high):
        return SQL("(%s AND %s)", self._since(ctx, alias, low, high), self._before(alias, high))

    def sort(self, alias):
        return SQL.identifier(alias, "id") if self.name == "_id" else self._own(alias)

    def natural(self, alias, filter_):
        if self.name == "_id" or not filter_.values:
            return None
        return self._own(alias), "DESC"


class Context:
    """One search.

    :ivar engine: ``health.fhir.search`` with the caller's environment
    """

    def __init__(self, engine):
        self.engine = engine
        self.env = engine.env

    def many(self, table: str, condition: SQL) -> bool:
        """Whether so many rows meet a condition that collecting them costs more than passing over them."""
        counted = SQL("SELECT FROM %s WHERE %s LIMIT %s", SQL.identifier(table), condition, _MANY)
        return self.env.execute_query(SQL("SELECT count(*) FROM (%s) found", counted))[0][0] == _MANY

    def authority(self, uri: str) -> str:
        """The assigning authority of an identifier system, ``""`` when there is none."""
        return self.env["health.fhir.naming"].sudo()._authority(uri)[0]

    def located(self, kind: str, model: str, fhir_ids) -> list[int]:
        """Record ids (row ids of kept resources) behind logical ids."""
        rows = self.env["health.fhir.store"].sudo()._locate((kind, fhir_id) for fhir_id in fhir_ids)
        return sorted(
            (row.res_id if model else row.id) for row in rows.values() if row.model == model and not row.deleted
        )

    def record_ids(self, targets, models: dict[str, str]) -> list[int]:
        """Records that references point to; a reference without type may mean any of the types."""
        addresses = [
            (kind, target.id) for target in targets if target.id for kind in models if target.type in ("", kind)
        ]
        rows = self.env["health.fhir.store"].sudo()._locate(addresses)
        return sorted({row.res_id for row in rows.values() if row.model == models[row.type] and not row.deleted})

    def chained(self, kind: str, model: str, filter_: Filter) -> SQL:
        """Subselect of the records of another type that answer a filter and that the caller may see."""
        column = self.engine._columns(kind, model).get(filter_.param.name)
        if column is None:
            return SQL("(SELECT 1 WHERE FALSE)")
        query = self.engine._visible(kind, model)
        query.add_where(all_of([column.where(self, query.table, filter_)]))
        return query.subselect()

    def identified(self, kind: str, model: str, tokens) -> SQL:
        """Subselect of the records of another type that have one of the identifiers."""
        return self.chained(kind, model, Filter(Param("identifier", "token"), values=tokens))
