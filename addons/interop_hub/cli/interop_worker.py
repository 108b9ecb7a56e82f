"""``odoo interop_worker``: drain lanes in a process of its own, woken within milliseconds."""

import logging
import os
import select
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

TICK = 5.0  #: seconds after which due retries and new slots are looked for, without any wake-up
RECONNECT = 2.0  #: seconds between tries when the database is away


class InteropWorker(Command):
    """Drain lanes of one database in a dedicated process.

    While it runs, the scheduled actions of the lanes that it serves stand by;
    they take over as soon as it is gone. Any number may run, on any node: each
    slot of a lane is served by the first that takes it.
    """

    name = "interop_worker"

    def run(self, args):
        """Parse the options, serve until SIGTERM or SIGINT."""
        parser = self.parser
        parser.add_argument("--lanes", default="", help="codes of the lanes to serve, by comma; default: all")
        own, rest = parser.parse_known_args(args)
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("interop_worker: name one database with -d, or as db_name in the configuration")
        server.load_server_wide_modules()
        lanes = [code.strip() for code in own.lanes.split(",") if code.strip()]
        Worker(config["db_name"][0], lanes).serve()


class Worker:
    """The serving loop.

    :param dbname: the database
    :param lanes: codes of lanes, empty for all
    """

    def __init__(self, dbname: str, lanes: list[str]):
        self.dbname = dbname
        self.lanes = lanes
        self.stopping = False

    def stop(self, *_args):
        """Finish the running set, then end."""
        self.stopping = True

    def serve(self):
        """Serve until stopped; a lost database is waited for."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        self.signal_read, signal_write = os.pipe()
        os.set_blocking(signal_write, False)
        os.set_blocking(self.signal_read, False)
        signal.set_wakeup_fd(signal_write, warn_on_full_buffer=False)
        while not self.stopping:
            try:
                with Registry(self.dbname).cursor() as cr, Registry(self.dbname).cursor() as ears:
                    self._serve_connected(cr, ears)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                _logger.warning("database away (%s), trying again", type(error).__name__)
                sql_db.close_db(self.dbname)
                self._pause(RECONNECT)
        _logger.info("stopped")

    def _serve_connected(self, cr, ears):
        connection = ears._cnx
        ears.execute("LISTEN interop_lane")
        ears.commit()
        served = {}
        look_around = 0.0
        _logger.info("serving database %s", self.dbname)
        while not self.stopping:
            if time.monotonic() >= look_around:
                Registry(self.dbname).check_signaling()
                self._take_slots(ears, served)
                look_around = time.monotonic() + TICK
                calls = set(served)
            left = set()
            for slot in sorted(calls & served.keys(), key=served.get):
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                # Short turns, so that a realtime slot never waits long behind a batch slot.
                if env["interop.lane.slot"]._drain_of(*slot, dedicated=True).run(0.5):
                    left.add(slot)
                if self.stopping:
                    return
            calls = left | self._listen(connection, 0 if left else max(look_around - time.monotonic(), 0))

    def _take_slots(self, ears, served: dict):
        """Take the slots nobody serves; ``served`` maps (lane, slot) to its rank."""
        from odoo.addons.interop_hub.locks import WORKER, lock_number

        ears.execute(
            """SELECT s.lane_id, s.number, l.sequence FROM interop_lane_slot s JOIN interop_lane l ON l.id = s.lane_id
                WHERE l.active AND s.number < l.parallelism AND (%s OR l.code = ANY(%s))
             ORDER BY CASE l.latency_class WHEN 'realtime' THEN 0 WHEN 'standard' THEN 1 ELSE 2 END, s.id""",
            [not self.lanes, self.lanes],
        )
        wanted = {(lane_id, number): rank for rank, (lane_id, number, _sequence) in enumerate(ears.fetchall())}
        for slot in wanted.keys() - served.keys():
            ears.execute("SELECT pg_try_advisory_lock(%s, %s)", [WORKER, lock_number(*slot)])
            if ears.fetchone()[0]:
                served[slot] = wanted[slot]
                _logger.info("serving lane %s, slot %s", *slot)
        for slot in served.keys() - wanted.keys():
            ears.execute("SELECT pg_advisory_unlock(%s, %s)", [WORKER, lock_number(*slot)])
            del served[slot]
        ears.commit()

    def _listen(self, connection, timeout: float) -> set[tuple[int, int]]:
        """Wait for wake-ups; return the slots that were called."""
        from odoo.addons.interop_hub.drain import WAKE_FDS

        connection.poll()
        ready, _write, _error = select.select(
            [connection, self.signal_read, *WAKE_FDS], [], [], 0 if connection.notifies else timeout
        )
        connection.poll()
        self._drain_signals()
        calls = {WAKE_FDS[fd] for fd in ready if fd in WAKE_FDS}
        while connection.notifies:
            lane_id, _colon, number = connection.notifies.pop().payload.partition(":")
            if lane_id.isdigit() and number.isdigit():
                calls.add((int(lane_id), int(number)))
        return calls

    def _pause(self, seconds: float):
        if not self.stopping:
            select.select([self.signal_read], [], [], seconds)
            self._drain_signals()

    def _drain_signals(self):
        try:
            while os.read(self.signal_read, 64):
                pass
        except BlockingIOError:
            pass
