"""Reading straight: one statement per page, by the columns that were asked for.

Which records a caller may see is decided by ``_search``: access rights and
record rules of the technical user are part of the statement. Columns of other
records come by joins, rows of one2many fields with one more statement each;
nothing goes through the ORM's cache.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo.tools import SQL, Query

from . import ids
from .query import Question, resolve
from .schema import Derived, FieldInfo, Many, Ref, fields_of


@dataclass(slots=True)
class Page:
    """Records of one page, ready for JSON, and the position after it."""

    records: list[dict]
    position: list | None
    last_ids: list[int]


def read_page(env, resource, question: Question) -> Page:
    """Answer a list, a search or a part of an export."""
    model = env[resource.model]
    domain = resource.where(env) + resolve(env, resource, question.conditions)
    if question.by_update:
        # Who follows changes must also see what was archived.
        domain.append(("write_date", ">=", question.updated_since))
        model = model.with_context(active_test=False)
    query = model._search(domain)
    if query.is_empty():
        return Page([], None, [])
    table = SQL.identifier(query.table)
    if question.by_update:
        query.order = SQL("%(t)s.write_date, %(t)s.id", t=table)
        if question.after:
            query.add_where(SQL("(%(t)s.write_date, %(t)s.id) > (%(at)s::timestamp, %(id)s)", t=table,
                                at=question.after[0], id=question.after[1]))  # fmt: skip
    else:
        query.order = SQL("%s.id DESC", table)
        if question.after:
            query.add_where(SQL("%s.id < %s", table, question.after[0]))
    query.limit = question.limit + 1
    rows, records = _fetch(env, model, query, resource, question.names)
    more = len(rows) > question.limit
    if more:
        del rows[-1], records[-1]
    position = None
    if more:
        position = [str(rows[-1][1]), rows[-1][0]] if question.by_update else [rows[-1][0]]
    record_ids = [row[0] for row in rows]
    _attach_parts(env, model, resource, question.names, record_ids, records)
    return Page(records, position, record_ids)


def read_one(env, resource, record_id: int, names: tuple[str, ...]) -> dict | None:
    """One record, or ``None`` when there is none that the caller may see."""
    model = env[resource.model].with_context(active_test=False)
    query = model._search([*resource.where(env), ("id", "=", record_id)])
    if query.is_empty():
        return None
    rows, records = _fetch(env, model, query, resource, names)
    if not rows:
        return None
    _attach_parts(env, model, resource, names, [record_id], records)
    return records[0]


@dataclass(slots=True)
class _Plan:
    """How columns of a model become members of records; made once per registry."""

    columns: SQL
    joins: dict
    makers: list


def _plan(env, model, query, owner, infos) -> _Plan:
    """The plan for some fields of a schema.

    :param owner: the schema
    :param infos: ``(name, field info)``, without those of rows
    """
    plans = env.registry.__dict__.setdefault("interop_rest_plans", {})
    key = (owner, tuple(name for name, _info in infos), env.lang)
    if key not in plans:
        empty = Query(env, query.table, model._table_sql)
        columns, makers = _columns(model, empty, infos)
        plans[key] = _Plan(SQL(", ").join(columns), dict(empty._joins), makers)
    return plans[key]


def _fetch(env, model, query, resource, names) -> tuple[list[tuple], list[dict]]:
    """Rows (id, write_date, …) and the records made of them."""
    infos = [(name, resource.fields()[name]) for name in names]
    plan = _plan(env, model, query, resource.read, [(n, i) for n, i in infos if not isinstance(i.source, Many)])
    query._joins.update(plan.joins)
    written = SQL("%s.write_date", SQL.identifier(query.table)) if "write_date" in model._fields else SQL("NULL")
    columns = [plan.columns] if plan.makers else []
    rows = env.execute_query(query.select(SQL("%s.id", SQL.identifier(query.table)), written, *columns))
    own = ids.encode_all(model._name, [row[0] for row in rows])
    records = [{"id": own[row[0]]} for row in rows]
    for name, maker in plan.makers:
        maker(name, rows, records)
    if any(isinstance(i.source, Many) for _n, i in infos):
        # Keep the order of the fields, whatever comes later.
        for record in records:
            for name, info in infos:
                record[name] = [] if isinstance(info.source, Many) else record.pop(name)
    return rows, records


def _columns(model, query, infos, offset: int = 2):
    """Expressions of the columns, and what puts their values into the records."""
    columns: list[SQL] = []
    makers = []
    model = model.sudo()  # what stands beside a visible record is visible, as names are in Odoo
    for name, info in infos:
        if isinstance(info.source, Derived):
            at = offset + len(columns)
            pairs = [_expression(model, query, path, None) for path in info.source.paths]
            columns += [sql for sql, _convert in pairs]
            makers.append((name, _derive(at, [convert for _sql, convert in pairs], info.source.make)))
            continue
        if isinstance(info.source, Ref):
            columns.append(_sql_of(model, query, info.source.path)[0])
            makers.append((name, _refer(offset + len(columns) - 1, _comodel(model, info.source.path))))
            continue
        sql, convert = _expression(model, query, info.source.path, info)
        columns.append(sql)
        makers.append((name, _copy(offset + len(columns) - 1, convert)))
    return columns, makers


def _comodel(model, path: str) -> str:
    for name in path.split("."):
        comodel = model._fields[name].comodel_name
        model = model.env[comodel]
    return comodel


def _sql_of(model, query, path: str):
    """The SQL of a column, many2one fields joined, and the field that it is."""
    alias, names = query.table, path.split(".")
    for name in names[:-1]:
        comodel = model.env[model._fields[name].comodel_name]
        alias = query.left_join(alias, name, comodel._table, "id", name)
        model = comodel
    if names[-1] == "id":
        return SQL.identifier(alias, "id"), model._fields["id"]
    return model._field_to_sql(alias, names[-1], query), model._fields[names[-1]]


def _expression(model, query, path: str, info: FieldInfo | None):
    sql, field = _sql_of(model, query, path)
    kind = info.type if info else None
    if (kind is not None and _is_decimal(info)) or field.type == "monetary":
        return SQL("trim_scale((%s)::numeric)::text", sql), None
    return sql, _CONVERT.get(field.type)


def _is_decimal(info: FieldInfo) -> bool:
    return info.type is Decimal or getattr(info.type, "__origin__", None) is Decimal


def _instant(value: dt.datetime | None) -> str | None:
    return value and value.isoformat(timespec="seconds") + "Z"


_CONVERT = {
    "datetime": _instant,
    "date": lambda value: value and value.isoformat(),
    "boolean": bool,
    "char": lambda value: value or None,
    "text": lambda value: value or None,
    "selection": lambda value: value or None,
}


def _copy(at: int, convert):
    def put(name: str, rows, records) -> None:
        if convert is None:
            for row, record in zip(rows, records, strict=True):
                record[name] = row[at]
        else:
            for row, record in zip(rows, records, strict=True):
                record[name] = convert(row[at])

    return put


def _refer(at: int, comodel: str):
    def put(name: str, rows, records) -> None:
        tokens: dict[Any, str] = ids.encode_all(comodel, {row[at] for row in rows if row[at]})
        for row, record in zip(rows, records, strict=True):
            record[name] = tokens.get(row[at])

    return put


def _derive(at: int, converts: list, make):
    def put(name: str, rows, records) -> None:
        for row, record in zip(rows, records, strict=True):
            values = [convert(row[at + n]) if convert else row[at + n] for n, convert in enumerate(converts)]
            record[name] = make(*values)

    return put


def _attach_parts(env, model, resource, names, record_ids, records) -> None:
    """Rows of one2many fields, one statement per field: they are part of the record, and seen with it."""
    for name in names:
        info = resource.fields()[name]
        if not isinstance(info.source, Many) or not record_ids:
            continue
        head, tail, makers = _part_plan(env, model, info)
        rows = env.execute_query(SQL("%s = ANY(%s)%s", head, record_ids, tail))
        by_parent: dict[int, list[dict]] = {record_id: [] for record_id in record_ids}
        parts: list[dict] = [{} for _row in rows]
        for part_name, maker in makers:
            maker(part_name, rows, parts)
        for row, part in zip(rows, parts, strict=True):
            by_parent[row[1]].append(part)
        for record_id, record in zip(record_ids, records, strict=True):
            record[name] = by_parent[record_id]


def _part_plan(env, model, info) -> tuple[SQL, SQL, list]:
    """The statement for the rows of a one2many field, before and after the ids of their records."""
    plans = env.registry.__dict__.setdefault("interop_rest_plans", {})
    key = (info.nested, model._name, info.source, env.lang)
    if key not in plans:
        field = model._fields[info.source.path]
        child = env[field.comodel_name].sudo()
        query = _rows_of(child, field)
        table = SQL.identifier(query.table)
        parent = child._field_to_sql(query.table, field.inverse_name, query)
        columns, makers = _columns(child, query, list(fields_of(info.nested).items()))
        order = SQL(" ORDER BY %s, %s.id", child._field_to_sql(query.table, info.source.order), table)
        head = SQL(
            "SELECT %s.id, %s, %s FROM %s WHERE %s AND %s",
            table, parent, SQL(", ").join(columns), query.from_clause, query.where_clause or SQL("TRUE"), parent,
        )  # fmt: skip
        plans[key] = (head, order, makers)
    return plans[key]


def _rows_of(child, field) -> Query:
    """The rows that a one2many field can hold."""
    domain = field.domain if isinstance(field.domain, list) else []
    if domain:
        return child.with_context(active_test=False)._search(domain, bypass_access=True)
    return Query(child.env, child._table, child._table_sql)
