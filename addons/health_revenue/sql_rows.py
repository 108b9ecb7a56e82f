"""Statements that write many rows at once. Pure Python around a cursor.

The ORM creates and writes records one set of values at a time and turns a
conflict on a unique index into an error of the whole transaction. The intake
needs ``ON CONFLICT`` and one statement for many rows with different values.
Column and table names come from code, never from data.
"""

from psycopg2.extras import execute_values

PAGE = 1000


def insert_rows(cr, table, columns, rows, *, suffix="", fetch=False):
    """Insert rows; ``suffix`` takes ``ON CONFLICT …`` and ``RETURNING …``.

    :param rows: tuples in the order of ``columns``
    :return: the returned rows when ``fetch``
    """
    if not rows:
        return []
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f'INSERT INTO "{table}" ({names}) VALUES %s {suffix}'
    return execute_values(cr._obj, statement, rows, page_size=PAGE, fetch=fetch) or []


def update_rows(cr, table, columns, rows, *, casts=None, where="TRUE"):
    """Update rows by id, each with its own values.

    :param columns: names of the columns behind the leading id
    :param rows: tuples ``(id, value, …)``
    :param casts: column -> PostgreSQL type, for columns that may be NULL in all rows
    :param where: condition on the target, alias ``t``
    :return: ids of the rows that were written
    """
    if not rows:
        return []
    casts = casts or {}
    assigned = ", ".join(
        f'"{column}" = v."{column}"' + (f"::{casts[column]}" if column in casts else "") for column in columns
    )
    names = ", ".join(f'"{column}"' for column in ("id", *columns))
    statement = f'UPDATE "{table}" t SET {assigned} FROM (VALUES %s) AS v ({names}) WHERE t.id = v.id AND {where} RETURNING t.id'
    return [row[0] for row in execute_values(cr._obj, statement, rows, page_size=PAGE, fetch=True) or []]
