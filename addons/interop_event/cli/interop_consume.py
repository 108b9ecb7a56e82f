"""``odoo interop_consume``: take messages from a broker's queue into the inbox."""

import logging
import os
import signal
import sys
import time

import psycopg2

from odoo import api, sql_db
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

_logger = logging.getLogger(__name__)

BATCH = 100  #: messages stored in one transaction
GATHER = 0.05  #: seconds to wait for more of them
PAUSE = 2.0  #: seconds before another try when the broker, the database or the interface is away


class InteropConsume(Command):
    """Take messages from a queue into the inbox of an interface.

    A message is acknowledged to the broker after the transaction that stored
    it has been committed; whatever happens before, the broker delivers it
    again, and the inbox knows it by its key.
    """

    name = "interop_consume"

    def run(self, args):
        """Parse the options, consume until SIGTERM or SIGINT."""
        parser = self.parser
        parser.add_argument("--queue", required=True, help="the queue; made durable when it does not exist")
        parser.add_argument("--interface", required=True, help="code of the inbound interface")
        parser.add_argument("--bind", action="append", default=[], help="exchange:pattern to bind the queue to")
        own, rest = parser.parse_known_args(args)
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("interop_consume: name one database with -d, or as db_name in the configuration")
        server.load_server_wide_modules()
        Consumer(config["db_name"][0], own.queue, own.interface, own.bind).serve()


class Consumer:
    """The consuming loop.

    :param binds: ``exchange:pattern`` texts
    """

    def __init__(self, dbname: str, queue: str, interface: str, binds: list[str]):
        self.dbname = dbname
        self.queue = queue
        self.interface = interface
        self.binds = binds
        self.stopping = False
        self.batch: list = []

    def stop(self, *_args):
        """Store what was taken, then end."""
        self.stopping = True

    def serve(self):
        """Consume until stopped; a lost broker or database is waited for."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        Registry(self.dbname)  # loads the addons, and with them the broker's module
        while not self.stopping:
            self.batch = []
            try:
                self._serve_connected()
            except psycopg2.Error as error:
                _logger.warning("database away (%s), trying again", type(error).__name__)
                sql_db.close_db(self.dbname)
            except Exception as error:  # each transport has errors of its own
                _logger.warning("broker away (%s), trying again", type(error).__name__)
            if not self.stopping:
                time.sleep(PAUSE)
        _logger.info("stopped (process %s)", os.getpid())

    def _serve_connected(self):
        from kombu import Consumer as Channel

        from odoo.addons.interop_event.broker import connect

        with connect(10) as connection:
            connection.ensure_connection(max_retries=0, timeout=10)
            channel = connection.default_channel
            with Channel(
                channel, queues=[self._queue(channel)], callbacks=[self._take], prefetch_count=BATCH, auto_declare=True
            ):
                _logger.info("consuming queue %s into interface %s", self.queue, self.interface)
                while not self.stopping:
                    self._collect(connection)
                    if self.batch and not self._store():
                        return  # given back to the broker with the connection

    def _queue(self, channel):
        from kombu import Queue, binding

        from odoo.addons.interop_event.broker import exchange_of

        binds = [bind.partition(":") for bind in self.binds]
        return Queue(
            self.queue,
            durable=True,
            channel=channel,
            bindings=[
                binding(exchange_of(exchange), routing_key=pattern or "#") for exchange, _colon, pattern in binds
            ],
        )

    def _take(self, _body, message):
        self.batch.append(message)

    def _collect(self, connection):
        """Wait for messages, and a moment for more."""
        wait = 1.0
        while len(self.batch) < BATCH:
            try:
                connection.drain_events(timeout=wait)
                wait = GATHER
            except TimeoutError:
                connection.heartbeat_check()
                return

    def _store(self) -> bool:
        """Store the batch, commit, acknowledge; false when the interface takes nothing now."""
        from odoo.addons.interop_hub.exceptions import Closed

        registry = Registry(self.dbname).check_signaling()
        with registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            interface = env["interop.interface"]._by_code(self.interface)
            try:
                if not interface:
                    raise Closed("interface.missing", "There is no such interface")
                interface._assert_open()
            except Closed as closed:
                _logger.info("interface %s is closed (%s): messages stay in the queue", self.interface, closed.code)
                return False
            requests = [(_bytes(message.body), message.content_type or "") for message in self.batch]
            env["interop.message"]._receive_many(interface, requests)
            cr.commit()
        for message in self.batch:
            message.ack()
        self.batch = []
        return True


def _bytes(body) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
