from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace

from odoo import api, models
from odoo.tools import SQL

from ..address import Row
from ..codec.issues import FhirError, error, warning
from ..codec.params import COMMON, REGISTRY, Param
from ..codec.search import Query
from .columns import all_of
from .context import Context, Fhir
from .declared import DECLARED
from .kept import kept_columns, kept_params
from .links import Link, Via
from .page import Page

KEPT = "health.fhir.resource"
#: Resources that _include and _revinclude may add to a page.
MOST_INCLUDES = 1000
#: Matches up to which an estimate is a count.
COUNTED = 10_000


class HealthFhirSearch(models.AbstractModel):
    """Search over the models' own tables.

    Record rules come from Odoo (``_search``), parameters are SQL of our own over indexed
    columns, and pages go by key (sort value and id), never by offset.
    """

    _name = "health.fhir.search"
    _description = "FHIR Search"

    # --- what can be answered ------------------------------------------------------

    @api.model
    def _sources(self, kind: str) -> list[tuple[str, list]]:
        """``(model, domain)`` of a type: its mapper's models, and the resources that are only kept."""
        mapper = self.env["health.fhir.mapper"]._of(kind)
        found = [(source.model, list(source.domain)) for source in mapper._fhir_sources] if mapper is not None else []
        return [*found, (KEPT, [("type", "=", kind), ("res_id", "=", False)])]

    @api.model
    def _columns(self, kind: str, model: str) -> dict:
        """The columns by parameter of one source."""
        if model == KEPT:
            common = {name: Fhir(kind, "", name) for name in COMMON}
            return {**common, **kept_columns(kind)}
        return {**{name: Fhir(kind, model, name) for name in COMMON}, **DECLARED.get((kind, model), {})}

    @api.model
    def _definitions(self) -> dict[str, dict[str, Param]]:
        """The search parameters that work, for the capability statement and for parsing."""
        mapper = self.env["health.fhir.mapper"]
        mapped = mapper._mapped()
        found = {kind: self._declare(kind) if kind in mapped else kept_params(kind) for kind in mapper._served()}
        for declared in found.values():
            for name, param in declared.items():
                chains = {inner for inner in param.chains for target in param.targets if inner in found.get(target, {})}
                declared[name] = replace(param, chains=frozenset(chains))
        return found

    def _declare(self, kind):
        sources = [self._columns(kind, model) for model, _domain in self._sources(kind) if model != KEPT]
        declared = {}
        for name, param in {**COMMON, **REGISTRY.get(kind, {})}.items():
            columns = [source[name] for source in sources if name in source]
            if not columns:
                continue
            targets = {target for column in columns for target in getattr(column, "targets", ())}
            linked = all(isinstance(column, Link) for column in columns)
            declared[name] = replace(
                param,
                targets=tuple(target for target in param.targets if target in targets),
                modifiers=frozenset.intersection(*(column.modifiers for column in columns)),
                chains=param.chains if linked else frozenset(),
                sort=len(sources) == 1 and columns[0].sort("x") is not None,
            )
        return declared

    # --- searching -------------------------------------------------------------------

    @api.model
    def _page(self, query: Query, limit: int, allowed=None) -> Page:
        """One page of a search, with the rights of the environment.

        :param limit: matches per page, when the query asks for none or for more
        :param allowed: whether the caller may search a type, for what is included; by default any
        :raises FhirError: 400 for a cursor that is none
        """
        self.env.flush_all()
        page = Page()
        size = limit if query.count is None else min(query.count, limit)
        if query.summary == "count" or size == 0:
            page.total = self._total(query)
            return page
        page.matches, page.next_cursor = self._matches(query, size)
        if not query.cursor and not page.next_cursor:
            page.total = len(page.matches)
        elif query.total in ("accurate", "estimate"):
            page.total = self._total(query, exact=query.total == "accurate")
        self._include(query, page, allowed or (lambda kind: True))
        return page

    @api.model
    def _first(self, query: Query, limit: int) -> list[Row]:
        """The first resources that match, for conditional interactions."""
        self.env.flush_all()
        return self._matches(replace(query, sort=[], cursor=""), limit)[0]

    def _visible(self, kind, model, domain=None):
        """A query of the records of a type that the caller may see and that were not deleted."""
        if domain is None:
            domain = dict(self._sources(kind)).get(model, [])
        found = self.env[model].with_context(active_test=False)._search(domain)
        alias = found.table
        if model == KEPT:
            found.add_where(SQL("%s IS NOT TRUE", SQL.identifier(alias, "deleted")))
        else:
            found.add_where(
                SQL(
                    """NOT EXISTS (SELECT FROM health_fhir_resource gone
                                    WHERE gone.res_model = %s AND gone.res_id = %s AND gone.type = %s AND gone.deleted AND gone.res_id IS NOT NULL)""",
                    model,
                    SQL.identifier(alias, "id"),
                    kind,
                )
            )
        return found

    def _matching(self, query, model, domain):
        """The query of a source's matches, ``None`` when it cannot have any."""
        columns = self._columns(query.type, model)
        if any(found.param.name not in columns for found in query.filters):
            return None
        found = self._visible(query.type, model, domain)
        context = Context(self)
        conditions = [columns[item.param.name].where(context, found.table, item) for item in query.filters]
        if conditions:
            found.add_where(all_of(conditions))
        return found

    def _matches(self, query, size):
        first, after = self._cursor(query.cursor)
        rows: list[Row] = []
        for index, (model, domain) in enumerate(self._sources(query.type)):
            if index < first:
                continue
            found = self._matching(query, model, domain)
            if found is None:
                continue
            order = self._sorting(query, model, found.table)
            if after and index == first:
                found.add_where(self._behind(order, found.table, after))
            found.order = SQL(", ").join(SQL("%s %s", part, SQL(way)) for part, way in order)
            found.limit = size - len(rows) + 1
            ids = [row[0] for row in self.env.execute_query(found.select())]
            rest = size - len(rows)
            rows.extend(self._rows(query.type, model, ids[:rest]))
            if len(ids) > rest:
                return rows, f"{index}-{ids[rest - 1] if rest else 0}"
        return rows, ""

    def _rows(self, kind, model, ids):
        store = self.env["health.fhir.store"]
        if model != KEPT:
            return store._of_records(kind, self.env[model].browse(ids))
        kept = self.env[KEPT].sudo().browse(ids)
        found = store.sudo()._locate((kind, row.fhir_id) for row in kept)
        return [found[kind, row.fhir_id] for row in kept if (kind, row.fhir_id) in found]

    @staticmethod
    def _cursor(text):
        if not text:
            return 0, 0
        first, _dash, after = text.partition("-")
        if not (first.isdigit() and after.isdigit() and len(text) < 20):
            raise FhirError(error("invalid", "http._cursor", "This is no page of this search."))
        return int(first), int(after)

    def _sorting(self, query, model, alias):
        """Expressions and directions; by the first filter's own index where nothing else is asked for.

        Ordered by id alone, a search for what is rare or old would read the table from its end until it has a page.
        """
        columns = self._columns(query.type, model)
        order = []
        for param, down in query.sort:
            column = columns.get(param.name)
            part = column.sort(alias) if column is not None else None
            if part is not None:
                order.append((part, "DESC" if down else "ASC"))
        if not query.sort:
            natural = (columns[item.param.name].natural(alias, item) for item in query.filters)
            order.extend([part for part in natural if part is not None][:1])
        order.append((SQL.identifier(alias, "id"), order[-1][1] if order else "DESC"))
        return order

    def _behind(self, order, alias, after):
        """What comes after a record in an order; its sort values are looked up, so no value is in a URL."""
        table = SQL.identifier(alias)
        values = [SQL("(SELECT %s FROM %s WHERE id = %s)", part, table, after) for part, _way in order[:-1]]
        values.append(SQL("%s", after))
        ways = {way for _part, way in order}
        if len(ways) == 1:
            # Compared as rows, an index finds the place.
            parts = SQL(", ").join(part for part, _way in order)
            return SQL("(%s) > (%s)" if ways == {"ASC"} else "(%s) < (%s)", parts, SQL(", ").join(values))
        steps = []
        for place, (part, way) in enumerate(order):
            same = [SQL("%s = %s", order[i][0], values[i]) for i in range(place)]
            beyond = SQL("%s > %s" if way == "ASC" else "%s < %s", part, values[place])
            steps.append(all_of([*same, beyond]))
        return SQL("(%s)", SQL(" OR ").join(steps))

    # --- counting --------------------------------------------------------------------

    def _total(self, query, exact=True):
        total = 0
        for model, domain in self._sources(query.type):
            found = self._matching(query, model, domain)
            if found is None:
                continue
            if exact:
                total += self.env.execute_query(found.select(SQL("count(*)")))[0][0]
                continue
            found.limit = COUNTED
            counted = self.env.execute_query(SQL("SELECT count(*) FROM (%s) found", found.select()))[0][0]
            if counted == COUNTED:
                found.limit = None
                plan = self.env.execute_query(SQL("EXPLAIN (FORMAT JSON) %s", found.select()))[0][0]
                plan = json.loads(plan) if isinstance(plan, str) else plan
                counted = max(COUNTED, int(plan[0]["Plan"]["Plan Rows"]))
            total += counted
        return total

    # --- including -------------------------------------------------------------------

    def _include(self, query, page, allowed):
        by_model = defaultdict(list)
        for row in page.matches:
            by_model[row.model].append(row.res_id)
        wanted: dict[tuple[str, str], set[int]] = defaultdict(set)
        for item in query.includes:
            for model, ids in by_model.items():
                column = self._columns(query.type, model).get(item.param.name) if model else None
                if not isinstance(column, (Link, Via)):
                    continue
                linked = {row[1] for row in self.env.execute_query(column.follow(self.env[model]._table, ids))}
                for kind, target in column.targets.items():
                    if item.target in ("", kind) and allowed(kind):
                        wanted[kind, target] |= linked
        found = []
        for (kind, model), ids in wanted.items():
            target = self._visible(kind, model)
            target.add_where(SQL("%s = ANY(%s)", SQL.identifier(target.table, "id"), sorted(ids)))
            target.limit = MOST_INCLUDES + 1
            found.append((kind, model, target))
        for item in query.revincludes:
            if allowed(item.source):
                found.extend(self._pointing(query, item, by_model))
        seen = {row.address for row in page.matches}
        for kind, model, target in found:
            ids = [row[0] for row in self.env.execute_query(target.select())]
            for row in self._rows(kind, model, ids):
                if row.address not in seen:
                    seen.add(row.address)
                    page.includes.append(row)
        if len(page.includes) > MOST_INCLUDES:
            del page.includes[MOST_INCLUDES:]
            page.issues.append(warning("incomplete", "http._include", f"Only {MOST_INCLUDES} resources were included."))

    def _pointing(self, query, item, by_model):
        """The sources of a ``_revinclude`` that point to the matches."""
        for model, _domain in self._sources(item.source):
            column = self._columns(item.source, model).get(item.param.name)
            targets = getattr(column, "targets", {})
            ids = by_model.get(targets.get(query.type), [])
            if not ids or not isinstance(column, (Link, Via)):
                continue
            found = self._visible(item.source, model)
            found.add_where(column.pointing(found.table, ids))
            found.order = SQL.identifier(found.table, "id")
            found.limit = MOST_INCLUDES + 1
            yield item.source, model, found
