"""The doors: HTTP one by one, HTTP in batches, MLLP; beside the health check of the same server."""

from __future__ import annotations

from collections import defaultdict

from .. import client, server, settings
from ..messages import Hospital
from ..report import Figure, say
from .common import ADT, serve, served

NAMES = ("door", "batch", "mllp")
NAME = "bench_door"
PATH = f"/interop/v1/inbound/{ADT}"


def measure(wanted: set[str]) -> list[Figure]:
    """Measure accepting alone (the server has no cron workers), and the first door while everything works."""
    sizes, port = settings.SIZES, settings.PORT
    health, door, batch, mllp, busy = [], [], [], [], []
    wrong: dict[str, int] = defaultdict(int)
    with served(NAME, port, max_cron_threads=0) as suite:
        arguments = ["mllp", "-c", str(suite.conf), "--interface", ADT, "--port", str(port + 2)]
        with server.command("mllp", arguments, port=port + 2):
            warm_up(port)
            for number in range(sizes.door_rounds):
                if wanted & {"door", "mllp"}:
                    health.append(_health(port, sizes.door_seconds, wrong))
                if wanted & {"door", "batch"}:
                    door.append(_door(port, f"D{number}", sizes.door_seconds, wrong))
                if "batch" in wanted:
                    batch.append(_batch(port, f"B{number}", sizes.door_seconds, sizes.batch, wrong))
                if "mllp" in wanted:
                    mllp.append(_mllp(port + 2, f"M{number}", sizes.door_seconds, wrong))
                say(f"doors, round {number + 1}: {_last(health=health, door=door, batch=batch, mllp=mllp)}")
    if "door" in wanted:
        with serve(NAME, port):
            warm_up(port)
            busy.extend(_door(port, f"W{number}", sizes.door_seconds, wrong) for number in range(sizes.door_rounds))
    figures = []

    def problem(*kinds: str) -> str:
        return "; ".join(f"{wrong[kind]} wrong answers ({kind})" for kind in kinds if wrong[kind])

    if "door" in wanted:
        figures.append(
            Figure(
                "door", "Door, one message per request, 4 clients", "messages/s", door, "/web/health", health, 0.5,
                problem=problem("health", "door"),
            )
        )  # fmt: skip
        figures.append(
            Figure("door-busy", "  the same while lanes drain what comes", "messages/s", busy, "/web/health", health,
                   problem=problem("health", "door"))
        )  # fmt: skip
    if "batch" in wanted:
        figures.append(
            Figure(
                "batch", f"Door, {sizes.batch} messages per request", "messages/s", batch, "one per request", door, 15.0,
                problem=problem("door", "batch"),
            )
        )  # fmt: skip
    if "mllp" in wanted:
        figures.append(
            Figure(
                "mllp", "MLLP, 4 connections, 1 in flight each", "messages/s", mllp, "/web/health", health, 2.0,
                problem=problem("health", "mllp"),
            )
        )  # fmt: skip
    return figures


def warm_up(port: int) -> None:
    """Let every worker load the registry and its caches."""
    request = client.http_request("/web/health")
    client.run(lambda: client.HttpConnection(port), lambda _n: [request] * 100, 3.0, _is_ok)
    posts = Hospital("X")
    client.run(
        lambda: client.HttpConnection(port),
        lambda n: [client.http_request(PATH, posts.admit(10_000 * n + m)) for m in range(50)],
        2.0,
        _is_taken,
    )


def _health(port, seconds, wrong) -> float:
    request = client.http_request("/web/health")
    load = client.run(lambda: client.HttpConnection(port), lambda _n: [request] * 100_000, seconds, _is_ok)
    wrong["health"] += load.wrong
    return load.rate


def _door(port, tag, seconds, wrong) -> float:
    count = int(seconds * 500)

    def requests(number):
        hospital = Hospital(f"{tag}C{number}x")
        return [client.http_request(PATH, hospital.adt(n)) for n in range(count)]

    load = client.run(lambda: client.HttpConnection(port), requests, seconds, _is_taken)
    wrong["door"] += load.wrong
    return load.rate


def _batch(port, tag, seconds, size, wrong) -> float:
    count = max(int(seconds * 2000 / size), 2)

    def requests(number):
        hospital = Hospital(f"{tag}C{number}x")
        return [client.http_request(PATH, hospital.batch("adt", range(n * size, (n + 1) * size))) for n in range(count)]

    load = client.run(
        lambda: client.HttpConnection(port),
        requests,
        seconds,
        lambda answer: answer[9:12] == b"200" and answer.count(b"MSA|AA") == size,
        each=size,
    )
    wrong["batch"] += load.wrong
    return load.rate


def _mllp(port, tag, seconds, wrong) -> float:
    count = int(seconds * 2000)

    def requests(number):
        hospital = Hospital(f"{tag}C{number}x")
        return [b"\x0b" + hospital.adt(n) + b"\x1c\r" for n in range(count)]

    load = client.run(lambda: client.MllpConnection(port), requests, seconds, lambda answer: b"MSA|AA" in answer)
    wrong["mllp"] += load.wrong
    return load.rate


def _is_ok(answer: bytes) -> bool:
    return answer[9:12] == b"200"


def _is_taken(answer: bytes) -> bool:
    return answer[9:12] == b"200" and b"MSA|AA" in answer


def _last(**rounds: list[float]) -> str:
    return ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in rounds.items() if values)
