"""SIGKILL at random moments: what was acknowledged reaches its end, once.

While a part of a hospital day comes in by HTTP and MLLP, one process after the
other is killed: HTTP workers, cron workers, the dedicated worker, the MLLP
listener, and PostgreSQL itself, which runs in a cluster of this test's own.
What a service manager would do (start again what ended) the test does; nothing else.
"""

import contextlib
import os
import random
import signal
import threading
import time

import pytest

from hospital_day.door import Door, wrong_answers
from hospital_day.expect import counts, expected
from hospital_day.generate import generate, yesterday
from hospital_day.mllp import MllpSender
from hospital_day.observe import Observer, differences
from hospital_day.rpc import Rpc
from play_day import first, settle
from support.postgres import Cluster
from support.server import Server, free_port

SEED = "kill"
MESSAGES = 800
RATE = 25.0
TARGETS = ("http worker", "cron worker", "dedicated worker", "listener", "postgres")
ROUNDS = 3


@pytest.fixture(scope="module")
def cluster(demo_template):
    """A PostgreSQL to be killed, holding a copy of the demo template."""
    cluster = Cluster("pg_kill")
    cluster.start()
    cluster.copy(demo_template)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def server(cluster, demo_template):
    server = Server("kill", demo_template, pg=cluster.env)
    server.create(demo=False)
    server.start()
    yield server
    server.stop()


def quiet(_text):
    """No progress line."""


class Partners:
    """Sends ADT of half of the patients by MLLP, everything else by HTTP, wave by wave."""

    def __init__(self, server, port: int, messages: list):
        self.door = Door(server.url, patience=90, rate=RATE)
        self.port = port
        self.messages = messages
        self.answers = self.door.answers
        self.error: Exception | None = None
        self.senders: list[MllpSender] = []

    def start(self, messages: list) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(messages,), daemon=True)
        thread.start()
        return thread

    def _run(self, messages):
        by_mllp = [
            m for m in messages if m.interface == "ehr-adt" and m.ack != "refused" and int(m.shard[-1:] or 0, 36) % 2
        ]
        theirs = {m.seq for m in by_mllp}
        mllp = threading.Thread(target=self._mllp, args=(by_mllp,), daemon=True)
        mllp.start()
        try:
            self.door.send([m for m in messages if m.seq not in theirs])
        except Exception as error:
            self.error = error
        mllp.join()

    def _mllp(self, messages):
        sender = MllpSender(self.port, patience=90)
        self.senders.append(sender)
        try:
            for message in messages:
                self.answers[message.seq] = sender.send(message.raw)
                time.sleep(2 / RATE)
        except Exception as error:
            self.error = error
        finally:
            sender.close()


class Reaper:
    """Kills; the server's supervisor starts again what ends."""

    def __init__(self, server, cluster, rng: random.Random):
        self.server = server
        self.cluster = cluster
        self.rng = rng
        self.kills: dict[str, int] = dict.fromkeys(TARGETS, 0)

    def kill(self, target: str) -> None:
        """Kill one; wait for it first, if it is just being started again."""
        if target == "postgres":
            self.cluster.kill()
            time.sleep(0.5)
            self.cluster.start()
            self.kills[target] += 1
            return
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if victims := self._victims(target):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.rng.choice(victims), signal.SIGKILL)
                    self.kills[target] += 1
                    return
            time.sleep(0.2)

    def _victims(self, target: str) -> list[int]:
        if target in ("http worker", "cron worker"):
            return self.server.children("WorkerHTTP" if target == "http worker" else "WorkerCron")
        process = self.server.others["interop_worker" if target == "dedicated worker" else "mllp"]
        return [process.pid] if process.poll() is None else []


def test_everything_acknowledged_happens_once(server, cluster):
    seed = int(os.environ.get("INTEROP_KILL_SEED") or random.SystemRandom().randrange(10**6))
    rng = random.Random(seed)
    day = yesterday()
    messages = first(generate(SEED, day), MESSAGES)
    port = free_port()
    reaper = Reaper(server, cluster, rng)
    server.spawn("interop_worker")
    server.spawn("mllp", "--interface", "ehr-adt", "--port", str(port), "--patience", "5")
    server.supervise()
    partners = Partners(server, port, messages)
    started = time.monotonic()
    phases = {}

    def ended(phase):
        phases[phase] = round(time.monotonic() - started)

    plan = [target for _round in range(ROUNDS) for target in rng.sample(TARGETS, len(TARGETS))]

    sending = partners.start([m for m in messages if m.wave == 1])
    for target in plan:
        time.sleep(rng.uniform(0.5, 3.0))
        reaper.kill(target)
    ended("killed")
    sending.join(240)
    ended("sent")
    assert not sending.is_alive(), f"still sending (seed {seed})"
    assert partners.error is None, f"{partners.error!r} (seed {seed})"
    # A scheduled action whose worker was killed comes again with the next look of another, within 70 seconds.
    observer = Observer(Rpc(server.url), SEED, day)
    settle(observer, counts(expected([m for m in messages if m.wave == 1])), quiet, patience=100)
    ended("settled")
    partners.start([m for m in messages if m.wave == 2]).join(60)
    settle(observer, counts(expected(messages)), quiet, patience=100)
    ended("end")

    assert min(reaper.kills.values()) == ROUNDS, f"not everything was killed: {reaper.kills}"
    state = observer.state()
    assert wrong_answers(messages, partners.answers) == [], f"seed {seed}"
    assert differences(expected(messages), state) == [], f"seed {seed}"
    assert all(row.get("balanced", True) for row in state["ledger"].values()), f"seed {seed}"
    resent = partners.door.resent + sum(sender.resent for sender in partners.senders)
    print(f"killed {reaper.kills}, restarted {server.restarts}, sent again {resent}, seconds {phases}")
