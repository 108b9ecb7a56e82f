"""Parameters whose elements are put together from several columns, as the mappers do."""

from __future__ import annotations

import re

from odoo.tools import SQL

from .columns import FALSE, Column, any_of


class Cases(Column):
    """A code that several columns decide.

    :param conditions: by code: SQL over columns written as ``{alias}.column``
    """

    modifiers = frozenset(("not",))

    def __init__(self, conditions: dict[str, str]):
        self.conditions = conditions

    def where(self, ctx, alias, filter_):
        wanted = {value.code for value in filter_.values if value.system in (None, "")} & set(self.conditions)
        if filter_.modifier == "not":
            wanted = set(self.conditions) - wanted
        return any_of(
            SQL("(%s)", SQL(self.conditions[code].format(alias=f'"{alias}"').replace("%", "%%")))
            for code in sorted(wanted)
        )


class Numbered(Column):
    """An identifier or URL that is made of the record's id.

    :param pattern: what the value looks like, the id as its one group
    :param system: identifier system; ``None`` for a URL
    """

    def __init__(self, pattern: str, system: str | None = None):
        self.pattern = re.compile(pattern)
        self.system = system

    def one(self, ctx, alias, value):
        if self.system is not None and value.system not in (None, self.system):
            return FALSE
        match = self.pattern.fullmatch((value.code if self.system is not None else value.text) or "")
        if not match or int(match[1]) >= 2**31:
            return FALSE
        return SQL("%s = %s", SQL.identifier(alias, "id"), int(match[1]))


class Transaction(Column):
    """The identifier of a charge: the sender's transaction, and its line from the second on.

    :param prefix: of the identifier system; the code of the sending system follows
    """

    def __init__(self, prefix: str):
        self.prefix = prefix

    def one(self, ctx, alias, value):
        if not value.code:
            return FALSE
        transaction, line = SQL.identifier(alias, "transaction_id"), SQL.identifier(alias, "line")
        found = [SQL("(%s = %s AND %s = 1)", transaction, value.code, line)]
        name, slash, number = value.code.rpartition("/")
        if slash and number.isascii() and number.isdigit() and 1 < int(number) < 2**31:
            found.append(SQL("(%s = %s AND %s = %s)", transaction, name, line, int(number)))
        if value.system is None:
            return any_of(found)
        if not value.system.startswith(self.prefix):
            return FALSE
        return SQL(
            "(%s AND %s = (SELECT id FROM interop_system WHERE code = %s))",
            any_of(found),
            SQL.identifier(alias, "system_id"),
            value.system.removeprefix(self.prefix),
        )
