"""FHIR: searching visits among few and among many, and a transaction beside its entries one by one."""

from __future__ import annotations

import base64
import json
import os
import random
import time
from pathlib import Path
from urllib.parse import urlencode

from .. import client, database, settings
from ..report import Figure, say
from .common import serve, served, settle

NAMES = ("fhir",)
SMALL, LARGE = "bench_fhir_small", "bench_fhir_large"
CLIENT, SECRET = "bench-fhir", "bench-fhir-secret-0123456789"
QUICK = settings.SIZES is settings.QUICK
#: Patients with ten visits each.
FEW, MANY = 1_000, 10_000 if QUICK else 100_000
SAMPLE = 200 if QUICK else 500
ROUNDS = 3 if QUICK else 5
CORPUS = Path(os.environ.get("INTEROP_CORPUS") or settings.ROOT.parent / "shared" / "data" / "open") / "fhir"
ENTRIES = 73
HEAD_END = b"\r\n\r\n"


def measure(_wanted: set[str]) -> list[Figure]:
    """Two copies of one database that differ in their number of visits, asked in turn."""
    with served(SMALL, settings.PORT, max_cron_threads=0) as suite:
        place = suite.helper("fhir_prepare", client_id=CLIENT, secret=SECRET)
        suite.helper("fhir_fill", first=1, last=FEW, **place)
        settle(SMALL)
    database.copy(SMALL, LARGE)
    with serve(SMALL, settings.PORT, max_cron_threads=0) as small:
        transaction = _transactions(small.port)
        with serve(LARGE, settings.PORT + 4, max_cron_threads=0) as large:
            started = time.monotonic()
            step = 10_000
            for first in range(FEW + 1, MANY + 1, step):
                large.helper("fhir_fill", first=first, last=min(first + step - 1, MANY), **place)
            settle(LARGE)
            say(f"{MANY * 10:,} visits: filled in {time.monotonic() - started:.0f} s")
            search = _searches(small, large)
            patient = str(_patients(LARGE, 1)[0])
            searches = [
                ["Encounter", [["patient", f"pat-{patient}"]]],
                ["Encounter", [["patient", f"pat-{patient}"], ["date", "ge2021"], ["_sort", "-date"]]],
                ["Encounter", [["date", "2021-03-04"]]],
                ["Encounter", [["status", "in-progress"]]],
                ["Encounter", [["patient.family", "bench77"]]],
                ["Patient", [["family", "bench77"]]],
            ]
            for plan in large.helper("fhir_plans", client_id=CLIENT, searches=searches):
                print(plan)
    database.drop(LARGE)
    return [*search, *transaction]


# --- searching ---------------------------------------------------------------------------------


def _searches(small, large) -> list[Figure]:
    """p99 of a search by patient, one request here and one there, so that a busy moment hits both."""
    sides = []
    for suite in (small, large):
        token = bearer(suite.port)
        ids = _patients(suite.database, SAMPLE)
        requests = [get(f"/fhir/r4/Encounter?patient=pat-{patient}&_count=10", token) for patient in ids]
        connection = client.HttpConnection(suite.port)
        for _pass in range(2):  # what is given for the first time gets its version then
            for request in requests:
                _count(connection.send(request))
        sides.append((connection, requests, []))
    wrong = 0
    for number in range(ROUNDS):
        for _connection, requests, rounds in sides:
            random.Random(number).shuffle(requests)
            rounds.append([])
        for turn in range(SAMPLE):
            for connection, requests, rounds in sides:
                began = time.perf_counter()
                answer = connection.send(requests[turn])
                rounds[-1].append((time.perf_counter() - began) * 1000)
                wrong += _count(answer) != 10
        few, many = (p99(rounds[-1]) for _connection, _requests, rounds in sides)
        say(f"fhir, round {number + 1}: p99 among {FEW * 10:,} {few:.1f} ms, among {MANY * 10:,} {many:.1f} ms")
    few, many = ([p99(values) for values in rounds] for _connection, _requests, rounds in sides)
    return [
        Figure(
            "fhir-search", f"FHIR, visits of a patient among {MANY * 10:,}, p99", "ms", many,
            f"among {FEW * 10:,}", few, 1.5, lower=True, problem=f"{wrong} wrong answers" if wrong else "",
            note=f"10 visits a page, one client, {SAMPLE} patients per round; plans are printed above",
        )
    ]  # fmt: skip


def _patients(name: str, count: int) -> list[int]:
    """Patients spread evenly over all."""
    rows = database.query(
        name,
        """SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS total
                             FROM health_patient_account WHERE family LIKE 'Bench%%') AS people
            WHERE n %% GREATEST(total / %s, 1) = 0 ORDER BY id LIMIT %s""",
        [count, count],
    )
    return [row[0] for row in rows]


def _count(answer: bytes) -> int:
    return answer.count(b'"mode":"match"') if answer[9:12] == b"200" else -1


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[int(len(values) * 0.99)]


# --- transactions --------------------------------------------------------------------------------


def _transactions(port: int) -> list[Figure]:
    """One Synthea bundle as a transaction, and its entries one by one, by turns with fresh identifiers."""
    source = _bundle()
    if source is None:
        say("fhir: the public Synthea bundles are not on this machine; no figure for transactions")
        return []
    whole, single, problem = [], [], ""
    for number in range(ROUNDS + 1):
        connection, token = client.HttpConnection(port), bearer(port)
        seconds = _whole(connection, token, _fresh(source, f"T{number}"))
        each = _one_by_one(connection, token, _fresh(source, f"S{number}"))
        if isinstance(seconds, str) or isinstance(each, str):
            problem = seconds if isinstance(seconds, str) else each
            break
        if number:  # the first round warms up
            whole.append(ENTRIES / seconds)
            single.append(ENTRIES / each)
            say(f"fhir, round {number}: transaction {seconds * 1000:.0f} ms, one by one {each * 1000:.0f} ms")
    return [
        Figure(
            "fhir-transaction", f"FHIR, transaction of {ENTRIES} entries", "entries/s", whole or [0.0],
            "one by one", single or [0.0], 5.0, problem=problem,
        )
    ]  # fmt: skip


def _bundle() -> dict | None:
    for path in sorted((CORPUS / "synthea-r4").glob("*.json")):
        bundle = json.loads(path.read_text(encoding="utf-8-sig"))
        if len(bundle["entry"]) == ENTRIES:
            return bundle
    return None


def _fresh(source: dict, tag: str) -> dict:
    """The same bundle about somebody else: other identifiers and temporary URLs."""
    text = json.dumps(source)
    for number, entry in enumerate(source["entry"]):
        text = text.replace(entry["fullUrl"], f"urn:uuid:{tag.lower().encode().hex():0>8}-0000-4000-8000-{number:012d}")
    bundle = json.loads(text)
    todo: list = [bundle]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            for entry in value.get("identifier", ()) if isinstance(value.get("identifier"), list) else ():
                if "value" in entry:
                    entry["value"] = f"{tag}-{entry['value']}"
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return bundle


def _whole(connection, token, bundle) -> float | str:
    request = post("/fhir/r4", json.dumps(bundle).encode(), token)
    began = time.perf_counter()
    answer = connection.send(request)
    seconds = time.perf_counter() - began
    if answer[9:12] != b"200" or answer.count(b'"status":"201 Created"') != ENTRIES:
        return f"transaction: {_reason(answer)}"
    return seconds


def _one_by_one(connection, token, bundle) -> float | str:
    """Each entry as a create, what it refers to named by the ids that the answers gave."""
    known: dict[str, str] = {}
    total = 0.0
    for entry in bundle["entry"]:
        text = json.dumps(entry["resource"])
        for old, new in known.items():
            text = text.replace(old, new)
        kind = entry["resource"]["resourceType"]
        request = post(f"/fhir/r4/{kind}", text.encode(), token)
        began = time.perf_counter()
        answer = connection.send(request)
        total += time.perf_counter() - began
        if answer[9:12] not in (b"201", b"200"):
            return f"{kind}: {_reason(answer)}"
        known[entry["fullUrl"]] = f"{kind}/{json.loads(answer.partition(HEAD_END)[2])['id']}"
    return total


def _reason(answer: bytes) -> str:
    head, _blank, body = answer.partition(b"\r\n\r\n")
    try:
        issue = json.loads(body)["issue"][0]
        return f"{head[9:12].decode()} {issue.get('expression', [''])[0]} {issue['diagnostics']}"
    except (ValueError, KeyError):
        return head[:40].decode(errors="replace")


# --- requests ------------------------------------------------------------------------------------


def _request(verb: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, token: str) -> bytes:
    """A read or a search."""
    return _request("GET", path, {"Authorization": f"Bearer {token}"})


def post(path: str, body: bytes, token: str) -> bytes:
    """A create or a transaction."""
    return _request("POST", path, {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}, body)


def bearer(port: int) -> str:
    """A token of the bench's account."""
    basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials"}).encode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = client.HttpConnection(port).send(_request("POST", "/interop/oauth2/token", headers, form))
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]
