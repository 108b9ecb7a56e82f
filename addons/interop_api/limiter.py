"""How many requests an account may send, counted for all processes and nodes together.

One token bucket per account and interface, kept in PostgreSQL (the unlogged table of
``throttle``) as the moment at which it is full again. It fills at the limit's pace and
holds two seconds' worth of requests unless the account may send more at once. A process
does not ask the database for every request: it takes a small share of the bucket ahead,
and what it took counts as used, so all together never let more through than the bucket
held. An empty bucket is remembered as well, so that refused requests cost nothing.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from odoo.addons.interop_hub import keyring

from . import throttle

WINDOW_SECONDS = throttle.WINDOW_SECONDS
BURST_SECONDS = 2
SHARE_SECONDS = 0.25  # of the limit's pace, taken ahead
KEEP_SECONDS = 2.0  # what was taken ahead and not used by then is lost
MAX_SHARES = 4096

# Under REPEATABLE READ a neighbour's change of the row makes this fail, and run_apart tries again.
_TAKE = """
    WITH state AS (
        SELECT GREATEST(COALESCE((SELECT empty_at FROM interop_throttle WHERE key = %(key)s), 0) - {now}, 0) AS filled
    ), share AS (
        SELECT filled, LEAST(%(wish)s, floor((%(room)s - filled) / %(step)s + 0.000001))::int AS n FROM state
    ), taken AS (
        INSERT INTO interop_throttle (key, empty_at)
        SELECT %(key)s, {now} + filled + n * %(step)s FROM share WHERE n >= 1
        ON CONFLICT (key) DO UPDATE SET empty_at = excluded.empty_at
        RETURNING 1
    )
    SELECT n, filled FROM share
""".format(now="extract(epoch FROM statement_timestamp())")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what its sender is told."""

    limit: int
    remaining: int
    reset: int  #: seconds until the bucket is full again
    wait: int  #: seconds to wait; 0: it passes

    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-09)."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset}',
        }


@dataclass(slots=True)
class _Share:
    """What this process holds of one bucket."""

    left: int = 0
    until: float = 0.0
    blocked: float = 0.0
    behind: int = 0  #: what was in the bucket after we took ours
    full: float = 0.0  #: when the bucket is full again


_shares: dict[tuple[str, str], _Share] = {}
_lock = threading.Lock()


def burst_of(limit: int, burst: int = 0) -> int:
    """How many requests may come at once."""
    return burst or max(1, limit * BURST_SECONDS // WINDOW_SECONDS)


def admit(env, name: str, limit: int, burst: int = 0) -> Verdict:
    """Count one request.

    :param name: of the bucket
    :param limit: requests per minute
    :param burst: requests at once; 0: two seconds' worth
    """
    place = (env.registry.db_name, name)
    now = time.monotonic()
    with _lock:
        share = _shares.get(place)
        if share is None:
            while len(_shares) >= MAX_SHARES:
                del _shares[next(iter(_shares))]
            share = _shares[place] = _Share()
        if share.left > 0 and share.until > now:
            share.left -= 1
            return _verdict(share, limit, now, 0)
        if share.blocked > now:
            return _verdict(share, limit, now, share.blocked - now)
    capacity = burst_of(limit, burst)
    step = WINDOW_SECONDS / limit
    wish = max(1, min(int(limit / WINDOW_SECONDS * SHARE_SECONDS), capacity // 2))
    values = {
        "key": keyring.ring().digest(f"rate:{name}"),
        "wish": wish,
        "step": step,
        "room": capacity * step,
    }
    rows = throttle.run_apart(env, _TAKE, values)
    taken, filled = rows[0] if rows else (1, 0.0)  # the row is fought over: let this one pass
    now = time.monotonic()
    with _lock:
        share.full = now + filled + max(taken, 0) * step
        share.behind = max(0, int((capacity * step - filled) / step) - max(taken, 0))
        if taken < 1:
            share.left, share.blocked = 0, now + filled - (capacity - 1) * step
            return _verdict(share, limit, now, max(share.blocked - now, 0.001))
        left = share.left if share.until > now else 0  # a neighbouring thread may have taken some meanwhile
        share.left, share.until, share.blocked = left + taken - 1, now + KEEP_SECONDS, 0.0
        return _verdict(share, limit, now, 0)


def _verdict(share: _Share, limit: int, now: float, wait: float) -> Verdict:
    remaining = 0 if wait else share.left + share.behind
    return Verdict(limit, remaining, max(0, math.ceil(share.full - now)), math.ceil(wait))
