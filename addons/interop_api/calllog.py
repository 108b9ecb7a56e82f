"""One row per call of the partner API, written beside the requests, not in them.

A finished request puts its row into a buffer of the process; a timer writes what came
together in one statement, about every two seconds and when the process ends. Rows have no
body and no query: only which route, by whom, with which outcome and how long.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from typing import NamedTuple

import odoo.modules.module
from odoo.sql_db import db_connect
from odoo.tools import config

_logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
BATCH = 1000
MAX_BUFFERED = 20_000

_INSERT = """
    INSERT INTO interop_call (at, account_id, company_id, interface_id, route, method, status, failed, failure_rate,
                              duration, bytes_in, bytes_out, trace_id, error_code)
    SELECT to_timestamp(v.at) AT TIME ZONE 'UTC', a.id, a.company_id, i.id, v.route, v.method, v.status,
           v.status >= 400, CASE WHEN v.status >= 400 THEN 100 ELSE 0 END, v.duration, v.bytes_in, v.bytes_out, v.trace_id, v.error_code
      FROM (VALUES %s) AS v(at, account_id, interface_id, route, method, status,
                            duration, bytes_in, bytes_out, trace_id, error_code)
 LEFT JOIN interop_service_account a ON a.id = v.account_id
 LEFT JOIN interop_interface i ON i.id = v.interface_id
"""
_TEMPLATE = (
    "(%s::float8, %s::int, %s::int, %s::varchar, %s::varchar, %s::int, %s::float8, %s::bigint, %s::bigint,"
    " %s::varchar, %s::varchar)"
)


class Call(NamedTuple):
    """One finished request."""

    at: float
    account_id: int | None
    interface_id: int | None
    route: str
    method: str
    status: int
    duration: float  #: milliseconds
    bytes_in: int
    bytes_out: int | None
    trace_id: str
    error_code: str | None


_buffers: dict[str, deque[Call]] = {}
_timer: tuple[int, threading.Timer] | None = None
_lock = threading.Lock()


def note(db_name: str, call: Call) -> None:
    """Put a call into the buffer; the oldest are lost when the database cannot be reached for long."""
    global _timer
    buffer = _buffers.get(db_name)
    if buffer is None:
        with _lock:
            buffer = _buffers.setdefault(db_name, deque(maxlen=MAX_BUFFERED))
    buffer.append(call)
    # A timer does not live on in a forked process; in tests the rows of the test are not there for others.
    if (_timer is None or _timer[0] != os.getpid()) and not odoo.modules.module.current_test:
        with _lock:
            if _timer is None or _timer[0] != os.getpid():
                timer = threading.Timer(FLUSH_SECONDS, _on_time)
                timer.daemon = True
                _timer = (os.getpid(), timer)
                timer.start()


def _on_time() -> None:
    global _timer
    with _lock:
        _timer = None
    flush_all()


def flush_all() -> None:
    """Write all buffers, each on a connection of its own; what cannot be written is kept for the next time."""
    for db_name, buffer in list(_buffers.items()):
        if not buffer:
            continue
        try:
            with db_connect(db_name).cursor() as cr:
                cr.execute("SET LOCAL synchronous_commit TO off")
                flush(cr, db_name)
        except Exception as error:  # the log must never disturb what it logs
            _logger.warning("Calls could not be logged yet: %s", type(error).__name__)


def flush(cr, db_name: str) -> int:
    """Write the buffer of one database by ``cr``; return how many rows were written."""
    buffer, taken = _buffers.get(db_name), []
    try:
        while buffer:
            batch = [buffer.popleft() for _n in range(min(BATCH, len(buffer)))]
            taken += batch
            cr.execute_values(_INSERT, batch, template=_TEMPLATE, page_size=BATCH)
    except Exception:
        buffer.extendleft(reversed(taken))
        raise
    return len(taken)


@atexit.register
def _at_exit() -> None:
    if any(_buffers.values()) and not config["test_enable"]:  # calls of tests were rolled back with all else
        flush_all()
