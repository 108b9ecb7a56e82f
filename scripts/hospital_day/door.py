"""Sending a day through the front door as partners do, until everything is acknowledged."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from . import hl7
from .message import Message

CONTENT_TYPE = "application/hl7-v2; charset=utf-8"
BATCH = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answered: ``code`` is MSA-1, or ``refused`` for anything that is no acknowledgement."""

    status: int
    code: str
    error: str
    control: str
    raw: str


class GivenUp(Exception):
    """No acknowledgement in time."""


class Door:
    """Sends messages and keeps the answers.

    :param url: address of the server
    :param patience: seconds to go on resending one request while the server does not answer it
    :param connections: how many connections each single-message interface uses
    :param rate: messages per second over all connections, 0 = as fast as it goes
    """

    def __init__(self, url, client="demo-ehr", secret="demo-ehr-secret", *, patience=120.0, connections=2, rate=0.0):
        self.url = url.rstrip("/")
        self.auth = (client, secret)
        self.patience = patience
        self.connections = connections
        self.rate = rate
        self.answers: dict[int, Answer] = {}
        self.resent = 0
        self.errors: list[Exception] = []
        self._lock = threading.Lock()
        self._next = 0.0
        self.stop = threading.Event()

    def send(self, messages: Iterable[Message], progress=None) -> None:
        """Send messages: interfaces side by side, one patient's messages of an interface in order.

        :param progress: called with the number of answers now and then
        :raises GivenUp: when a message could not be delivered in time
        """
        queues: dict[tuple, list[Message]] = {}
        for message in messages:
            number = 0 if message.interface == "lab-batch" else zlib.crc32(message.shard.encode()) % self.connections
            queues.setdefault((message.interface, number), []).append(message)
        threads = [
            threading.Thread(target=self._run, args=(interface, queue), daemon=True)
            for (interface, _number), queue in queues.items()
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            threads[0].join(0.2) if threads[0].is_alive() else time.sleep(0.2)
            if progress:
                progress(len(self.answers))
        if self.errors:
            raise self.errors[0]

    def _run(self, interface: str, queue: list[Message]) -> None:
        session = requests.Session()
        session.auth = self.auth
        session.headers["Content-Type"] = CONTENT_TYPE
        try:
            if interface == "lab-batch":
                for start in range(0, len(queue), BATCH):
                    self._batch(session, interface, queue[start : start + BATCH])
            else:
                for message in queue:
                    self._single(session, interface, message)
        except Exception as error:
            self.errors.append(error)
            self.stop.set()

    def _pace(self, count: int) -> None:
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + count / self.rate
        time.sleep(max(0.0, at - now))

    def _post(self, session, interface: str, body: bytes, count: int) -> requests.Response:
        """Post until the server answers; the same bytes every time."""
        self._pace(count)
        deadline = time.monotonic() + self.patience
        pause = 0.1
        while not self.stop.is_set():
            reason = "no answer"
            try:
                response = session.post(f"{self.url}/interop/v1/inbound/{interface}", data=body, timeout=60)
                if response.status_code < 500 and response.status_code != 429 and not _without_database(response):
                    return response
                reason = f"status {response.status_code}"
            except requests.RequestException as error:
                reason = type(error).__name__
            if time.monotonic() > deadline:
                raise GivenUp(f"{interface}: {reason} for {self.patience:.0f} s")
            with self._lock:
                self.resent += count
            time.sleep(pause)
            pause = min(2.0, pause * 1.6)
        raise GivenUp("stopped")

    def _single(self, session, interface: str, message: Message) -> None:
        response = self._post(session, interface, message.raw, 1)
        self.answers[message.seq] = _answer(response)

    def _batch(self, session, interface: str, part: list[Message]) -> None:
        number = f"B{part[0].seq:06d}"
        body = hl7.batch([m.raw for m in part], "LIS", "LAB1", datetime.now(UTC), number)
        response = self._post(session, interface, body, len(part))
        try:
            found = hl7.acknowledgements(response.content)
        except ValueError:
            found = []
        if len(found) != len(part):
            raise GivenUp(
                f"{interface}: {len(found)} acknowledgements for {len(part)} messages (status {response.status_code})"
            )
        for message, ack in zip(part, found, strict=True):
            self.answers[message.seq] = Answer(
                response.status_code, ack["code"], ack["error"], ack["control"], ack["raw"]
            )


def _without_database(response: requests.Response) -> bool:
    """Whether this is Odoo's own 404 while it cannot reach its database: nothing that the door would say."""
    return response.status_code == 404 and response.headers.get("Content-Type", "").startswith("text/html")


def _answer(response: requests.Response) -> Answer:
    if response.status_code < 300:
        try:
            (ack,) = hl7.acknowledgements(response.content)
        except ValueError:
            return Answer(response.status_code, "refused", "", "", "")
        return Answer(response.status_code, ack["code"], ack["error"], ack["control"], ack["raw"])
    return Answer(response.status_code, "refused", "", "", "")


def wrong_answers(messages: Iterable[Message], answers: dict[int, Answer]) -> list[str]:
    """What was answered otherwise than expected, by control id and case, without patient data."""
    found = []
    first: dict[tuple[str, str], Answer] = {}
    for message in messages:
        answer = answers.get(message.seq)
        who = f"{message.interface} {message.control or 'without control id'} ({message.note})"
        if answer is None:
            found.append(f"{who}: not answered")
            continue
        if message.ack == "refused":
            if answer.code in ("AA", "CA") or answer.status >= 500:
                found.append(f"{who}: expected a refusal, got {answer.code or answer.status}")
            continue
        code = {"CR": "CE"}.get(answer.code, answer.code)
        if (code, answer.error if message.error else "") != (message.ack, message.error):
            found.append(
                f"{who}: expected {message.ack} {message.error}, got {answer.code or answer.status} {answer.error}"
            )
        if message.control and answer.control != message.control:
            found.append(f"{who}: MSA-2 does not echo MSH-10")
        if message.accepted:
            known = first.setdefault((message.interface, message.control), answer)
            if known.raw != answer.raw:
                found.append(f"{who}: the repetition got another acknowledgement")
    return found
