#!/usr/bin/env python3
"""Play a hospital day against a running server, as its partners would, and check what comes of it.

    play_day.py --url http://127.0.0.1:8069 [--seed 1] [--date 2025-11-20] [--limit N] [--rate N]

Every message goes through the HTTP door with the demo client's credentials and
is sent again until it is acknowledged. Then the script waits, as somebody who
looks at the screens, until everything has taken effect, compares the end with
what the day must lead to, and prints a table. The exit code is not zero when
something does not add up.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hospital_day.door import Door, GivenUp, wrong_answers
from hospital_day.expect import counts, expected
from hospital_day.generate import generate, yesterday
from hospital_day.observe import Observer, differences, without_others
from hospital_day.partner import look
from hospital_day.rpc import Rpc


class Progress:
    """One line that shows time passing: rewritten on a terminal, now and then in a log."""

    def __init__(self):
        self.started = time.monotonic()
        self.last = -10.0

    def __call__(self, text: str) -> None:
        seconds = time.monotonic() - self.started
        if sys.stderr.isatty():
            print(f"\r    {text} … {seconds:.0f}s \033[K", end="", file=sys.stderr, flush=True)
        elif seconds - self.last >= 5:
            self.last = seconds
            print(f"    {text} … {seconds:.0f}s", file=sys.stderr, flush=True)

    def end(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def settle(observer: Observer, wanted: dict, progress, *, end: dict | None = None, patience: float = 60.0) -> dict:
    """Wait until nothing is left to process and the figures are as wanted, or stopped changing.

    :param wanted: figures of ``expect.counts`` to wait for
    :param end: figures of the end of the day, which a repeated day has from the start
    :param patience: seconds without any change after which one looks at what there is
    """
    seen: dict = {}
    changed = time.monotonic()
    while True:
        waiting = observer.waiting()
        found = {"waiting": waiting, **observer.counts()}
        if found != seen:
            seen, changed = found, time.monotonic()
        progress(f"processing: {waiting} waiting, {found['charges']} charges, {found['draft_invoices']} invoices")
        reached = any(all(found[name] == value for name, value in goal.items()) for goal in (wanted, end or wanted))
        if (reached and waiting == 0) or time.monotonic() - changed > patience:
            return found
        time.sleep(0.7)


def play(url: str, messages: list, observer: Observer, door: Door, progress, *, today: date | None = None) -> dict:
    """Send the messages wave by wave and wait for their effect; return the last figures."""
    found = {}
    sent: list = []
    end = counts(expected(messages, today))
    for wave in sorted({message.wave for message in messages}):
        part = [message for message in messages if message.wave == wave]
        door.send(part, lambda n: progress(f"sending: {n} of {len(messages)} acknowledged"))
        sent += part
        found = settle(observer, counts(expected(sent, today)), progress, end=end)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--date", type=date.fromisoformat, default=None, help="the day that is played (yesterday)")
    parser.add_argument("--limit", type=int, default=0, help="play only about so many messages")
    parser.add_argument("--rate", type=float, default=0.0, help="messages per second (as fast as it goes)")
    parser.add_argument("--client", default="demo-ehr")
    parser.add_argument("--secret", default="demo-ehr-secret")
    parser.add_argument("--login", default="admin", help="a user who may see the result")
    parser.add_argument("--password", default="admin")
    options = parser.parse_args()

    day = options.date or yesterday()
    messages = generate(options.seed, day)
    if options.limit:
        messages = first(messages, options.limit)
    progress = Progress()
    observer = Observer(Rpc(options.url, options.login, options.password), options.seed, day)
    door = Door(options.url, options.client, options.secret, rate=options.rate)
    started = time.monotonic()
    try:
        found = play(options.url, messages, observer, door, progress)
    except GivenUp as error:
        progress.end()
        print(f"error: {error}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    progress("comparing")
    state = observer.state()
    progress.end()

    wanted = expected(messages)
    if not observer.alone():
        wanted = without_others(wanted)
    wrong = wrong_answers(messages, door.answers) + differences(wanted, state)
    partners = []
    if observer.alone():
        progress("looking as partners do")
        partners, missed = look(options.url, found)
        wrong += missed
        progress.end()
    balanced = all(row.get("balanced", True) for row in state["ledger"].values())
    acknowledged = sum(1 for answer in door.answers.values() if answer.code in ("AA", "CA"))
    table = (
        ("hospital day", f"{day} (seed {options.seed})"),
        ("sent", len(messages)),
        ("acknowledged", f"{acknowledged} accepted, {len(door.answers) - acknowledged} refused as they must be"),
        ("processed", found["processed"]),
        ("quarantined", f"{found['quarantined']} messages, {found['charges_quarantined']} charges"),
        ("encounters", found["encounters"]),
        ("charges", found["charges"]),
        ("draft invoices", found["draft_invoices"]),
        *partners,
        ("ledger balanced", "yes" if balanced else "no"),
        ("as expected", "yes" if not wrong else f"no, {len(wrong)} differences"),
        ("seconds", f"{seconds:.1f}"),
    )
    print()
    for name, value in table:
        print(f"  {name:<16} {value}")
    for line in wrong:
        print(f"  ! {line}", file=sys.stderr)
    return 0 if balanced and not wrong else 1


def first(messages: list, limit: int) -> list:
    """About ``limit`` messages: whole patients, so that every story has its end."""
    chosen: set = set()
    count = 0
    shards: dict = {}
    for message in messages:
        shards.setdefault(message.shard, []).append(message)
    for shard, part in shards.items():
        if count >= limit:
            break
        chosen.add(shard)
        count += len(part)
    return [message for message in messages if message.shard in chosen]


if __name__ == "__main__":
    sys.exit(main())
