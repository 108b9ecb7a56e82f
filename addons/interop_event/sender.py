"""Sending webhooks: a few threads per endpoint, each with one kept-open connection.

Endpoints share nothing, so a receiver that hangs occupies its own threads
only. Nothing here touches the database: jobs come in, results go out by a
queue, and one thread elsewhere writes them as sets.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import time
from typing import NamedTuple

from odoo.addons.interop_hub import net_guard
from odoo.addons.interop_hub.net_guard import Forbidden, PinnedConnection

from . import webhook
from .schedule import retry_after

#: Seconds for which a judged address is trusted.
PINNED_FOR = 60.0
#: Seconds after which an idle thread ends.
IDLE = 30.0
#: So much of an answer is read; more makes the connection useless, and it is closed.
ANSWER_BYTES = 16 * 1024
USER_AGENT = "Odoo-Interop-Webhooks/1.0"


class Job(NamedTuple):
    """One delivery to send."""

    delivery_id: int
    message_id: str
    body: bytes
    headers: dict[str, str]
    topic: str = ""


class Result(NamedTuple):
    """What came of one attempt.

    :ivar status: HTTP status, 0 when there was no answer
    :ivar error: short code, empty after a 2xx
    :ivar ambiguous: sent, but whether it was received is unknown
    """

    subscription_id: int
    delivery_id: int
    status: int
    error: str
    ambiguous: bool
    retry_after: float
    milliseconds: int


class Endpoint:
    """Where the deliveries of one subscription go.

    :param subscription_id: named in the results
    :param url: the receiver
    :param signers: secrets in force
    :param results: queue that gets a :class:`Result` per job
    :param allow: hosts that the guard lets through
    :param parallel: how many requests run at the same time
    :param timeout: seconds for one attempt altogether
    """

    def __init__(self, subscription_id, url, signers, results, *, allow=frozenset(), parallel=4, timeout=15.0):
        self.subscription_id = subscription_id
        self.url = url
        self.signers = signers
        self.results = results
        self.allow = allow
        self.parallel = parallel
        self.timeout = timeout
        self._path = _path(url)
        self._jobs: queue.SimpleQueue = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, _Line] = {}
        self._idle = 0
        self._target = None
        self._judged = 0.0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Send a job as soon as a connection is free."""
        self._jobs.put(job)
        with self._lock:
            if self._idle < self._jobs.qsize() and len(self._threads) < self.parallel and not self._closed:
                line = self._new_line()
                thread = threading.Thread(target=self._serve, args=(line,), daemon=True, name="webhook")
                self._threads[thread] = line
                thread.start()

    def recall(self) -> list[int]:
        """Take back the jobs that no thread has begun; return their delivery ids."""
        taken = []
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return taken
            if job is not None:
                taken.append(job.delivery_id)

    def shut_overdue(self) -> None:
        """Cut the connections of attempts that are over their time, e.g. of answers that trickle."""
        limit = time.monotonic() - self.timeout
        with self._lock:
            lines = list(self._threads.values())
        for line in lines:
            if line.since and line.since < limit:
                line.cut()

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        with self._lock:
            self._closed = True
            threads = len(self._threads)
        for _thread in range(threads):
            self._jobs.put(None)

    # -- threads -----------------------------------------------------------------

    def _new_line(self):
        return _Line()

    def _serve(self, line: _Line) -> None:
        try:
            while (job := self._next()) is not None:
                self.results.put(self._attempt(line, job))
        finally:
            line.close()
            with self._lock:
                self._threads.pop(threading.current_thread(), None)

    def _next(self) -> Job | None:
        with self._lock:
            self._idle += 1
        try:
            return self._jobs.get(timeout=IDLE)
        except queue.Empty:
            return None
        finally:
            with self._lock:
                self._idle -= 1

    def _attempt(self, line: _Line, job: Job) -> Result:
        began = time.monotonic()
        status, asked, ambiguous = 0, 0.0, False
        try:
            headers = {
                "Host": "",
                "User-Agent": USER_AGENT,
                "Accept": "*/*",
                **job.headers,
                **webhook.headers(self.signers, job.message_id, int(time.time()), job.body),
            }
            line.since = began
            status, asked = line.post(self._pinned(), self._path, job.body, headers, self.timeout)
            error = "" if 200 <= status < 300 else f"http.{status}"
        except Forbidden as refused:
            error = f"guard.{refused.code}"
        except TimeoutError:
            error, ambiguous = "timeout", line.sent
        except ssl.SSLError:
            error, ambiguous = "tls", line.sent
        except (http.client.RemoteDisconnected, OSError):
            error, ambiguous = "timeout" if line.was_cut else "connection", line.sent
        except http.client.HTTPException:
            error, ambiguous = "timeout" if line.was_cut else "answer", line.sent
        except Exception as unexpected:  # a thread must never die with a job in its hands
            error, ambiguous = f"program.{type(unexpected).__name__}", line.sent
        finally:
            line.since = 0.0
        if error and not status:
            line.close()
        milliseconds = int((time.monotonic() - began) * 1000)
        return Result(self.subscription_id, job.delivery_id, status, error, ambiguous, asked, milliseconds)

    def _pinned(self):
        """The judged address, looked up again every minute."""
        now = time.monotonic()
        if self._target is None or now - self._judged > PINNED_FOR:
            self._target = net_guard.resolve(self.url, self.allow)
            self._judged = now
        return self._target


class _Line:
    """One connection, kept open from request to request."""

    def __init__(self):
        self.connection: PinnedConnection | None = None
        self.since = 0.0
        self.sent = False
        self.was_cut = False

    def post(self, target, path, body, headers, timeout) -> tuple[int, float]:
        """Send one request; return its status and what Retry-After asks for."""
        self.sent = self.was_cut = False
        if self.connection is not None and self.connection.target != target:
            self.close()
        reused = self.connection is not None and self.connection.sock is not None
        headers["Host"] = target.authority
        try:
            response = self._exchange(target, path, body, headers, timeout)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not reused or self.was_cut:
                raise
            # The receiver had closed the idle connection; the same id goes out on a new one.
            self.close()
            self.sent = False
            response = self._exchange(target, path, body, headers, timeout)
        asked = retry_after(response.headers.get("Retry-After")) if response.status >= 300 else 0.0
        try:
            response.read(ANSWER_BYTES)
        except (OSError, http.client.HTTPException):
            self.close()  # the status is what counts
        if not response.isclosed() or response.will_close:
            self.close()
        return response.status, asked

    def _exchange(self, target, path, body, headers, timeout):
        if self.connection is None:
            self.connection = PinnedConnection(target, timeout)
        if self.connection.sock is None:
            self.connection.connect()
        self.connection.request("POST", path, body, headers)
        self.sent = True
        return self.connection.getresponse()

    def cut(self) -> None:
        """Called by another thread: end what is going on."""
        self.was_cut = True
        connected = self.connection and self.connection.sock
        if connected:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
            self.connection = None


def _path(url: str) -> str:
    rest = url.split("://", 1)[-1].partition("#")[0]
    slash, question = rest.find("/"), rest.find("?")
    if slash < 0 or 0 <= question < slash:
        return "/" + (rest[question:] if question >= 0 else "")
    return rest[slash:]
