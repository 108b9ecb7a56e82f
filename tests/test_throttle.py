"""The limit of an account holds over all workers together, whatever its clients try."""

import multiprocessing
import time

import pytest
import requests

from hospital_day.rpc import Rpc

CLIENTS = 4
LIMIT = 1200  # requests per minute
SECONDS = 20
BURST = LIMIT // 30  # what may come at once: two seconds' worth
UUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def rpc(server):
    return Rpc(server.url)


def hammer(url: str, auth: tuple, pace: float, until: float, found) -> None:
    """Send ``pace`` requests per second until the time is over; report how many were admitted and refused."""
    session, statuses = requests.Session(), {}
    begun, sent = time.monotonic(), 0
    while (now := time.time()) < until:
        ahead = sent / pace - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(min(ahead, until - now))
            continue
        answer = session.get(url, auth=auth, timeout=30)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
            assert '"default";r=0;' in answer.headers["RateLimit"]
        else:
            assert answer.headers["RateLimit-Policy"] == f'"default";q={LIMIT};w=60'
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        sent += 1
    found.put(statuses)


def test_four_clients_at_five_times_the_limit_are_admitted_within_five_percent(server, rpc):
    account = rpc.read("interop.service.account", [("client_id", "=", "demo-ehr")], ["id"])[0]["id"]
    rpc.call("interop.service.account", "write", [account], {"rate_limit": LIMIT})
    url = f"{server.url}/interop/v1/messages/{UUID}"
    assert requests.get(url, auth=("demo-ehr", "demo-ehr-secret"), timeout=30).status_code == 404
    time.sleep(BURST / LIMIT * 60 + 1)  # full again
    found = multiprocessing.Queue()
    until = time.time() + SECONDS
    pace = 5 * LIMIT / 60 / CLIENTS
    clients = [
        multiprocessing.Process(
            target=hammer, args=(url, ("demo-ehr", "demo-ehr-secret"), pace, until, found), daemon=True
        )
        for _n in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    totals: dict[int, int] = {}
    for _client in clients:
        for status, count in found.get(timeout=SECONDS + 60).items():
            totals[status] = totals.get(status, 0) + count
    for client in clients:
        client.join(30)
    assert set(totals) <= {404, 429}, totals
    offered, admitted = sum(totals.values()), totals[404]
    expected = BURST + LIMIT / 60 * SECONDS
    print(f"offered {offered}, admitted {admitted}, the limit gives {expected:.0f}")
    assert offered > 1.5 * expected, "the clients were too slow to show anything"
    assert abs(admitted - expected) <= 0.05 * expected, totals


def test_both_workers_took_part(server, rpc):
    """Not one worker alone: the bench would show nothing then."""
    assert len(server.children("WorkerHTTP")) == 2
