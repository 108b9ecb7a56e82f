"""What several figures need: a served suite, and draining a backlog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import database, helper, server
from ..report import say

ADT, DFT, LAB = "ehr-adt", "ehr-dft", "lab-batch"


@dataclass
class Suite:
    """A served database with the demo hospital."""

    database: str
    conf: Path
    port: int
    helper: helper.Helper

    def pause(self, interface: str) -> None:
        """Stop the lane of an interface."""
        self.helper("pause", interface=interface)

    def resume(self, interface: str) -> float:
        """Start the lane of an interface; return the time just before."""
        return self.helper("resume", interface=interface)


@contextmanager
def served(name: str, port: int, **options) -> Iterator[Suite]:
    """Serve a fresh suite as the demo is served: 2 HTTP workers and 2 cron workers."""
    say(f"database {name}")
    database.suite(name)
    with serve(name, port, **options) as suite:
        yield suite


@contextmanager
def serve(name: str, port: int, **options) -> Iterator[Suite]:
    """Serve an existing database."""
    conf = server.configure(name, name, port, **options)
    with helper.helper(conf, name) as ask, server.odoo(f"odoo-{name}", conf, port):
        yield Suite(name, conf, port, ask)


def settle(name: str) -> None:
    """Give the planner statistics of what was just stored, as autovacuum does in time."""
    database.query(name, "VACUUM ANALYZE")


def drain_rate(
    suite: Suite, interface: str, kind: str, tag: str, count: int, timeout: float = 240.0, **options
) -> float:
    """Let a lane drain a backlog; return messages per second from its resumption to the last one done.

    :raises RuntimeError: a message ended otherwise than done
    """
    suite.pause(interface)
    first = database.last_message(suite.database)
    suite.helper("accept", interface=interface, kind=kind, tag=tag, count=count, **options)
    started = suite.resume(interface)
    ended = database.wait_until(
        suite.database,
        """SELECT NOT EXISTS (SELECT FROM interop_message
                               WHERE interface_id = (SELECT id FROM interop_interface WHERE code = %s)
                                 AND state IN ('received', 'retry', 'held'))""",
        [interface],
        timeout,
    )
    states = dict(
        database.query(suite.database, "SELECT state, count(*) FROM interop_message WHERE id > %s GROUP BY 1", [first])
    )
    if states != {"done": count}:
        raise RuntimeError(f"{interface}: {count} messages should be done, but: {states}")
    return count / (ended - started)
