"""Search parameters as SQL over the columns of the models.

A column object says how one parameter of one source is answered: ``where`` gives the
condition of a filter, ``sort`` the expression to sort by (never NULL), and references say
what they link to. Values always go as parameters.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from odoo.tools import SQL

from ..codec.values import Span, approximate
from ..models.health_fhir_naming import MADE

#: Accents are folded by decomposition, so that an index can stand on it without an extension.
_FOLD = r"regexp_replace(normalize(lower(%s), NFKD), '[\u0300-\u036F]', '', 'g')"
FALSE, TRUE = SQL("FALSE"), SQL("TRUE")


def fold_index(column: str) -> str:
    """Definition of the index that :class:`Words` uses."""
    return f"({_FOLD % column} text_pattern_ops)"


def _folded(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not "\u0300" <= char <= "\u036f")


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def any_of(conditions) -> SQL:
    """OR of conditions; nothing matches when there is none."""
    conditions = list(conditions)
    return SQL("(%s)", SQL(" OR ").join(conditions)) if conditions else FALSE


def all_of(conditions) -> SQL:
    """AND of conditions."""
    conditions = list(conditions)
    return SQL("(%s)", SQL(" AND ").join(conditions)) if conditions else TRUE


class Column:
    """How a parameter is answered.

    :ivar modifiers: those that are supported
    """

    modifiers: frozenset[str] = frozenset()

    def where(self, ctx, alias: str, filter_) -> SQL:
        """The condition of a filter on the source's table.

        :param ctx: :class:`.context.Context` of the search
        :param alias: of the source's table
        """
        return any_of(self.one(ctx, alias, value) for value in filter_.values)

    def one(self, ctx, alias: str, value) -> SQL:
        """The condition of one value."""
        raise NotImplementedError

    def sort(self, alias: str) -> SQL | None:
        """What ``_sort`` sorts by, never NULL; ``None`` when no index has this order."""
        return None

    def natural(self, alias: str, filter_) -> tuple[SQL, str] | None:
        """Expression and direction in which an index gives the filter's matches first."""
        return None


class Code(Column):
    """A token in a selection.

    :param codes: FHIR code, or (system, code), by value of the column; several values may have one code
    """

    modifiers = frozenset(("not",))

    def __init__(self, column: str, codes: dict):
        self.column = column
        self.codes = {ours: code if isinstance(code, tuple) else ("", code) for ours, code in codes.items()}

    def where(self, ctx, alias, filter_):
        wanted = {
            ours
            for ours, (system, code) in self.codes.items()
            for value in filter_.values
            if value.system in (None, system) and value.code in (None, code)
        }
        if filter_.modifier == "not":
            # The other values, not NOT IN: so that an index can find them.
            wanted = set(self.codes) - wanted
        if not wanted:
            return FALSE
        if len(wanted) == 1:
            # An equality, because an index on (code, id) then gives the matches in order.
            return SQL("%s = %s", SQL.identifier(alias, self.column), wanted.pop())
        return SQL("%s = ANY(%s)", SQL.identifier(alias, self.column), sorted(wanted))


class Flag(Column):
    """A boolean as a token."""

    def __init__(self, column: str):
        self.column = column

    def one(self, ctx, alias, value):
        if value.code not in ("true", "false"):
            return FALSE
        return SQL("%s IS %s", SQL.identifier(alias, self.column), SQL(value.code.upper()))


class Literal(Column):
    """A token that is a text column.

    :param system: the system of all values, ``""`` when they have none
    """

    def __init__(self, column: str, system: str = ""):
        self.column = column
        self.system = system

    def one(self, ctx, alias, value):
        if value.system not in (None, self.system) or value.code is None:
            return FALSE
        return SQL("%s = %s", SQL.identifier(alias, self.column), value.code)


class Fixed(Column):
    """An element that has one value in all resources of the source."""

    def __init__(self, system: str, code: str):
        self.system = system
        self.code = code

    def one(self, ctx, alias, value):
        return TRUE if value.system in (None, self.system) and value.code in (None, self.code) else FALSE


class Identifier(Column):
    """A token in (authority, value), in the source's table or in one of its own.

    :param table: table of identifiers, ``""`` for the source's own
    :param link: its column that points to the source
    :param authority: column, or ``None`` when all values are of one system
    :param system: that system
    """

    def __init__(self, table: str = "", link: str = "", *, authority: str | None = "authority", value: str = "value",
                 system: str = ""):  # fmt: skip
        self.table = table
        self.link = link
        self.authority = authority
        self.value = value
        self.system = system

    def one(self, ctx, alias, value):
        # Without a value every identifier of an authority is meant: a list of a whole hospital, and no index.
        if value.code is None:
            return FALSE
        inner = self.table or alias
        found = [SQL("%s = %s", SQL.identifier(inner, self.value), value.code)]
        if self.authority is None:
            if value.system not in (None, self.system):
                return FALSE
        elif value.system is None:
            found.append(SQL("%s != %s", SQL.identifier(inner, self.authority), MADE))
        else:
            known = ctx.authority(value.system)
            if not known:
                return FALSE
            found.append(SQL("%s = %s", SQL.identifier(inner, self.authority), known))
        if not self.table:
            return all_of(found)
        return SQL(
            "%s IN (SELECT %s FROM %s WHERE %s)",
            SQL.identifier(alias, "id"),
            SQL.identifier(inner, self.link),
            SQL.identifier(inner),
            all_of(found),
        )


class Either(Column):
    """A parameter that looks at several places."""

    def __init__(self, *columns: Column):
        self.columns = columns
        self.modifiers = frozenset.intersection(*(column.modifiers for column in columns))

    def where(self, ctx, alias, filter_):
        return any_of(column.where(ctx, alias, filter_) for column in self.columns)


class Words(Column):
    """A string: starts with, without regard to case and accents; ``:exact``; ``:contains`` on small tables."""

    def __init__(self, *columns: str, small: bool = False):
        self.columns = columns
        self.small = small
        self.modifiers = frozenset(("exact", "contains")) if small else frozenset(("exact",))

    def where(self, ctx, alias, filter_):
        return any_of(
            self._word(SQL.identifier(alias, column), filter_.modifier, value.text)
            for value in filter_.values
            for column in self.columns
        )

    def _word(self, column, modifier, text):
        folded = SQL(_FOLD, column)
        start = SQL("%s LIKE %s", folded, f"{'%' if modifier == 'contains' else ''}{_like(_folded(text))}%")
        if modifier == "exact":
            return SQL("(%s AND %s = %s)", start, column, text)
        return start

    def sort(self, alias):
        return SQL("COALESCE(%s, '')", SQL(_FOLD, SQL.identifier(alias, self.columns[0]))) if self.small else None


class Moment(Column):
    """A date, or a point in time to the second.

    :param ordered: an index on (column, id) is there, and the column is never NULL
    """

    def __init__(self, column: str, *, day: bool = False, ordered: bool = False):
        self.column = column
        self.step = timedelta(days=1) if day else timedelta(seconds=1)
        self.ordered = ordered

    def one(self, ctx, alias, value):
        column = SQL.identifier(alias, self.column)
        return span_where(value, column, column, self.step)

    def sort(self, alias):
        return SQL.identifier(alias, self.column) if self.ordered else None

    def natural(self, alias, filter_):
        column = SQL.identifier(alias, self.column)
        return (column, _WAYS[filter_.values[0].prefix]) if filter_.values else None


class Period(Column):
    """Two columns; an empty end is open, and both empty is no period."""

    def __init__(self, low: str, high: str, *, day: bool = False):
        self.low = low
        self.high = high
        self.step = timedelta(days=1) if day else timedelta(seconds=1)

    def indexes(self) -> tuple[str, str]:
        """Definitions of the indexes that this needs."""
        return f"(COALESCE({self.low}, '-infinity'), id)", f"(COALESCE({self.high}, 'infinity'), id)"

    def _bounds(self, alias):
        return (
            SQL("COALESCE(%s, '-infinity')", SQL.identifier(alias, self.low)),
            SQL("COALESCE(%s, 'infinity')", SQL.identifier(alias, self.high)),
        )

    def one(self, ctx, alias, value):
        low, high = SQL.identifier(alias, self.low), SQL.identifier(alias, self.high)
        found = span_where(value, *self._bounds(alias), self.step)
        return SQL("(%s AND (%s IS NOT NULL OR %s IS NOT NULL))", found, low, high)

    def sort(self, alias):
        return self._bounds(alias)[0]

    def natural(self, alias, filter_):
        prefix = filter_.values[0].prefix if filter_.values else ""
        low, high = self._bounds(alias)
        return (high if prefix in ("ge", "gt", "eb", "ap") else low, _WAYS[prefix]) if prefix else None


#: Direction in which an index leads from a bound into what matches.
_WAYS = {"eq": "ASC", "ge": "ASC", "gt": "ASC", "sa": "ASC", "ap": "ASC", "lt": "DESC", "le": "DESC", "eb": "DESC",
         "ne": "DESC"}  # fmt: skip


def stamp(moment: datetime) -> datetime:
    """A time as the database keeps it: UTC without zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _earlier(moment: datetime, step: timedelta):
    return stamp(moment) - step if moment.year > 1 else stamp(moment)


def span_where(span: Span, low: SQL, high: SQL, step: timedelta) -> SQL:
    """The condition of a date search; :func:`..codec.values.covers` says the same in Python.

    Bounds that follow from the others are said too, so that an index on one of the
    columns is enough to find the matches.

    :param low: expression of the start
    :param high: expression of the end, as stored: the interval goes on for ``step``
    """
    prefix = span.prefix
    if prefix == "ap":
        wide = approximate(span, datetime.now(UTC))
        return SQL("(%s < %s AND %s > %s)", low, stamp(wide.high), high, _earlier(wide.low, step))
    first, last, end = stamp(span.low), _earlier(span.high, step), stamp(span.high)
    return {
        "eq": lambda: SQL("(%s >= %s AND %s < %s AND %s <= %s)", low, first, low, end, high, last),
        "ne": lambda: SQL("(%s < %s OR %s > %s)", low, first, high, last),
        "gt": lambda: SQL("%s > %s", high, last),
        "lt": lambda: SQL("%s < %s", low, first),
        "ge": lambda: SQL("(%s >= %s AND (%s > %s OR %s >= %s))", high, first, high, last, low, first),
        "le": lambda: SQL("(%s < %s AND (%s < %s OR %s <= %s))", low, end, low, first, high, last),
        "sa": lambda: SQL("%s >= %s", low, end),
        "eb": lambda: SQL("%s <= %s", high, _earlier(span.low, step)),
    }[prefix]()
