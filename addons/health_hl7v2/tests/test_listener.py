import argparse
import asyncio
import contextlib
import datetime
import ssl
import tempfile
import threading
import time
from pathlib import Path

import psycopg2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from odoo.addons.health_hl7v2.listener import Inbox, Listener
from odoo.addons.interop_hub.exceptions import Closed

from .common import Hl7Case, acks, hl7

OPTIONS = {
    "interface": "x",
    "host": "127.0.0.1",
    "port": 0,
    "max_connections": 10,
    "idle_timeout": 0.0,
    "patience": 5.0,
    "tls_cert": None,
    "tls_key": None,
    "tls_client_ca": None,
}
QUIET = mute_logger(
    "odoo.addons.health_hl7v2.listener.listener",
    "odoo.addons.health_hl7v2.listener.connection",
)


class MemoryInbox:
    """Stands for the database: keeps sets of bodies and answers ``ok:<body>``; told what to fail with."""

    def __init__(self, limit=1000):
        self.size = limit
        self.sets = []
        self.failures = []
        self.gate = threading.Event()
        self.gate.set()
        self.reconnects = 0
        self.poison = None
        self.awake = threading.Event()
        self.awake.set()
        self.woken = 0
        self.is_closed = False

    def limit(self):
        return self.size

    def store(self, bodies):
        self.gate.wait(5)
        if self.failures:
            raise self.failures.pop(0)
        if self.poison in bodies:
            raise ZeroDivisionError
        self.sets.append(bodies)
        return [b"" if body == b"silent" else b"ok:" + body for body in bodies]

    def wake(self):
        self.awake.wait(5)
        self.woken += 1

    def reconnect(self):
        self.reconnects += 1

    def close(self):
        self.is_closed = True


class Client:
    """An MLLP sender."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port, **options):
        return cls(*await asyncio.open_connection("127.0.0.1", port, **options))

    async def ask(self, body):
        self.writer.write(b"\x0b" + body + b"\x1c\r")
        return await self.answer()

    async def answer(self):
        raw = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), 10)
        return raw[1:-2]

    async def closed(self):
        return await asyncio.wait_for(self.reader.read(), 10) == b""


@tagged("post_install", "-at_install")
class TestListener(BaseCase):
    def run_with(self, scenario, inbox=None, **options):
        """Run ``scenario(port, inbox, listener)`` against a listener; stop it gracefully afterwards."""
        inbox = inbox or MemoryInbox()

        async def main():
            listener = Listener("nowhere", argparse.Namespace(**(OPTIONS | options)))
            listener.inbox = inbox
            serving = asyncio.create_task(listener.serve())
            while not listener.port and not serving.done():
                await asyncio.sleep(0.01)
            try:
                await scenario(listener.port, inbox, listener)
            finally:
                listener.stopping.set()
                await asyncio.wait_for(serving, 20)

        with QUIET:
            asyncio.run(main())
        return inbox

    def test_each_frame_is_answered_in_order_however_it_arrives(self):
        async def scenario(port, _inbox, _listener):
            client = await Client.to(port)
            self.assertEqual(await client.ask(b"one"), b"ok:one")
            client.writer.write(b"junk\x0btwo\x1c\r\x0bthree\x1c\rjunk\x0bfo")
            self.assertEqual(await client.answer(), b"ok:two")
            self.assertEqual(await client.answer(), b"ok:three")
            client.writer.write(b"ur\x1c")
            await client.writer.drain()
            await asyncio.sleep(0.05)
            client.writer.write(b"\r")
            self.assertEqual(await client.answer(), b"ok:four")

        self.run_with(scenario)

    def test_what_arrives_while_a_set_commits_goes_into_the_next_set(self):
        async def scenario(port, inbox, _listener):
            clients = [await Client.to(port) for _n in range(5)]
            inbox.gate.clear()
            first = asyncio.create_task(clients[0].ask(b"0"))
            await asyncio.sleep(0.1)
            others = [asyncio.create_task(c.ask(b"%d" % n)) for n, c in enumerate(clients[1:], 1)]
            await asyncio.sleep(0.1)
            self.assertFalse(first.done())
            inbox.gate.set()
            self.assertEqual(await asyncio.gather(first, *others), [b"ok:0", b"ok:1", b"ok:2", b"ok:3", b"ok:4"])
            self.assertEqual([len(bodies) for bodies in inbox.sets], [1, 4])

        self.run_with(scenario)

    def test_a_sender_that_wants_no_answer_gets_none(self):
        async def scenario(port, _inbox, _listener):
            client = await Client.to(port)
            client.writer.write(b"\x0bsilent\x1c\r")
            self.assertEqual(await client.ask(b"loud"), b"ok:loud")

        self.run_with(scenario)

    def test_the_answer_does_not_wait_until_somebody_is_called(self):
        inbox = MemoryInbox()
        inbox.awake.clear()

        async def scenario(port, inbox, _listener):
            client = await Client.to(port)
            self.assertEqual(await client.ask(b"one"), b"ok:one")
            self.assertEqual(inbox.woken, 0)
            inbox.awake.set()
            self.assertEqual(await client.ask(b"two"), b"ok:two")

        self.run_with(scenario, inbox)
        self.assertEqual(inbox.woken, 2)
        self.assertTrue(inbox.is_closed)

    def test_while_the_database_is_away_nothing_is_answered_and_nothing_is_lost(self):
        inbox = MemoryInbox()
        inbox.failures = [psycopg2.OperationalError(), psycopg2.InterfaceError(), Closed("brake", "stopped")]

        async def scenario(port, inbox, _listener):
            client = await Client.to(port)
            started = time.monotonic()
            self.assertEqual(await client.ask(b"one"), b"ok:one")
            self.assertGreater(time.monotonic() - started, 0.3)
            self.assertEqual(inbox.sets, [[b"one"]])
            self.assertEqual(inbox.reconnects, 3)

        self.run_with(scenario, inbox)

    def test_when_patience_ends_the_connection_is_closed_without_an_answer(self):
        inbox = MemoryInbox()
        inbox.failures = [psycopg2.OperationalError() for _n in range(100)]

        async def scenario(port, inbox, _listener):
            client = await Client.to(port)
            client.writer.write(b"\x0bone\x1c\r")
            self.assertTrue(await client.closed())
            inbox.failures.clear()
            again = await Client.to(port)
            self.assertEqual(await again.ask(b"one"), b"ok:one")
            self.assertEqual(inbox.sets, [[b"one"]])

        self.run_with(scenario, inbox, patience=0.5)

    def test_one_message_that_cannot_be_stored_does_not_sink_the_others(self):
        inbox = MemoryInbox()
        inbox.poison = hl7(control="BAD")

        async def scenario(port, inbox, _listener):
            clients = [await Client.to(port) for _n in range(3)]
            inbox.gate.clear()
            holder = asyncio.create_task(clients[2].ask(b"first"))
            await asyncio.sleep(0.1)
            bad = asyncio.create_task(clients[0].ask(inbox.poison))
            good = asyncio.create_task(clients[1].ask(b"good"))
            await asyncio.sleep(0.1)
            inbox.gate.set()
            await holder
            self.assertEqual(await good, b"ok:good")
            self.assertEqual(acks(await bad), [("AE", "BAD", "207")])

        self.run_with(scenario, inbox)

    def test_a_frame_over_the_limit_is_refused_and_the_connection_closed(self):
        async def scenario(port, inbox, _listener):
            client = await Client.to(port)
            client.writer.write(b"\x0b" + hl7(control="BIG") + b"x" * 5000)
            self.assertEqual(acks(await client.answer()), [("AR", "BIG", "207")])
            self.assertTrue(await client.closed())
            self.assertEqual(inbox.sets, [])

        self.run_with(scenario)

    def test_a_frame_over_the_limit_behind_unanswered_ones_only_closes(self):
        async def scenario(port, inbox, _listener):
            client = await Client.to(port)
            inbox.gate.clear()
            client.writer.write(b"\x0bone\x1c\r\x0b" + b"x" * 5000)
            self.assertTrue(await client.closed())
            inbox.gate.set()

        self.assertEqual(self.run_with(scenario).sets, [[b"one"]])

    def test_many_large_messages_wait_outside(self):
        async def scenario(port, inbox, listener):
            client = await Client.to(port)
            inbox.gate.clear()
            client.writer.write(b"".join(b"\x0b%d%s\x1c\r" % (n, b"x" * 800) for n in range(3)))
            await asyncio.sleep(0.2)
            (connection,) = listener.connections
            self.assertTrue(connection.paused)
            inbox.gate.set()
            for _n in range(3):
                await client.answer()
            self.assertFalse(connection.paused)

        self.run_with(scenario)

    def test_connections_over_the_limit_are_closed(self):
        async def scenario(port, _inbox, _listener):
            clients = [await Client.to(port) for _n in range(2)]
            third = await Client.to(port)
            with contextlib.suppress(ConnectionError):
                self.assertTrue(await third.closed())
            for client in clients:
                self.assertEqual(await client.ask(b"x"), b"ok:x")
            clients[0].writer.close()
            await asyncio.sleep(0.1)
            self.assertEqual(await (await Client.to(port)).ask(b"y"), b"ok:y")

        self.run_with(scenario, max_connections=2)

    def test_an_idle_connection_is_closed_but_not_one_that_waits(self):
        async def scenario(port, inbox, _listener):
            idle, waiting = await Client.to(port), await Client.to(port)
            inbox.gate.clear()
            asked = asyncio.create_task(waiting.ask(b"x"))
            self.assertTrue(await idle.closed())
            await asyncio.sleep(0.3)
            inbox.gate.set()
            self.assertEqual(await asked, b"ok:x")

        self.run_with(scenario, idle_timeout=0.3)

    def test_a_stop_answers_what_has_arrived(self):
        async def scenario(port, inbox, listener):
            client = await Client.to(port)
            inbox.gate.clear()
            asked = asyncio.create_task(client.ask(b"last"))
            await asyncio.sleep(0.1)
            listener.stopping.set()
            await asyncio.sleep(0.1)
            inbox.gate.set()
            self.assertEqual(await asked, b"ok:last")
            self.assertTrue(await client.closed())
            with self.assertRaises(OSError):
                await Client.to(port)

        self.run_with(scenario)

    def test_a_sender_that_does_not_read_on_is_not_read_from_without_end(self):
        async def scenario(port, inbox, listener):
            client = await Client.to(port)
            inbox.gate.clear()
            client.writer.write(b"".join(b"\x0b%d\x1c\r" % n for n in range(500)))
            await asyncio.sleep(0.2)
            (connection,) = listener.connections
            self.assertTrue(connection.paused)
            inbox.gate.set()
            self.assertEqual([await client.answer() for _n in range(500)], [b"ok:%d" % n for n in range(500)])
            self.assertFalse(connection.paused)

        self.run_with(scenario)

    def test_tls_with_client_certificates(self):
        with tempfile.TemporaryDirectory() as folder:
            pem = _certificate(Path(folder) / "both.pem")

            async def scenario(port, _inbox, _listener):
                context = ssl.create_default_context(cafile=pem)
                context.check_hostname = False
                stranger = await Client.to(port, ssl=context)
                with self.assertRaises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                    await stranger.ask(b"one")
                context.load_cert_chain(pem)
                known = await Client.to(port, ssl=context)
                self.assertEqual(await known.ask(b"one"), b"ok:one")

            self.run_with(scenario, tls_cert=pem, tls_client_ca=pem)


def _certificate(path: Path) -> str:
    """Write a self-signed certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@tagged("post_install", "-at_install")
class TestInbox(Hl7Case):
    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.inbox = Inbox(self.env.cr.dbname, self.interface.code)

    def test_messages_that_arrived_together_are_stored_and_answered(self):
        answers = self.inbox.store([hl7(control="1"), hl7("A60", "2"), b"garbage"])
        self.assertEqual([acks(answer)[0][0] for answer in answers], ["AA", "AR", "AR"])
        found = self.env["interop.message"].search([("interface_id", "=", self.interface.id)], order="id")
        self.assertEqual(found.mapped("state"), ["received", "rejected", "rejected"])

    def test_the_limit_is_the_interfaces(self):
        self.interface.max_body_bytes = 4711
        self.env.flush_all()
        self.assertEqual(self.inbox.limit(), 4711)
        with self.assertRaises(LookupError):
            Inbox(self.env.cr.dbname, "no-such").limit()

    def test_a_paused_interface_takes_nothing(self):
        self.interface.state = "paused"
        self.env.flush_all()
        with self.assertRaises(Closed):
            self.inbox.store([hl7()])

    def test_a_transaction_that_lost_a_race_is_repeated(self):
        failures = [psycopg2.errors.SerializationFailure(), psycopg2.errors.DeadlockDetected()]
        original = self.inbox._store

        def store(bodies):
            if failures:
                raise failures.pop()
            return original(bodies)

        self.patch(self.inbox, "_store", store)
        self.assertEqual(acks(self.inbox.store([hl7()])[0]), [("AA", "C1", "")])
