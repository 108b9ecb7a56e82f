"""The REST API: a token is verified and one visit read, and pages of visits, beside what Odoo itself offers."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from urllib.parse import urlencode

from .. import client, settings
from ..report import Figure, say
from .common import ADT, drain_rate, serve, served, settle
from .door import _health

NAMES = ("rest",)
NAME = "bench_rest"
PAGE = 100
VISITS = 500
CLIENT, SECRET = "bench-rest", "bench-rest-secret"
#: The same content on both sides: ours gives ids and names of what a visit refers to, as Odoo does.
FIELDS = (
    "number,status,visit_class,admitted_at,discharged_at,facility,facility_code,account,attending,attending_name,"
    "location,location_name,updated_at"
)
COLUMNS = [
    "number", "status", "class_code", "admitted_at", "discharged_at", "facility_id", "account_id", "attending_id",
    "location_id", "write_date",
]  # fmt: skip


def measure(_wanted: set[str]) -> list[Figure]:
    """One visit per request beside the health check, and a hundred beside ``search_read`` over ``/json/2``."""
    sizes, port = settings.SIZES, settings.PORT
    health, one, page, plain = [], [], [], []
    wrong: dict[str, int] = defaultdict(int)
    with served(NAME, port) as suite:
        drain_rate(suite, ADT, "admit", "R", VISITS)
        key = suite.helper("rest_prepare", client_id=CLIENT, secret=SECRET)
        settle(suite.database)
    with serve(NAME, port, max_cron_threads=0):
        first = _json(port, f"/interop/v1/encounters?limit={PAGE}&fields=status", _bearer(port))["data"]
        for number in range(sizes.door_rounds + 1):
            bearer, seconds = _bearer(port), sizes.door_seconds if number else 1.0  # the first round warms up
            rates = (
                _health(port, seconds, wrong),
                _rate(port, _get(f"/interop/v1/encounters/{first[0]['id']}", bearer), seconds, wrong, "read"),
                PAGE * _rate(port, _get(f"/interop/v1/encounters?limit={PAGE}&fields={FIELDS}", bearer), seconds, wrong, "list"),
                PAGE * _rate(port, _search_read(key), seconds, wrong, "search_read"),
            )  # fmt: skip
            if number:
                for values, rate in zip((health, one, page, plain), rates, strict=True):
                    values.append(rate)
                say("rest, round {}: health {:,.0f}/s, read {:,.0f}/s, list {:,.0f}, search_read {:,.0f} records/s".format(number, *rates))  # fmt: skip

    def problem(*kinds: str) -> str:
        return "; ".join(f"{wrong[kind]} wrong answers ({kind})" for kind in kinds if wrong[kind])

    return [
        Figure(
            "rest-read", "REST, verify a token and read one visit, 4 clients", "requests/s", one, "/web/health", health,
            0.4, problem=problem("health", "read"),
        ),
        Figure(
            "rest-list", f"REST, list of {PAGE} visits with fields, 4 clients", "records/s", page, "/json/2 search_read",
            plain, 3.0, problem=problem("list", "search_read"),
        ),
    ]  # fmt: skip


def _rate(port: int, request: bytes, seconds: float, wrong: dict, kind: str) -> float:
    """Requests per second of four clients that send the same request; answers must be complete."""
    needed = PAGE if kind != "read" else 1

    def expected(answer: bytes) -> bool:
        return answer[9:12] == b"200" and answer.count(b'"number":') == needed

    load = client.run(lambda: client.HttpConnection(port), lambda _n: [request] * 100_000, seconds, expected)
    wrong[kind] += load.wrong
    return load.rate


def _request(verb: str, path: str, headers: dict, body: bytes = b"") -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def _get(path: str, bearer: str) -> bytes:
    return _request("GET", path, {"Authorization": f"Bearer {bearer}"})


def _search_read(key: str) -> bytes:
    body = json.dumps({"domain": [], "fields": COLUMNS, "limit": PAGE, "order": "id desc"}).encode()
    headers = {"Authorization": f"bearer {key}", "Content-Type": "application/json"}
    return _request("POST", "/json/2/health.encounter/search_read", headers, body)


def _bearer(port: int) -> str:
    """A token of the bench's account; it lives five minutes, longer than a round."""
    basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials"}).encode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = client.HttpConnection(port).send(_request("POST", "/interop/oauth2/token", headers, form))
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]


def _json(port: int, path: str, bearer: str) -> dict:
    return json.loads(client.HttpConnection(port).send(_get(path, bearer)).partition(b"\r\n\r\n")[2])
