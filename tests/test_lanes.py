"""Lanes on a served Odoo: what is realtime stays realtime, and work goes on when a worker dies."""

import os
import signal
import time
from datetime import UTC, datetime

import pytest
import requests

from hospital_day.rpc import Rpc

STAMP = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
SLOW = "Slow job of another addon"


@pytest.fixture(scope="module")
def rpc(server):
    return Rpc(server.url)


def admit(server, control: str) -> str:
    """Send one admission of its own patient; return the message's uuid."""
    body = (
        f"MSH|^~\\&|EHRMAIN|LMC|ODOO|HUB|{STAMP}||ADT^A01^ADT_A01|{control}|P|2.5.1\rEVN|A01|{STAMP}\r"
        f"PID|1||{control}^^^LAKE^MR||TESTER^LANE||19700101|F\rPV1|1|I|MMED^1^A||||||||||||||||V{control}\r"
    )
    answer = requests.post(
        f"{server.url}/interop/v1/inbound/ehr-adt",
        data=body.encode(),
        auth=("demo-ehr", "demo-ehr-secret"),
        headers={"Content-Type": "application/hl7-v2"},
        timeout=60,
    )
    assert "MSA|AA|" in answer.text, answer.text
    return control


def wait_done(rpc, control: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not rpc.count("interop.message", [("reference", "=", control), ("state", "=", "done")]):
        assert time.monotonic() < deadline, f"{control} was not processed"
        time.sleep(0.2)


def slow_jobs(server, event: str) -> int:
    """How often the log says that a slow job is ``starting`` or ``done``."""
    return sum(SLOW in line and event in line for line in server.log.read_text(errors="replace").splitlines())


def test_a_realtime_lane_does_not_wait_behind_slow_jobs_of_others(server, rpc):
    model = rpc.read("ir.model", [("model", "=", "res.partner")], ["id"])[0]["id"]
    jobs = [
        {
            "name": f"{SLOW} {number}",
            "model_id": model,
            "state": "code",
            "code": "time.sleep(20)",
            "interval_number": 1,
            "interval_type": "days",
            "nextcall": "2020-01-01 00:00:00",
            "priority": 1,
        }
        for number in range(server.crons + 1)
    ]
    rpc.call("ir.cron", "create", jobs)
    wait_done(rpc, admit(server, "LANE-1"))
    deadline = time.monotonic() + 120
    while not slow_jobs(server, "starting"):
        assert time.monotonic() < deadline, "no slow job has begun"
        time.sleep(0.2)
    running = slow_jobs(server, "starting") - slow_jobs(server, "done")
    assert running, "the slow jobs ended before the test began"
    finished = slow_jobs(server, "done")
    for number in range(2, 6):
        wait_done(rpc, admit(server, f"LANE-{number}"))
    assert slow_jobs(server, "done") <= finished + 1, "the lane had to wait for the slow jobs"


def test_scheduled_actions_take_over_when_the_dedicated_worker_is_killed(server, rpc):
    worker = server.spawn("interop_worker")
    log = server.log
    deadline = time.monotonic() + 60
    while "serving lane" not in log.read_text(errors="replace"):
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, "the worker does not serve"
        time.sleep(0.2)
    wait_done(rpc, admit(server, "WORK-1"))
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)
    for number in range(2, 5):
        wait_done(rpc, admit(server, f"WORK-{number}"))
    assert rpc.count("health.encounter", [("number", "like", "VWORK-")]) == 4
