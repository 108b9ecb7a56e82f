"""The relay: hands events out, and delivers them to receivers outside of Odoo.

One thread does the database work in sets (fan-out, claiming, recording); the
requests run in the endpoints' own threads. A slot of the lane owns the
subscriptions whose id leaves its number as remainder, and holds the slot's
lock while it works; so no delivery needs a claim in the database, and when a
process dies its lock goes with it and another one sends what was not recorded,
with the same ids.

``run`` is called by a scheduled action (and then waits for what is under way
before it gives the slot back), or again and again by a dedicated worker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import random
import time
from collections import deque
from typing import NamedTuple

from psycopg2.extensions import TransactionRollbackError

from odoo import api

from odoo.addons.interop_hub.drain import SERIALIZATION_TRIES, WAKE_FDS, Drain

from . import envelope, outbound
from .record import Recorder
from .sender import Job, Result

_logger = logging.getLogger(__name__)

#: So many deliveries per connection are claimed ahead.
AHEAD = 16
#: Seconds to collect results for one statement.
GATHER = 0.01
#: Seconds between looks at the receivers' settings and at silent connections.
LOOK = 1.0
#: Kinds of subscriptions that are served here, and what makes their endpoints.
SENDERS = {"webhook": outbound.webhook_endpoint, "broker": outbound.broker_endpoint}


class Flight(NamedTuple):
    """A delivery that was claimed."""

    delivery_id: int
    subscription_id: int
    event_id: int
    attempts: int
    subject: str


class Results(queue.SimpleQueue):
    """Results of sends; putting one also calls a dedicated worker that waits on :attr:`fd`."""

    def __init__(self):
        super().__init__()
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def put(self, result: Result) -> None:
        super().put(result)
        os.eventfd_write(self.fd, 1)

    def calm(self) -> None:
        """Take note of the calls so far."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)


class State:
    """What outlives one run in one process: endpoints with their threads and connections, and what is under way."""

    def __init__(self):
        self.endpoints: dict[int, outbound.Served] = {}
        self.results = Results()
        self.flights: dict[int, Flight] = {}
        self.waiting: dict[tuple[int, str], deque[tuple[Flight, Job]]] = {}
        self.unwritten: list[tuple[Flight, Result]] = []
        self.looked = 0.0


_states: dict[tuple[str, int, int], State] = {}


class RelayDrain(Drain):
    """Drains one slot of the lane that carries events.

    :param dedicated: whether the caller comes back until nothing is left
    """

    def __init__(self, env, lane_id: int, slot: int, *, dedicated: bool = False):
        super().__init__(env, lane_id, slot)
        self.dedicated = dedicated
        self.env = api.Environment(env.cr, api.SUPERUSER_ID, {"interop_own_slot": (lane_id, slot)})
        self.state = _states.setdefault((env.cr.dbname, lane_id, slot), State())
        self.recorder = Recorder(self.env)
        if dedicated:
            WAKE_FDS[self.state.results.fd] = (lane_id, slot)
        else:
            self.state.looked = 0.0  # the first thing a run does is to look at the settings

    # -- the loop ------------------------------------------------------------

    def _drain_until(self, deadline: float) -> bool:
        while True:
            # What is new goes out first: somebody waits for it, and nobody for our notes of what went out.
            moved = self._fan_out() + self._dispatch() if self._open() else 0
            moved += self._record()
            if time.monotonic() >= deadline:
                break
            if not moved:
                if not self.state.flights:
                    return False
                if self.dedicated:
                    return False  # a result calls the worker, which serves others and takes calls meanwhile
                self._gather(0.05)
        if not self.dedicated:
            self._land()
        return True

    def _land(self) -> None:
        """Wait for what is under way, so that whoever takes the slot next does not send it twice."""
        longest = max((served.config.timeout for served in self.state.endpoints.values()), default=0)
        deadline = time.monotonic() + longest + 5
        self._forget_waiting()
        while self.state.flights and time.monotonic() < deadline:
            self._gather(0.1)
            self._record()
        self.state.flights.clear()

    def _forget_waiting(self) -> None:
        """Give back what was claimed and not yet begun: it is still waiting in the database."""
        for subscription_id in self.state.endpoints:
            self._recall(subscription_id)

    def _recall(self, subscription_id: int) -> None:
        """Give back what was claimed for one subscription and not yet begun."""
        outbound.recall(self.state, subscription_id)

    def _open(self) -> bool:
        """Whether the lane may work: not paused, no brake."""
        self.cr.rollback()  # a fresh snapshot
        self.cr.execute(
            """SELECT EXISTS (SELECT FROM interop_lane l
                       WHERE l.id = %s AND l.active AND NOT COALESCE(l.paused, FALSE) AND %s < l.parallelism
                         AND NOT EXISTS (SELECT FROM ir_config_parameter
                                          WHERE key = 'interop_hub.brake' AND value <> ''))""",
            [self.lane_id, self.slot],
        )
        return self.cr.fetchone()[0]

    def _pending(self) -> bool:
        """Whether there is something to do now. Receivers with something under way call when it is through."""
        if not self.state.results.empty():
            return True
        if not self._open():
            return False
        self.cr.execute(
            """SELECT %(first)s AND EXISTS (SELECT FROM interop_event WHERE position IS NULL)
                   OR EXISTS (SELECT FROM interop_subscription s JOIN interop_lane l ON l.id = %(lane)s
                           LEFT JOIN interop_subscription_health h ON h.subscription_id = s.id
                               WHERE s.state = 'active' AND s.kind = ANY(%(kinds)s)
                                 AND s.id %% l.parallelism = %(slot)s AND s.id <> ALL(%(busy)s)
                                 AND COALESCE(h.blocked_until, '-infinity') <= now() AT TIME ZONE 'UTC'
                                 AND EXISTS (
                                     SELECT FROM interop_delivery d
                                      WHERE d.subscription_id = s.id AND d.state = 'pending'
                                        AND NOT (s.ordering = 'subject' AND EXISTS (
                                            SELECT FROM interop_delivery b
                                             WHERE b.subscription_id = s.id AND b.subject = d.subject
                                               AND b.state IN ('retry', 'failed') AND b.position < d.position))))""",
            {
                "first": self.slot == 0,
                "lane": self.lane_id,
                "kinds": list(SENDERS),
                "slot": self.slot,
                "busy": list({flight.subscription_id for flight in self.state.flights.values()}),
            },
        )
        pending = self.cr.fetchone()[0]
        self.cr.rollback()
        return pending

    def _again(self, work):
        """Run a transaction; one that loses against another is run again, and gives None when it loses too often."""
        for attempt in range(SERIALIZATION_TRIES):
            try:
                done = work()
                self.env.flush_all()
                self.cr.commit()
                self.env.clear()
                return done
            except TransactionRollbackError:
                self.cr.rollback()
                self.env.clear()
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        return None

    # -- fan-out -------------------------------------------------------------

    def _fan_out(self) -> int:
        if self.slot:
            return 0
        return self._again(self.env["interop.event"]._fan_out) or 0

    # -- claiming and sending ------------------------------------------------

    def _dispatch(self) -> int:
        """Claim as much as the endpoints can take, and give it to them."""
        self._look()
        free = self._free()
        if not free:
            self.cr.rollback()
            return 0
        flights = self._claim_deliveries(free)
        if not flights:
            self.cr.rollback()
            return 0
        events = self.env["interop.event"]._load({flight.event_id for flight in flights})
        source = self.env["interop.event"]._source()
        self.cr.rollback()
        rendered: dict[tuple, envelope.Envelope] = {}
        for flight in flights:
            served = self.state.endpoints[flight.subscription_id]
            render = envelope.render_message if served.config.kind == "broker" else envelope.render
            form = (flight.event_id, render, served.config.mode, served.config.with_data)
            if form not in rendered:
                rendered[form] = render(events[flight.event_id], form[2], source, form[3])
            self._give(served, flight, events[flight.event_id], rendered[form])
        return len(flights)

    def _give(self, served, flight: Flight, event: envelope.Event, body: envelope.Envelope) -> None:
        """Hand a delivery to its endpoint, or keep it until its predecessor of the same subject arrived."""
        self.state.flights[flight.delivery_id] = flight
        headers = {"Content-Type": body.content_type, **body.headers}
        job = Job(flight.delivery_id, event.uuid, body.body, headers, event.type)
        if served.config.ordered:
            key = (flight.subscription_id, flight.subject)
            if key in self.state.waiting:
                self.state.waiting[key].append((flight, job))
                return
            self.state.waiting[key] = deque()
        served.endpoint.submit(job)

    def _look(self) -> None:
        """Every second: follow changed settings, and cut attempts that are over their time."""
        now = time.monotonic()
        if now - self.state.looked < LOOK:
            return
        self.state.looked = now
        outbound.follow(self.env, self.state, self.lane_id, self.slot, SENDERS)
        for served in self.state.endpoints.values():
            served.endpoint.shut_overdue()

    def _free(self) -> list[tuple[int, int, bool]]:
        """(subscription, how many more deliveries it can take, whether in order) of those that may send now."""
        if not self.state.endpoints:
            return []
        self.cr.execute(
            """SELECT s.id, COALESCE(h.failures, 0) FROM interop_subscription s
            LEFT JOIN interop_subscription_health h ON h.subscription_id = s.id
                WHERE s.id = ANY(%s) AND s.state = 'active'
                  AND COALESCE(h.blocked_until, '-infinity') <= now() AT TIME ZONE 'UTC'""",
            [list(self.state.endpoints)],
        )
        busy: dict[int, int] = {}
        for flight in self.state.flights.values():
            busy[flight.subscription_id] = busy.get(flight.subscription_id, 0) + 1
        free = []
        for subscription_id, failures in self.cr.fetchall():
            config = self.state.endpoints[subscription_id].config
            room = self.recorder.room(failures, config.parallel * AHEAD)
            room -= busy.get(subscription_id, 0)
            # A claim is worth its query when a good part of the room is empty.
            if room > 0 and (room >= config.parallel * AHEAD // 2 or not busy.get(subscription_id)):
                free.append((subscription_id, room, config.ordered))
        return free

    def _claim_deliveries(self, free) -> list[Flight]:
        """The next deliveries of each subscription, oldest first; nothing is written."""
        self.cr.execute(
            """SELECT d.id, s.id, d.event_id, d.attempts, d.subject
                 FROM unnest(%(ids)s::int[], %(room)s::int[], %(ordered)s::bool[]) AS s(id, room, ordered)
           CROSS JOIN LATERAL (
                   SELECT * FROM (
                       (SELECT id, event_id, attempts, subject, position FROM interop_delivery
                         WHERE subscription_id = s.id AND state = 'retry'
                           AND next_attempt <= now() AT TIME ZONE 'UTC' AND id <> ALL(%(mine)s)
                      ORDER BY next_attempt LIMIT s.room)
                       UNION ALL
                       (SELECT id, event_id, attempts, subject, position FROM interop_delivery p
                         WHERE subscription_id = s.id AND state = 'pending' AND id <> ALL(%(mine)s)
                           AND NOT (s.ordered AND EXISTS (
                               SELECT FROM interop_delivery b
                                WHERE b.subscription_id = s.id AND b.subject = p.subject
                                  AND b.state IN ('retry', 'failed') AND b.position < p.position))
                      ORDER BY position LIMIT s.room)) due
                ORDER BY position LIMIT s.room) d
             ORDER BY d.position""",
            {
                "ids": [row[0] for row in free],
                "room": [row[1] for row in free],
                "ordered": [row[2] for row in free],
                "mine": list(self.state.flights),
            },
        )
        return [Flight(*row) for row in self.cr.fetchall()]

    # -- results -------------------------------------------------------------

    def _gather(self, seconds: float) -> bool:
        """Wait for a result, and a moment for more, as they are written together; return whether there is one."""
        try:
            first = self.state.results.get(timeout=seconds)
        except queue.Empty:
            return False
        self._arrived(first)
        time.sleep(GATHER)
        return True

    def _arrived(self, result: Result) -> None:
        flight = self.state.flights.get(result.delivery_id)
        if flight is None or (flight.subscription_id != result.subscription_id):
            return  # given up meanwhile
        self.state.unwritten.append((flight, result))
        self._next_of(flight, not result.error)

    def _next_of(self, flight: Flight, arrived: bool) -> None:
        """Send the follower of a delivery of the same subject; after a failure its followers stay where they are."""
        key = (flight.subscription_id, flight.subject)
        chain = self.state.waiting.get(key)
        if chain is None:
            return
        served = self.state.endpoints.get(flight.subscription_id)
        if not arrived or not chain or served is None:
            del self.state.waiting[key]
            for follower, _job in chain:
                self.state.flights.pop(follower.delivery_id, None)
            return
        served.endpoint.submit(chain.popleft()[1])

    def _record(self) -> int:
        """Write what came back, in one transaction."""
        self.state.results.calm()
        while True:
            try:
                self._arrived(self.state.results.get_nowait())
            except queue.Empty:
                break
        batch = self.state.unwritten
        if not batch:
            return 0
        self.cr.rollback()
        configs = {subscription_id: served.config for subscription_id, served in self.state.endpoints.items()}
        resting = self._again(lambda: self.recorder.write(batch, configs))
        if resting is not None:
            for flight, _result in batch:
                self.state.flights.pop(flight.delivery_id, None)
            self.processed += len(batch)
            self.state.unwritten = []
            for subscription_id in resting & self.state.endpoints.keys():
                self._recall(subscription_id)
            return len(batch)
        return 0
