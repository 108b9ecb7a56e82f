"""Buckets that limit failed logins and request rates, shared by all workers and nodes.

A bucket is one number: the moment at which it is empty again (generic cell rate
algorithm). The table is UNLOGGED, as losing it in a crash of the database costs
nothing, and is written on its own cursor, so that the rollback of a refused
request keeps what it counted.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg2

WINDOW_SECONDS = 60
_ATTEMPTS = 5
_NOW = "extract(epoch FROM statement_timestamp())"


@dataclass(frozen=True, slots=True)
class Bucket:
    """``limit`` hits are let through per window; more are not."""

    key: str
    limit: int

    @property
    def step(self) -> float:
        """Seconds that one hit fills."""
        return WINDOW_SECONDS / self.limit

    def wait(self, filled: float) -> int:
        """Seconds to wait, 0 when there is room.

        :param filled: seconds until the bucket is empty
        """
        over = filled - (WINDOW_SECONDS - self.step)
        return max(1, math.ceil(over)) if over > 0 else 0


def clock() -> float:
    """Seconds since the epoch; one place for tests to move."""
    return time.time()


# (database, key of a bucket) -> until when this process asks the database about it: only after a failure
# that it saw itself. A process that saw none lets one more attempt through, and then knows as well.
_watched: dict[tuple[str, str], float] = {}
_lock = threading.Lock()


def _watch(env, buckets: Iterable[Bucket]) -> None:
    until = time.monotonic() + 2 * WINDOW_SECONDS
    with _lock:
        for bucket in buckets:
            name = (env.registry.db_name, bucket.key)
            _watched.pop(name, None)
            _watched[name] = until


def _forget(now: float) -> None:
    # Entries are in the order of their end, as each is put in anew with the same time to live.
    with _lock:
        while _watched and next(iter(_watched.values()), now) < now:
            del _watched[next(iter(_watched))]


def watching() -> bool:
    """Whether this process knows of any recent failure at all."""
    return bool(_watched)


def blocked(env, buckets: Iterable[Bucket]) -> int:
    """Seconds to wait until all of ``buckets`` have room, 0 when they do."""
    now = time.monotonic()
    _forget(now)
    watched = [bucket for bucket in buckets if _watched.get((env.registry.db_name, bucket.key), 0.0) > now]
    if not watched:
        return 0
    env.cr.execute(
        f"SELECT key, empty_at - {_NOW} FROM interop_throttle WHERE key = ANY(%s)",
        [[bucket.key for bucket in watched]],
    )
    filled = dict(env.cr.fetchall())
    return max(bucket.wait(filled.get(bucket.key, 0.0)) for bucket in watched)


def create_table(cr) -> None:
    """Create the table of buckets."""
    cr.execute(
        """CREATE UNLOGGED TABLE IF NOT EXISTS interop_throttle (
               key varchar PRIMARY KEY, empty_at double precision NOT NULL)"""
    )


@contextlib.contextmanager
def _apart(env):
    """A cursor of its own: what is written here is committed whatever becomes of the request."""
    with env.registry.cursor() as cr:
        yield cr


def run_apart(env, query: str, params: list | dict):
    """Run one statement apart, again when a neighbour hit the same row at the same moment."""
    for attempt in range(_ATTEMPTS):
        try:
            with _apart(env) as cr:
                cr.execute(query, params, log_exceptions=False)
                return cr.fetchall()
        except psycopg2.errors.SerializationFailure:
            if attempt == _ATTEMPTS - 1:
                return []
    return []


def hit(env, buckets: Iterable[Bucket]) -> None:
    """Count one hit in each of ``buckets``, full or not."""
    ordered = sorted(buckets, key=lambda bucket: bucket.key)  # one order, so that two writers never deadlock
    _watch(env, ordered)
    run_apart(
        env,
        f"""INSERT INTO interop_throttle AS t (key, empty_at)
            SELECT b.key, {_NOW} + b.step FROM unnest(%s, %s) AS b(key, step)
            ON CONFLICT (key) DO UPDATE
                SET empty_at = GREATEST(t.empty_at, {_NOW}) + (excluded.empty_at - {_NOW})
            RETURNING 1""",
        [[bucket.key for bucket in ordered], [bucket.step for bucket in ordered]],
    )


def sweep(cr) -> int:
    """Delete empty buckets; return how many."""
    cr.execute(f"DELETE FROM interop_throttle WHERE empty_at < {_NOW}")
    return cr.rowcount
