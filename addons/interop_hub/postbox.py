"""Connections on which arriving messages are stored and committed in one trip.

Odoo's pool resets a connection after each request, and with it everything that
PostgreSQL had prepared; a request then pays for planning and for BEGIN and
COMMIT more than for the insert itself. The door needs none of Odoo's
transaction: what it stores, it stores alone. So it keeps connections of its
own, in autocommit, with the statements prepared.

Sending again after a broken connection is safe: had the first attempt been
committed, the second finds its idempotency key and gives the stored answer.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager

import psycopg2

from odoo import sql_db

#: Connections kept per database; a process rarely needs more than one.
KEPT = 4

_idle: dict[str, list[Postbox]] = {}
_lock = threading.Lock()


class Postbox:
    """One connection, with what is prepared on it. Has ``execute`` and ``fetchall`` like a cursor."""

    def __init__(self, dbname: str):
        _name, info = sql_db.connection_info_for(dbname)
        self.pid = os.getpid()
        self.connection = psycopg2.connect(**info)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET plan_cache_mode = force_generic_plan; SET TimeZone = 'UTC'")
        self._prepared: dict[str, str] = {}

    def execute(self, query: str, params: list) -> None:
        """Run a statement once."""
        self.cursor.execute(query, params)

    def execute_prepared(self, query: str, params: list) -> None:
        """Run a statement that will come again; its text has no literal percent sign."""
        name = self._prepared.get(query)
        if name is None:
            name = f"interop_{len(self._prepared)}"
            count = iter(range(1, len(params) + 1))
            self.cursor.execute(f"PREPARE {name} AS {re.sub('%s', lambda _match: f'${next(count)}', query)}")
            self._prepared[query] = name
        values = f" ({', '.join(['%s'] * len(params))})" if params else ""
        self.cursor.execute(f"EXECUTE {name}{values}", params)

    def fetchall(self) -> list[tuple]:
        """Rows of the last statement."""
        return self.cursor.fetchall()

    def close(self) -> None:
        """Close the connection, if this process opened it."""
        if self.pid == os.getpid():
            self.connection.close()


@contextmanager
def borrow(dbname: str):
    """A postbox for this database; put back unless something went wrong on it."""
    with _lock:
        kept = _idle.setdefault(dbname, [])
        box = kept.pop() if kept else None
    if box is None or box.pid != os.getpid():
        box = Postbox(dbname)
    try:
        yield box
    except BaseException:
        box.close()
        raise
    with _lock:
        if len(kept) < KEPT:
            kept.append(box)
            return
    box.close()


def post(dbname: str, work):
    """Run ``work(postbox)`` and return what it returns; once more when a kept connection turns out broken.

    :raises OperationalError: the database cannot be reached
    """
    try:
        with borrow(dbname) as box:
            return work(box)
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        forget(dbname)
    with borrow(dbname) as box:
        return work(box)


def forget(dbname: str) -> None:
    """Close what is kept for a database."""
    with _lock:
        kept = _idle.pop(dbname, [])
    for box in kept:
        box.close()
