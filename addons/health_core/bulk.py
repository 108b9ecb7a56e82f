"""Statements that write many rows at once, for the intake's hot path.

The values never reach a log: psycopg2 is used below Odoo's cursor, whose
logger prints failing statements. Table and column names come from code only.
"""

from operator import itemgetter

from psycopg2.errors import SerializationFailure
from psycopg2.extras import execute_values

PAGE = 1000

#: What the ORM would fill in by itself.
LOG_COLUMNS = ("create_uid", "create_date", "write_uid", "write_date")


def next_ids(cr, table: str, count: int) -> list[int]:
    """Reserve ids, so that rows which refer to each other can be written without asking back."""
    if not count:
        return []
    cr.execute(f"SELECT nextval('{table}_id_seq') FROM generate_series(1, %s)", [count])
    return [row[0] for row in cr.fetchall()]


def insert_rows(cr, table: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    """Insert rows; all of them or none.

    :raises psycopg2.errors.SerializationFailure: a unique index holds one of them
        already, because a concurrent transaction wrote it: repeat with a new snapshot
    """
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    returned = execute_values(
        cr._obj,
        f'INSERT INTO "{table}" ({names}) VALUES %s ON CONFLICT DO NOTHING RETURNING 1',
        rows,
        page_size=PAGE,
        fetch=True,
    )
    if len(returned) != len(rows):
        raise SerializationFailure(f"{table}: a concurrent transaction wrote the same key")


def update_rows(cr, table: str, columns: dict[str, str], rows: list[tuple]) -> None:
    """Update rows by id, each with its own values.

    :param columns: column -> PostgreSQL type
    :param rows: tuples ``(id, value, …)`` in the order of ``columns``
    """
    if not rows:
        return
    names = ", ".join(f'"{column}"' for column in ("id", *columns))
    assigned = ", ".join(f'"{column}" = v."{column}"::{kind}' for column, kind in columns.items())
    execute_values(
        cr._obj,
        f'UPDATE "{table}" t SET {assigned} FROM (VALUES %s) AS v ({names}) WHERE t.id = v.id',
        sorted(rows, key=itemgetter(0)),
        page_size=PAGE,
    )


def select_rows(cr, query: str, keys: list[tuple]) -> list[tuple]:
    """Run a query that joins ``(VALUES %s) AS k (…)`` with the given keys."""
    if not keys:
        return []
    return execute_values(cr._obj, query, keys, page_size=len(keys), fetch=True)
