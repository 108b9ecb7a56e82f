"""Clients that cost little: each is a process with a bare socket and requests that were written before.

Each client sends one request after the other until the time is up and
finishes the one that is under way; its rate is what it did by its own time,
and the rates are added.
"""

from __future__ import annotations

import base64
import multiprocessing
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from . import settings

_forks = multiprocessing.get_context("fork")
PATIENCE = 60.0


@dataclass
class Load:
    """What a set of clients did together."""

    rate: float  #: messages or requests per second
    sent: int
    wrong: int  #: answers that are not what they should be


class HttpConnection:
    """Sends a request that is written already; keeps the connection open when the server does."""

    def __init__(self, port: int):
        self.address = ("127.0.0.1", port)
        self.socket = None

    def send(self, request: bytes) -> bytes:
        """Send a request; return the whole response."""
        if self.socket is None:
            self.socket = socket.create_connection(self.address, PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        parts, size = [data], len(data)
        while size < end + 4 + length:
            parts.append(self._more())
            size += len(parts[-1])
        if not head.startswith(b"http/1.1") or b"connection: close" in head:
            self.socket.close()
            self.socket = None
        return b"".join(parts)

    def _more(self) -> bytes:
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


class MllpConnection:
    """One persistent connection to the listener, one message in flight."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, frame: bytes) -> bytes:
        """Send a framed message; return the framed answer."""
        self.socket.sendall(frame)
        data = b""
        while not data.endswith(b"\x1c\r"):
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise ConnectionError("the listener closed the connection")
            data += piece
        return data


def http_request(path: str, body: bytes = b"", content_type: str = "application/hl7-v2") -> bytes:
    """A complete request as bytes: GET without a body, else POST with the demo client's credentials."""
    head = ["GET" if not body else "POST", f" {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"]
    if body:
        secret = base64.b64encode(f"{settings.CLIENT_ID}:{settings.CLIENT_SECRET}".encode()).decode()
        head.append(f"Authorization: Basic {secret}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n")
    return "".join([*head, "\r\n"]).encode() + body


def run(
    connect: Callable[[], object],
    requests: Callable[[int], list[bytes]],
    seconds: float,
    expected: Callable[[bytes], bool],
    *,
    each: int = 1,
    rate: float = 0.0,
) -> Load:
    """Let the clients send for some seconds.

    :param connect: opens a connection
    :param requests: gives the requests of client number *n*; it ends early when they run out
    :param expected: whether an answer is right
    :param each: messages in one request
    :param rate: requests per second of all clients together, at even distances; 0: as fast as they can
    """
    results, barrier = _forks.Queue(), _forks.Barrier(settings.CLIENTS + 1)

    def client(number: int) -> None:
        try:
            prepared = requests(number)
            channel = connect()
            barrier.wait(PATIENCE)
            started = ended = time.monotonic()
            deadline = started + seconds
            count = wrong = 0
            while ended < deadline and count < len(prepared):
                if rate:
                    turn = started + (count * settings.CLIENTS + number) / rate
                    if turn >= deadline:
                        break
                    time.sleep(max(turn - time.monotonic(), 0))
                wrong += not expected(channel.send(prepared[count]))
                count += 1
                ended = time.monotonic()
            results.put((count * each, count * each / (ended - started) if count else 0.0, wrong, ""))
        except Exception as error:
            barrier.abort()
            results.put((0, 0.0, 0, f"client: {type(error).__name__}: {error}"))

    processes = [_forks.Process(target=client, args=(number,)) for number in range(settings.CLIENTS)]
    for process in processes:
        process.start()
    try:
        barrier.wait(PATIENCE)
    except Exception:  # the client that failed says why below
        pass
    answers = [results.get(timeout=seconds + 2 * PATIENCE) for _process in processes]
    for process in processes:
        process.join(5)
    for *_numbers, error in answers:
        if error:
            raise RuntimeError(error)
    return Load(sum(a[1] for a in answers), sum(a[0] for a in answers), sum(a[2] for a in answers))
