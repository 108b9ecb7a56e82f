"""Keeps values out of the log: Odoo logs every failing statement with its parameters.

A statement that fails on a conflict with another transaction is normal here
and done again, but its parameters may be a patient's data.
"""

import logging
import re

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_LONGEST = 300


class HideValues(logging.Filter):
    """Replaces the values in Odoo's "bad query" records by question marks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; never drops it."""
        if isinstance(record.msg, str) and record.msg.startswith("bad query") and isinstance(record.args, tuple):
            record.args = tuple(map(_harmless, record.args))
        return True


def _harmless(value: object) -> str:
    if isinstance(value, BaseException):
        return f"{type(value).__name__} {getattr(value, 'pgcode', None) or ''}".strip()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return " ".join(_LITERAL.sub("?", text).split())[:_LONGEST]


def install() -> None:
    """Put the filter on Odoo's SQL logger, once."""
    logger = logging.getLogger("odoo.sql_db")
    if not any(isinstance(known, HideValues) for known in logger.filters):
        logger.addFilter(HideValues())
