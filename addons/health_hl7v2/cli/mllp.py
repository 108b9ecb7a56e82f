"""``odoo mllp``: a door for HL7 v2 over MLLP beside the HTTP one.

What arrives on any connection while one transaction commits goes into the next
(group commit). An answer leaves only after the commit. While
the database is away or the interface closed nothing is answered: the messages
wait, and after ``--patience`` seconds their connections are closed, so that
the senders send them again.
"""

import asyncio
import logging
import random
import signal
import ssl
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import psycopg2
from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, sql_db
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

_logger = logging.getLogger(__name__)

BATCH = 500  #: messages of one transaction at most
WINDOW = 64  #: messages of one connection that may wait for their answer; then it is not read further
GATHER = 0.001  #: seconds at most that a set waits for the senders of the sets before it
SERIALIZATION_TRIES = 6
SIGNALING = 1.0  #: seconds between looks at other processes' cache invalidations
SHUTDOWN = 15.0  #: seconds that a stop may take to answer what has arrived


class Mllp(Command):
    """Listen for HL7 v2 messages over MLLP and hand them to one interface."""

    name = "mllp"

    def run(self, args):
        """Parse the options and serve until SIGTERM or SIGINT."""
        parser = self.parser
        parser.add_argument("--interface", required=True, help="code of the interface that takes the messages")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=2575, help="port to listen on, 0: any (default: %(default)s)")
        parser.add_argument("--max-connections", type=int, default=200, help="further ones are closed at once")
        parser.add_argument("--idle-timeout", type=float, default=3600.0, help="seconds; 0: never")
        parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for the database")
        parser.add_argument("--tls-cert", help="PEM file with the certificate chain; switches TLS on")
        parser.add_argument("--tls-key", help="PEM file with the private key, when it is not in the first")
        parser.add_argument("--tls-client-ca", help="PEM file; clients must show a certificate signed by one of it")
        own, rest = parser.parse_known_args(args)
        if (own.tls_key or own.tls_client_ca) and not own.tls_cert:
            parser.error("--tls-key and --tls-client-ca need --tls-cert")
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("mllp: name one database with -d, or as db_name in the configuration")
        server.load_server_wide_modules()
        asyncio.run(Listener(config["db_name"][0], own).serve())


class Inbox:
    """The database side, run in one thread: stores messages, each set in one transaction.

    :param dbname: the database
    :param code: the interface's code
    """

    def __init__(self, dbname: str, code: str):
        self.dbname = dbname
        self.code = code
        self.looked = 0.0

    def limit(self) -> int:
        """Return the interface's size limit.

        :raises LookupError: no such interface
        """
        with Registry(self.dbname).cursor() as cr:
            interface = api.Environment(cr, SUPERUSER_ID, {})["interop.interface"]._by_code(self.code)
            if not interface:
                raise LookupError(self.code)
            return interface.max_body_bytes

    def store(self, bodies: list[bytes]) -> list[bytes]:
        """Store messages that arrived together and return their answers, committed.

        :raises psycopg2.Error: the database is away or refuses
        :raises Closed: the interface takes nothing at the moment
        """
        for attempt in range(1, SERIALIZATION_TRIES + 1):
            try:
                return self._store(bodies)
            except TransactionRollbackError:
                if attempt == SERIALIZATION_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError

    def _store(self, bodies):
        registry = Registry(self.dbname)
        if time.monotonic() - self.looked > SIGNALING:
            registry = registry.check_signaling()
            self.looked = time.monotonic()
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            interface = env["interop.interface"]._by_code(self.code)
            interface.fetch(["state", "handler", "system_id", "company_id", "lane_id", "ordering"])
            interface.lane_id.fetch(["parallelism"])
            interface._assert_open()
            receptions = env["interop.message"]._receive_many(interface, [(body, "") for body in bodies])
            cr.commit()
        return [reception.body for reception in receptions]

    def reconnect(self):
        """Forget connections that may be broken."""
        sql_db.close_db(self.dbname)


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
        self.threads.shutdown(wait=False, cancel_futures=True)
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

    def submit(self, connection: "Connection", body: bytes):
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
            entries = [self.waiting.popleft() for _n in range(min(len(self.waiting), BATCH))]
            former, last = last, {connection for connection, _body in entries if not connection.closed}
            await self._store(loop, [entry for entry in entries if not entry[0].closed])

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
        if not entries:
            return
        give_up = time.monotonic() + self.options.patience
        delay = 0.1
        while True:
            try:
                answers = await loop.run_in_executor(self.threads, self.inbox.store, [body for _c, body in entries])
            except Exception as error:
                if not _is_away(error):
                    await self._isolate(loop, entries, error)
                    return
                _logger.warning("mllp: %s message(s) wait: %s", len(entries), _reason(error))
                if time.monotonic() > give_up or self.stopping.is_set():
                    for connection, _body in entries:
                        connection.close()
                    return
                if not isinstance(error, TransactionRollbackError):
                    await loop.run_in_executor(self.threads, self.inbox.reconnect)
                await self._pause(delay)
                delay = min(delay * 2, 2.0)
            else:
                for (connection, _body), answer in zip(entries, answers, strict=True):
                    connection.answer(answer)
                return

    async def _isolate(self, loop, entries, error):
        """Store one by one what failed together; the one at fault is refused, not stored."""
        if len(entries) > 1:
            for entry in entries:
                await self._store(loop, [entry])
            return
        from odoo.addons.health_hl7v2.codec.errors import Hl7Error
        from odoo.addons.health_hl7v2.codec.examine import answer

        _logger.error("mllp: a message could not be stored: %s", type(error).__name__)
        connection, body = entries[0]
        connection.answer(answer(body, Hl7Error("207", "The message could not be stored", ack="AE")))


def _is_away(error: Exception) -> bool:
    """Whether the same messages may be stored later."""
    from odoo.addons.interop_hub.exceptions import Closed

    return isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError, Closed))


def _reason(error: Exception) -> str:
    return getattr(error, "code", "") or type(error).__name__


class Connection(asyncio.Protocol):
    """One sender: frames in, answers out in the same order."""

    def __init__(self, listener: Listener, limit: int):
        from odoo.addons.health_hl7v2.codec import mllp

        self.listener = listener
        self.codec = mllp
        self.framer = mllp.Framer(limit)
        self.transport = None
        self.timer = None
        self.open = 0
        self.paused = False
        self.closed = False
        self.heard = 0.0

    def connection_made(self, transport):
        """Take the connection unless there are too many."""
        self.transport = transport
        listener = self.listener
        if len(listener.connections) >= listener.options.max_connections:
            _logger.warning("mllp: connection limit reached, one refused")
            self.closed = True
            transport.abort()
            return
        listener.connections.add(self)
        self.heard = time.monotonic()
        self._watch()

    def connection_lost(self, exc):
        """Forget the connection; what it sent is stored all the same if it was taken."""
        self.closed = True
        self.listener.connections.discard(self)
        if self.timer:
            self.timer.cancel()

    def data_received(self, data):
        """Cut the stream into messages and hand them on."""
        self.heard = time.monotonic()
        for frame in self.framer.feed(data):
            if isinstance(frame, self.codec.TooLarge):
                self._refuse(frame)
                return
            self.open += 1
            self.listener.submit(self, frame)
        if self.open >= WINDOW and not self.paused:
            self.paused = True
            self.transport.pause_reading()

    def answer(self, acknowledgement: bytes):
        """Send the answer to the oldest open message; an empty one stands for none."""
        self.open -= 1
        if self.closed:
            return
        self.heard = time.monotonic()
        if acknowledgement:
            self.transport.write(self.codec.frame(acknowledgement))
        if self.paused and self.open < WINDOW // 2 and not self.listener.stopping.is_set():
            self.paused = False
            self.transport.resume_reading()

    def stop_reading(self):
        """Take nothing more; open messages are still answered."""
        if not self.closed and not self.paused:
            self.paused = True
            self.transport.pause_reading()

    def close(self):
        """Close after what was written is sent."""
        self.closed = True
        if self.transport:
            self.transport.close()

    def _refuse(self, frame):
        """Answer a frame over the size limit and close: nothing of it was kept."""
        from odoo.addons.health_hl7v2.codec.errors import Hl7Error
        from odoo.addons.health_hl7v2.codec.examine import answer

        _logger.warning("mllp: a message over the size limit was refused")
        error = Hl7Error("207", "The message is larger than this interface takes", ack="AR")
        self.transport.write(self.codec.frame(answer(frame.head, error)))
        self.close()

    def _watch(self):
        timeout = self.listener.options.idle_timeout
        if timeout <= 0 or self.closed:
            return
        idle = time.monotonic() - self.heard
        if idle >= timeout and not self.open:
            self.close()
            return
        self.timer = asyncio.get_running_loop().call_later(max(timeout - idle, 0.1), self._watch)
