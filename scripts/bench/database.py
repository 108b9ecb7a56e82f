"""Scratch databases of the bench and what is asked of them from outside Odoo."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

from . import settings

#: Databases made in this run, dropped at its end.
made: list[str] = []


@contextmanager
def connection(name: str):
    """An autocommitting connection; host and user come from the environment."""
    connected = psycopg2.connect(dbname=name)
    try:
        connected.autocommit = True
        yield connected
    finally:
        connected.close()


def query(name: str, statement: str, parameters=None) -> list[tuple]:
    """Run one statement in a connection of its own; return its rows."""
    with connection(name) as connected, connected.cursor() as cr:
        cr.execute(statement, parameters)
        return cr.fetchall() if cr.description else []


def suite(name: str) -> str:
    """A database with the demo hospital; ``BENCH_TEMPLATE`` names one to copy."""
    if template := os.environ.get("BENCH_TEMPLATE"):
        return copy(template, name)
    made.append(name)
    _script("database.sh", "demo", name)
    return name


def copy(source: str, name: str) -> str:
    """A copy of a database that nobody is connected to."""
    made.append(name)
    drop(name)
    with connection("postgres") as connected, connected.cursor() as cr:
        cr.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))
    return name


def plain(name: str) -> str:
    """A database with Odoo's own addons only, those that the suite stands on."""
    if not os.environ.get("BENCH_TEMPLATE"):
        _script("database.sh", "template")
    rows = query(
        "postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'interop\\_base\\_%' ORDER BY oid DESC"
    )
    return copy(rows[0][0], name)


def drop(name: str) -> None:
    """Remove a database, if it is there."""
    with connection("postgres") as connected, connected.cursor() as cr:
        cr.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_all() -> None:
    """Remove what this run made, unless KEEP is set."""
    for name in [] if os.environ.get("KEEP") else made:
        drop(name)
    made.clear()


def last_message(name: str) -> int:
    """Highest id of the inbox."""
    return query(name, "SELECT COALESCE(max(id), 0) FROM interop_message")[0][0]


def waiting(cr, interface: str) -> int:
    """Messages of an interface that still have to be processed."""
    cr.execute(
        """SELECT count(*) FROM interop_message
            WHERE interface_id = (SELECT id FROM interop_interface WHERE code = %s)
              AND state IN ('received', 'retry', 'held')""",
        [interface],
    )
    return cr.fetchone()[0]


def wait_until(name: str, statement: str, parameters=(), timeout: float = 300.0) -> float:
    """Wait until a statement gives true; return the time when it did.

    :raises TimeoutError: it never did
    """
    deadline = time.time() + timeout
    with connection(name) as connected, connected.cursor() as cr:
        while True:
            cr.execute(statement, parameters)
            now = time.time()
            if cr.fetchone()[0]:
                return now
            if now > deadline:
                raise TimeoutError(f"{name}: not finished after {timeout:.0f} s")
            time.sleep(0.02)


def _script(script: str, *arguments: str) -> None:
    subprocess.run([settings.ROOT / "scripts" / script, *arguments], check=True, stdout=subprocess.DEVNULL)
