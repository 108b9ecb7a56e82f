"""How long a realtime message takes while a large batch backlog drains."""

from __future__ import annotations

from .. import client, database, settings
from ..messages import Hospital
from ..report import Figure, say
from .common import ADT, LAB, Suite, drain_rate, served, settle
from .door import PATH, warm_up

NAMES = ("latency",)


def measure(_wanted: set[str]) -> list[Figure]:
    """The p99 from accepted to done at an even rate, unloaded and beside the backlog."""
    sizes = settings.SIZES
    unloaded, loaded, medians, left = [], [], [], []
    with served("bench_latency", settings.PORT) as suite:
        drain_rate(suite, ADT, "admit", "V", sizes.dft_visits)
        warm_up(suite.port)
        settle(suite.database)
        for number in range(sizes.rounds):
            unloaded.append(_window(suite, f"U{number}", sizes.latency_seconds)[1])
        for number in range(sizes.rounds):
            suite.pause(LAB)
            missing = sizes.backlog - _waiting(suite)
            suite.helper(
                "accept", interface=LAB, kind="lab", tag=f"B{number}x", count=missing, visits=sizes.dft_visits, of="V"
            )
            before = _waiting(suite)
            suite.resume(LAB)
            median, p99 = _window(suite, f"L{number}", sizes.latency_seconds)
            after = _waiting(suite)
            loaded.append(p99)
            medians.append(median)
            left.append(after)
            rate = (before - after) / sizes.latency_seconds
            say(f"realtime beside {before:,} waiting ({rate:,.0f}/s): median {median:.3f} s, p99 {p99:.3f} s")
    problem = "" if min(left) else "the backlog was drained before the round ended"
    return [
        Figure(
            "latency", f"Realtime p99 at {sizes.latency_rate:.0f}/s beside a backlog", "s", loaded, "p99 without backlog",
            unloaded, 1.5, absolute=True, lower=True, problem=problem,
            note=f"backlog {sizes.backlog:,}, left after each round {left}; median {sorted(medians)[len(medians) // 2]:.3f} s",
        )
    ]  # fmt: skip


def _window(suite: Suite, tag: str, seconds: float) -> tuple[float, float]:
    """Send at an even rate; return median and p99 from accepted to done in seconds."""
    first = database.last_message(suite.database)

    def requests(number):
        hospital = Hospital(f"{tag}C{number}x")
        return [client.http_request(PATH, hospital.adt(n)) for n in range(int(seconds * settings.SIZES.latency_rate))]

    load = client.run(
        lambda: client.HttpConnection(suite.port),
        requests,
        seconds,
        lambda answer: b"MSA|AA" in answer,
        rate=settings.SIZES.latency_rate,
    )
    if load.wrong or load.sent < 0.9 * seconds * settings.SIZES.latency_rate:
        raise RuntimeError(f"{load.sent} messages sent, {load.wrong} wrong answers")
    of_interface = "interface_id = (SELECT id FROM interop_interface WHERE code = %s) AND id > %s"
    database.wait_until(
        suite.database,
        f"SELECT NOT EXISTS (SELECT FROM interop_message WHERE {of_interface} AND state IN ('received', 'retry', 'held'))",
        [ADT, first],
        60,
    )
    return database.query(
        suite.database,
        f"""SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - received_at))::float8,
                   percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - received_at))::float8
              FROM interop_message WHERE {of_interface}""",
        [ADT, first],
    )[0]


def _waiting(suite: Suite) -> int:
    with database.connection(suite.database) as connected, connected.cursor() as cr:
        return database.waiting(cr, LAB)
