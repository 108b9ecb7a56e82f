"""Events on a served Odoo: everybody gets everything, whatever the neighbours do and whoever is killed."""

import json
import os
import signal
import statistics
import time
from contextlib import ExitStack
from datetime import datetime

import pytest
from standardwebhooks.webhooks import Webhook

from hospital_day.rpc import Rpc
from support import receivers
from support.receivers import Receiver

BROKEN = (
    receivers.never,
    receivers.status(500),
    receivers.status(429, Retry_After="2"),
    receivers.redirect("http://127.0.0.1:1/"),
    receivers.garbage,
)


@pytest.fixture(scope="module")
def rpc(server):
    return Rpc(server.url)


@pytest.fixture
def running(server):
    """A dedicated worker of the lane that carries events."""
    worker = server.spawn("interop_worker", "--lanes", "events")
    deadline = time.monotonic() + 60
    while server.log.read_text(errors="replace").count("serving lane") < 1:
        assert worker.poll() is None and time.monotonic() < deadline, "the worker does not serve"
        time.sleep(0.2)
    yield worker
    worker.terminate()
    worker.wait(30)


@pytest.fixture
def subscribe(rpc):
    made = []

    def subscribe(hook, **values):
        (record,) = rpc.call(
            "interop.subscription",
            "create",
            [
                {
                    "name": f"Receiver {len(made)}", "patterns": "invoice.created", "url": hook.url, "trusted": True,
                    "company_id": False, **values,
                }
            ],
        )  # fmt: skip
        rpc.call("interop.subscription", "action_activate", [record])
        made.append(record)
        return record

    yield subscribe
    rpc.call("interop.subscription", "unlink", made)


def make_invoices(rpc, count, partner) -> list[int]:
    return rpc.call(
        "account.move", "create", [{"move_type": "out_invoice", "partner_id": partner} for _number in range(count)]
    )


@pytest.fixture(scope="module")
def partner(rpc):
    return rpc.call("res.partner", "create", [{"name": "Buyer"}])[0]


def latencies(hooks) -> list[float]:
    """Milliseconds from an event to its arrival, over some receivers."""
    return [
        1000 * (request.at - datetime.fromisoformat(json.loads(request.body)["timestamp"]).timestamp())
        for hook in hooks
        for request in hook.requests
    ]


def run(rpc, partner, hooks, seconds=8.0) -> float:
    """Make an invoice now and then; the 99th percentile of how long the receivers wait."""
    before = [hook.count for hook in hooks]
    for hook in hooks:
        hook.requests.clear()
    made = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        made += len(make_invoices(rpc, 1, partner))
        time.sleep(0.05)
    for hook, earlier in zip(hooks, before, strict=True):
        hook.wait(earlier + made, 60)
    return statistics.quantiles(latencies(hooks), n=100)[98]


def test_broken_receivers_hurt_nobody(rpc, running, subscribe, partner):
    with ExitStack() as stack:
        healthy = [stack.enter_context(Receiver()) for _number in range(15)]
        for hook in healthy:
            subscribe(hook)
        broken = [subscribe(stack.enter_context(Receiver(manner)), timeout=10) for manner in BROKEN]
        rpc.call("interop.subscription", "action_pause", broken)
        run(rpc, partner, healthy, 3)  # warm
        alone, together = [], []
        for _round in range(3):  # in turn, so that what else the machine does falls on both
            alone.append(run(rpc, partner, healthy, 5))
            rpc.call("interop.subscription", "action_resume", broken)
            together.append(run(rpc, partner, healthy, 5))
            rpc.call("interop.subscription", "action_pause", broken)
    print(f"p99 of 15 healthy receivers: {min(alone):.0f} ms, beside five broken ones {min(together):.0f} ms")
    assert min(together) <= 1.5 * min(alone)


def secret_of(rpc, subscription) -> str:
    (secret,) = rpc.read("interop.subscription.secret", [("subscription_id", "=", subscription)], ["id"])
    action = rpc.call("interop.subscription.secret", "action_reveal", [secret["id"]])
    return rpc.read("interop.subscription.reveal", [("id", "=", action["res_id"])], ["value"])[0]["value"]


def test_killed_workers_lose_nothing(server, rpc, subscribe, partner):
    count, kills = 1500, 3
    with Receiver(receivers.slow(0.005)) as fast, Receiver(receivers.slow(0.005)) as ordered:
        first = subscribe(fast, parallel=8)
        subscribe(ordered, ordering="subject", parallel=8)
        key = secret_of(rpc, first)
        made = []
        worker = server.spawn("interop_worker", "--lanes", "events")
        for number in range(count // 100):
            made += make_invoices(rpc, 100, partner)
            if number and number % 4 == 0 and kills:
                kills -= 1
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait(10)
                worker = server.spawn("interop_worker", "--lanes", "events")
        deadline = time.monotonic() + 120
        expected = {row["uuid"] for row in rpc.read(
            "interop.event", [("res_model", "=", "account.move"), ("res_id", "in", made)], ["uuid"])}  # fmt: skip
        assert len(expected) == count
        for hook in (fast, ordered):
            while {request.headers["webhook-id"] for request in hook.requests} < expected:
                assert time.monotonic() < deadline, "events are missing"
                time.sleep(0.3)
            arrived = [request.headers["webhook-id"] for request in hook.requests]
            assert set(arrived) == expected
            bodies = {request.headers["webhook-id"]: request.body for request in hook.requests}
            assert all(request.body == bodies[request.headers["webhook-id"]] for request in hook.requests)
        for request in fast.requests[::50]:
            Webhook(key).verify(request.body, request.headers)
    print(f"{count} events, 3 kills: {len(fast.requests)} and {len(ordered.requests)} requests")
