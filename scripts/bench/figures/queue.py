"""The reference for processing: OCA's job queue with one no-op job per message and 2 workers."""

from __future__ import annotations

import os
from functools import cache

from .. import database, helper, server, settings
from ..report import say

NAME = "bench_queue"


@cache
def rates() -> tuple[float, ...]:
    """Jobs per second of each round, from their commit to the last one done; measured once per run."""
    sizes, port = settings.SIZES, settings.PORT
    say("the reference queue: installing")
    database.plain(NAME)
    addons = settings.EXTRAS / "odoo" / "addons"
    base = server.configure(NAME, NAME, port)
    path = next(line.partition("=")[2] for line in base.read_text().splitlines() if line.startswith("addons_path"))
    conf = server.configure(
        NAME,
        NAME,
        port,
        "\n[queue_job]\nchannels = root:2\n",
        addons_path=f"{path.strip()},{addons}",
        server_wide_modules="base,web,queue_job",
    )
    environment = {"PYTHONPATH": f"{settings.EXTRAS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    results = []
    with helper.helper(conf, NAME) as ask:
        ask("install", addon="queue_job")
    with helper.helper(conf, NAME) as ask, server.odoo(NAME, conf, port, environment):
        _round(ask, 20)
        for number in range(sizes.rounds):
            results.append(_round(ask, sizes.jobs))
            say(f"reference queue, round {number + 1}: {results[-1]:,.0f} jobs/s")
    database.drop(NAME)
    return tuple(results)


def _round(ask, count: int) -> float:
    started = ask("enqueue", count=count)
    ended = database.wait_until(NAME, "SELECT NOT EXISTS (SELECT FROM queue_job WHERE state <> 'done')")
    return count / (ended - started)
