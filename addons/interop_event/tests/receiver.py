"""A receiver of webhooks for tests: a real HTTP/1.1 server on a port of its own, with good and bad manners.

It imports neither Odoo nor the addon, so black-box tests and benchmarks use it too; run as a
program it serves until killed: ``python receiver.py PORT MANNER``.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
import time
from typing import NamedTuple


class Request(NamedTuple):
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


def good(_request, _number):
    return 200, {}, b""


def slow(seconds):
    async def manner(_request, _number):
        await asyncio.sleep(seconds)
        return 200, {}, b""

    return manner


def status(code, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request, _number: (code, names, b"no")


def flapping(every):
    """Good and bad in turn, ``every`` requests each."""
    return lambda _request, number: (200 if (number // every) % 2 else 500, {}, b"")


def first_bad(count, code=500):
    return lambda _request, number: (200 if number >= count else code, {}, b"")


async def never(_request, _number):
    """Takes the request and does not answer."""
    await asyncio.sleep(3600)


def garbage(_request, _number):
    return b"\x00\xffthis is not HTTP\r\n\r\n"


def hang_up(_request, _number):
    return b""


async def trickle(_request, _number):
    """Begins an answer and goes on by one byte now and then."""
    return [b"H", b"T", b"T", b"P", *([b"x"] * 200)]


def redirect(location):
    return status(302, Location=location)


class Receiver:
    """Runs in a thread; keeps what arrived.

    :param manner: ``(request, number) -> (status, headers, body)``, bytes for the wire, or a list of
        bytes to trickle; may be a coroutine function
    :param keep: whether requests are kept
    """

    def __init__(self, manner=good, port=0, keep=True):
        self.manner = manner
        self.keep = keep
        self.requests: list[Request] = []
        self.count = 0
        self.connections = 0
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._port = port
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_error):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    def wait(self, count, seconds=10.0):
        """Wait until so many requests arrived.

        :raises AssertionError: when they do not
        """
        deadline = time.monotonic() + seconds
        while self.count < count:
            assert time.monotonic() < deadline, f"{self.count} of {count} requests arrived"
            time.sleep(0.01)

    # -- the loop ------------------------------------------------------------

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self._port, backlog=512))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader, writer) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) if ": " in line else (line, "") for line in head[1:] if line)
        # Values keep their case.
        headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if ":" in line}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(head[0].split(" ")[1], headers, body, time.time())
        number = next(self._numbers)
        if self.keep:
            self.requests.append(request)
        self.count += 1
        answer = self.manner(request, number)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, list):
            for part in answer:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.3)
            return False
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return False
        code, extra, content = answer
        lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        await writer.drain()
        return True


if __name__ == "__main__":
    with Receiver(globals()[sys.argv[2]] if len(sys.argv) > 2 else good, int(sys.argv[1]), keep=False) as running:
        sys.stdout.write(f"{running.port}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)
