"""Gathers what the connections bring into sets, stores and answers them."""

import asyncio
import logging
import signal
import ssl
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import psycopg2
from psycopg2.extensions import TransactionRollbackError

from ..codec.errors import Hl7Error
from ..codec.examine import answer
from .connection import Connection
from .inbox import Inbox, is_away

_logger = logging.getLogger(__name__)

BATCH = 500  #: messages of one transaction at most
BATCH_BYTES = 16 * 1024 * 1024  #: a transaction takes no further message once it has so many bytes
GATHER = 0.001  #: seconds at most that a set waits for the senders of the sets before it
SHUTDOWN = 15.0  #: seconds that a stop may take to answer what has arrived


class Listener:
    """Accepts connections, gathers their messages, answers them.

    :param dbname: the database
    :param options: the parsed command line
    """

    def __init__(self, dbname: str, options):
        self.options = options
        self.inbox = Inbox(dbname, options.interface)
        self.port = 0
        self.connections = set()
        self.waiting = deque()
        self.arrived = asyncio.Event()
        self.gathered = asyncio.Event()
        self.expected = 0
        self.stopping = asyncio.Event()
        self.threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mllp")

    async def serve(self):
        """Listen until stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        limit = await self._limit(loop)
        if limit is None:
            self.threads.shutdown(wait=False, cancel_futures=True)
            return
        context = self._tls()
        try:
            listening = await loop.create_server(
                lambda: Connection(self, limit), self.options.host, self.options.port, ssl=context, backlog=128
            )
        except OSError as error:
            sys.exit(f"mllp: cannot listen on {self.options.host}:{self.options.port}: {error.strerror}")
        self.port = listening.sockets[0].getsockname()[1]
        _logger.info("mllp: listening on %s:%s for interface %s", self.options.host, self.port, self.options.interface)
        deliverer = loop.create_task(self._deliver(loop))
        await self.stopping.wait()
        listening.close()
        for connection in list(self.connections):
            connection.stop_reading()
        self.arrived.set()
        done, _pending = await asyncio.wait({deliverer}, timeout=SHUTDOWN)
        deliverer.cancel()
        for connection in list(self.connections):
            connection.close()
        await asyncio.sleep(0.05)
        self.threads.submit(self.inbox.close)
        self.threads.shutdown(wait=False)
        _logger.info("mllp: stopped%s", "" if done else " with messages unanswered")

    async def _limit(self, loop) -> int | None:
        """Wait for the database and return the size limit; ``None`` when stopped meanwhile."""
        while not self.stopping.is_set():
            try:
                return await loop.run_in_executor(self.threads, self.inbox.limit)
            except LookupError:
                sys.exit(f"mllp: there is no interface with the code {self.options.interface}")
            except psycopg2.Error as error:
                _logger.warning("mllp: database away (%s), trying again", type(error).__name__)
                await self._pause(2.0)
        return None

    def _tls(self) -> ssl.SSLContext | None:
        if not self.options.tls_cert:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.options.tls_cert, self.options.tls_key)
        if self.options.tls_client_ca:
            context.load_verify_locations(self.options.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    async def _pause(self, seconds: float):
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    def submit(self, connection: Connection, body: bytes):
        """Take a message for the next transaction."""
        self.waiting.append((connection, body))
        self.arrived.set()
        if len(self.waiting) >= self.expected:
            self.gathered.set()

    async def _deliver(self, loop):
        """Store what waits, set by set, until stopped and nothing waits."""
        former, last = set(), set()
        while self.waiting or not self.stopping.is_set():
            if not self.waiting:
                self.arrived.clear()
                await self.arrived.wait()
                continue
            self.expected = len(former | last)
            await self._gather(loop)
            entries = self._take()
            former, last = last, {connection for connection, _body in entries if not connection.closed}
            await self._store(loop, entries)

    def _take(self) -> list:
        """Return the next set: no more messages and bytes than one transaction should have."""
        entries, size = [], 0
        while self.waiting and len(entries) < BATCH and size < BATCH_BYTES:
            entries.append(self.waiting.popleft())
            size += len(entries[-1][1])
        return entries

    async def _gather(self, loop):
        """Wait a moment for the senders that were answered just now: their next messages are on the way.

        Without it the first of them would start a set alone, and each commit would serve fewer.
        """
        if len(self.waiting) >= self.expected or self.stopping.is_set():
            return
        self.gathered.clear()
        timer = loop.call_later(GATHER, self.gathered.set)
        await self.gathered.wait()
        timer.cancel()

    async def _store(self, loop, entries: list):
        """Store and answer one set; a set that fails for what is in it is tried message by message."""
        give_up = time.monotonic() + self.options.patience
        delay = 0.1
        while True:
            try:
                answers = await self._committed(loop, [body for _c, body in entries])
            except Exception as error:
                if not is_away(error):
                    await self._isolate(loop, entries, error)
                    return
                _logger.warning(
                    "mllp: %s message(s) wait: %s", len(entries), getattr(error, "code", "") or type(error).__name__
                )
                if time.monotonic() > give_up or self.stopping.is_set():
                    for connection, _body in entries:
                        connection.close()
                    return
                if not isinstance(error, TransactionRollbackError):
                    await loop.run_in_executor(self.threads, self.inbox.reconnect)
                await self._pause(delay)
                delay = min(delay * 2, 2.0)
            else:
                for (connection, _body), reply in zip(entries, answers, strict=True):
                    connection.answer(reply)
                return

    def _committed(self, loop, bodies: list[bytes]) -> asyncio.Future:
        """Store messages in the thread of the database; the future has their answers once they are committed."""
        answers = loop.create_future()

        def settle(outcome):
            if answers.done():  # given up
                return
            if isinstance(outcome, Exception):
                answers.set_exception(outcome)
            else:
                answers.set_result(outcome)

        def work():
            try:
                outcome = self.inbox.store(bodies)
            except Exception as error:
                loop.call_soon_threadsafe(settle, error)
            else:
                loop.call_soon_threadsafe(settle, outcome)
                self.inbox.wake()

        self.threads.submit(work)
        return answers

    async def _isolate(self, loop, entries, error):
        """Store one by one what failed together; the one at fault is refused, not stored."""
        if len(entries) > 1:
            for entry in entries:
                await self._store(loop, [entry])
            return

        _logger.error("mllp: a message could not be stored: %s", type(error).__name__)
        connection, body = entries[0]
        connection.answer(answer(body, Hl7Error("207", "The message could not be stored", ack="AE")))
