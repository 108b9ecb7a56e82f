"""``python -m bench`` from ``scripts/``; ``make bench`` calls it."""

from __future__ import annotations

import os
import signal
import sys
import time

from . import database, report, server, settings
from .figures import door, fhir, lane, latency, log_size, parse, rest, x12

GROUPS = (parse, x12, door, lane, latency, log_size, rest, fhir)


def main() -> int:
    """Measure what ``BENCH`` names, print the table, write the JSON file; 1 when a target was missed."""
    known = [name for group in GROUPS for name in group.NAMES]
    wanted = {name for name in os.environ.get("BENCH", "").replace(",", " ").split() if name} or set(known)
    if unknown := wanted - set(known):
        print(f"error: BENCH knows {' '.join(known)}, not {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    settings.HOME.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    started, load = time.monotonic(), os.getloadavg()
    if load[0] > 0.5 * len(os.sched_getaffinity(0)):
        report.say(f"the machine is busy (load {load[0]:.1f}): figures will be low and uneven")
    figures = []
    failed = ""
    for group in GROUPS:
        if mine := wanted & set(group.NAMES):
            try:
                figures += group.measure(mine)
            except (RuntimeError, TimeoutError) as error:
                failed += f"error: {' '.join(sorted(mine))}: {error}\n"
            finally:
                server.stop_all()
                database.drop_all()
    if figures:
        print(report.table(figures))
        report.write(figures, time.monotonic() - started, load)
        print(f"\n{time.monotonic() - started:.0f} s; also in {os.path.relpath(settings.RESULT, settings.ROOT)}")
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed or any(figure.reached is False for figure in figures) else 0


def _interrupted(*_args):
    raise KeyboardInterrupt


if __name__ == "__main__":
    code = 130
    try:
        code = main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        server.stop_all()
        database.drop_all()
    sys.exit(code)
