"""Reference parameters as SQL."""

from __future__ import annotations

from odoo.tools import SQL

from .columns import FALSE, Column, any_of


class Link(Column):
    """A reference in a column.

    :param targets: Odoo model by resource type; a type may have several models, the column points to one
    """

    modifiers = frozenset(("identifier", "type"))

    def __init__(self, column: str, targets: dict[str, str]):
        self.column = column
        self.targets = targets

    def where(self, ctx, alias, filter_):
        if filter_.chain is not None:
            model = self.targets.get(filter_.chain_type)
            return self._among(alias, ctx.chained(filter_.chain_type, model, filter_.chain)) if model else FALSE
        if filter_.modifier == "identifier":
            return any_of(
                self._among(alias, ctx.identified(kind, model, filter_.values)) for kind, model in self.targets.items()
            )
        ids = ctx.record_ids(filter_.values, self.targets)
        return self._equal(alias, ids) if ids else FALSE

    def _equal(self, alias, ids):
        if len(ids) == 1:
            return SQL("%s = %s", SQL.identifier(alias, self.column), ids[0])
        return SQL("%s = ANY(%s)", SQL.identifier(alias, self.column), ids)

    def _among(self, alias, subselect):
        return SQL("%s IN %s", SQL.identifier(alias, self.column), subselect)

    def pointing(self, alias: str, ids: list[int]) -> SQL:
        """The condition that the source points to one of the records."""
        return self._equal(alias, ids)

    def follow(self, table: str, ids: list[int]) -> SQL:
        """Select ``(source id, target id)`` of some records of the source."""
        return SQL(
            "SELECT id, %s FROM %s WHERE id = ANY(%s) AND %s IS NOT NULL",
            SQL.identifier(self.column),
            SQL.identifier(table),
            ids,
            SQL.identifier(self.column),
        )


class Through(Link):
    """A reference in a table of lines (``Encounter.location``).

    :param table: of the lines
    :param link: their column that points to the source
    """

    def __init__(self, table: str, link: str, column: str, targets: dict[str, str]):
        super().__init__(column, targets)
        self.table = table
        self.link = link

    def _lines(self, alias, condition):
        return SQL(
            "%s IN (SELECT %s FROM %s WHERE %s)",
            SQL.identifier(alias, "id"),
            SQL.identifier(self.table, self.link),
            SQL.identifier(self.table),
            condition,
        )

    def _equal(self, alias, ids):
        return self._lines(alias, SQL("%s = ANY(%s)", SQL.identifier(self.table, self.column), ids))

    def _among(self, alias, subselect):
        return self._lines(alias, SQL("%s IN %s", SQL.identifier(self.table, self.column), subselect))

    def follow(self, table, ids):
        return SQL(
            "SELECT %s, %s FROM %s WHERE %s = ANY(%s) AND %s IS NOT NULL",
            SQL.identifier(self.link),
            SQL.identifier(self.column),
            SQL.identifier(self.table),
            SQL.identifier(self.link),
            ids,
            SQL.identifier(self.column),
        )


class Via(Column):
    """A parameter of a record that the source points to (``Invoice.patient``, by its visit).

    :param column: of the source
    :param model_table: the table that it points to
    :param inner: how that table answers
    """

    def __init__(self, column: str, model_table: str, inner: Column):
        self.column = column
        self.table = model_table
        self.inner = inner
        self.modifiers = inner.modifiers

    @property
    def targets(self):
        return getattr(self.inner, "targets", {})

    def where(self, ctx, alias, filter_):
        return SQL(
            "%s IN (SELECT id FROM %s WHERE %s)",
            SQL.identifier(alias, self.column),
            SQL.identifier(self.table),
            self.inner.where(ctx, self.table, filter_),
        )

    def pointing(self, alias: str, ids: list[int]) -> SQL:
        """The condition that the source points to one of the records."""
        return SQL(
            "%s IN (SELECT id FROM %s WHERE %s)",
            SQL.identifier(alias, self.column),
            SQL.identifier(self.table),
            self.inner.pointing(self.table, ids),
        )

    def follow(self, table: str, ids: list[int]) -> SQL:
        """Select ``(source id, target id)`` of some records of the source."""
        return SQL(
            "SELECT s.id, t.%s FROM %s s JOIN %s t ON t.id = s.%s WHERE s.id = ANY(%s) AND t.%s IS NOT NULL",
            SQL.identifier(self.inner.column),
            SQL.identifier(table),
            SQL.identifier(self.table),
            SQL.identifier(self.column),
            ids,
            SQL.identifier(self.inner.column),
        )
