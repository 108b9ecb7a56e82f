"""Draining one slot of a lane: claim a set, process it, commit, look again.

A set belongs to one interface and is applied in one transaction together with
the new states of its messages. A crash rolls everything back to ``received``,
so there is nothing to repair afterwards.
"""

from __future__ import annotations

import logging
import random
import time
from contextlib import contextmanager
from typing import NamedTuple

from psycopg2 import IntegrityError, InterfaceError, OperationalError
from psycopg2.extensions import TransactionRollbackError

from odoo import api
from odoo.exceptions import UserError

from .exceptions import InteropError, NeedsPerson, Permanent, Retryable, SetFailed
from .locks import DRAIN, WORKER, lock_number
from .outcome import Outcomes
from .states import BLOCKING

_logger = logging.getLogger(__name__)

SERIALIZATION_TRIES = 6
INTEGRITY_TRIES = 2
#: File descriptors on which a dedicated worker waits as well, and the slot (lane id, number) that each one calls.
WAKE_FDS: dict[int, tuple[int, int]] = {}
#: Code of errors that nobody foresaw.
PROGRAM_ERROR = "program.error"


class Latency(NamedTuple):
    """What a latency class means for the scheduled actions of its lanes."""

    priority: int  #: of the scheduled action, 0 is first
    budget: float  #: seconds of one run before others get their turn


LATENCY = {"realtime": Latency(0, 20.0), "standard": Latency(3, 6.0), "batch": Latency(9, 3.0)}


class Claimed(NamedTuple):
    """One claimed message, as the drain needs it."""

    id: int
    ordering_key: str | None
    attempts: int
    uuid: str


class Drain:
    """Drains one slot of one lane with the environment's cursor.

    :param env: an environment whose cursor may be committed
    :param lane_id: the lane
    :param slot: number of the slot
    """

    def __init__(self, env, lane_id: int, slot: int):
        self.env = env
        self.cr = env.cr
        self.lane_id = lane_id
        self.slot = slot
        self.processed = 0
        self._tries = 0

    # -- locks ---------------------------------------------------------------

    def worker_present(self) -> bool:
        """Whether a dedicated worker serves this slot, so that scheduled actions stand by."""
        self.cr.execute(
            "SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [WORKER, lock_number(self.lane_id, self.slot)]
        )
        present = not self.cr.fetchone()[0]
        self.cr.rollback()
        return present

    @contextmanager
    def _slot_lock(self):
        """Hold the slot; gives False when somebody else drains it."""
        key = [DRAIN, lock_number(self.lane_id, self.slot)]
        got = self._try_lock(key)
        try:
            if got:
                self._answer_call()
            yield got
        finally:
            if got and not self.cr.closed and not self.cr._cnx.closed:
                self.cr.rollback()
                self.cr.execute("SELECT pg_advisory_unlock(%s, %s)", key)
                self.cr.commit()

    def _try_lock(self, key: list[int]) -> bool:
        for _attempt in range(5):  # a door may hold it shared for a moment
            self.cr.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            got = self.cr.fetchone()[0]
            self.cr.rollback()
            if got:
                return True
            time.sleep(0.005)
        return False

    def _answer_call(self) -> None:
        """Note that somebody has come, so that the next message calls again."""
        for _attempt in range(SERIALIZATION_TRIES):
            try:
                self.cr.execute(
                    "UPDATE interop_lane_slot SET woken_at = NULL"
                    " WHERE lane_id = %s AND number = %s AND woken_at IS NOT NULL",
                    [self.lane_id, self.slot],
                    log_exceptions=False,
                )
                self.cr.commit()
                return
            except TransactionRollbackError:
                self.cr.rollback()

    # -- the loop ------------------------------------------------------------

    def run(self, budget: float) -> bool:
        """Drain until nothing is due or ``budget`` seconds have passed.

        :return: whether work is left behind
        """
        deadline = time.monotonic() + budget
        while True:
            with self._slot_lock() as mine:
                if not mine:
                    return False  # its holder looks again after letting go
                if self._drain_until(deadline):
                    return True
            # The door skips the wake-up while the slot is held: look once more without it.
            if not self._pending():
                return False
            if time.monotonic() >= deadline:
                return True

    def _drain_until(self, deadline: float) -> bool:
        while interfaces := self._interfaces():
            worked = 0
            for interface in interfaces:
                worked += self.drain_once(interface)
                if time.monotonic() >= deadline:
                    return True
            if not worked:
                return False
        return False

    def _pending(self) -> bool:
        interfaces = self._interfaces()
        if not interfaces:
            return False
        self.cr.execute(
            """SELECT EXISTS (SELECT FROM interop_message
                       WHERE interface_id = ANY(%s) AND state = 'received' AND partition %% %s = %s)""",
            [[row["id"] for row in interfaces], interfaces[0]["parallelism"], self.slot],
        )
        pending = self.cr.fetchone()[0]
        self.cr.rollback()
        return pending

    def _interfaces(self) -> list[dict]:
        """Interfaces of the lane that may work now, in turn; none while it is paused or braked."""
        self.cr.rollback()  # a fresh snapshot
        self.cr.execute(
            """SELECT i.id, i.code, i.company_id, i.ordering, i.max_attempts, i.retry_base, i.retry_cap,
                      l.parallelism, l.batch_size
                 FROM interop_interface i JOIN interop_lane l ON l.id = i.lane_id
                WHERE l.id = %s AND l.active AND NOT COALESCE(l.paused, FALSE) AND i.state = 'active'
                  AND %s < l.parallelism
                  AND NOT EXISTS (SELECT FROM ir_config_parameter
                                   WHERE key = 'interop_hub.brake' AND value <> '')
             ORDER BY i.id""",
            [self.lane_id, self.slot],
        )
        return self.cr.dictfetchall()

    def drain_once(self, interface: dict) -> int:
        """Claim and process one set of one interface, in one transaction; return how many messages it moved.

        :raises OperationalError: when the database cannot be used any more
        """
        for self._tries in range(SERIALIZATION_TRIES):
            try:
                taken = self._transaction(interface)
                self.cr.commit()
                self.processed += taken
                return taken
            except (TransactionRollbackError, IntegrityError) as error:
                # Another transaction was faster somewhere: a new snapshot sees what it wrote.
                self.cr.rollback()
                self.env.clear()
                _logger.info("interface %s: set repeated after %s", interface["code"], type(error).__name__)
                time.sleep(random.uniform(0, 0.01 * 2**self._tries))
        _logger.warning("interface %s: set put off, other transactions keep changing the same rows", interface["code"])
        return 0

    def _transaction(self, interface: dict) -> int:
        claimed = self._claim(interface)
        if not claimed:
            self.cr.rollback()
            return 0
        started = time.monotonic()
        outcomes = Outcomes(self.cr, interface)
        todo = self._in_turn(interface, claimed, outcomes)
        env = api.Environment(self.cr, api.SUPERUSER_ID, {"allowed_company_ids": [interface["company_id"]]})
        self._process(env, interface, todo, outcomes)
        env.flush_all()
        outcomes.write(env, (time.monotonic() - started) * 1000)
        env.flush_all()
        env.clear()
        return len(todo) + len(outcomes.held)

    def _claim(self, interface: dict) -> list[Claimed]:
        claimed = []
        for condition in ("state = 'retry' AND next_attempt <= now() AT TIME ZONE 'UTC'", "state = 'received'"):
            self.cr.execute(
                f"""SELECT id, ordering_key, attempts, uuid FROM interop_message
                     WHERE interface_id = %s AND {condition} AND partition %% %s = %s
                  ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                [interface["id"], interface["parallelism"], self.slot, interface["batch_size"] - len(claimed)],
            )
            claimed += [Claimed(*row) for row in self.cr.fetchall()]
        return sorted(claimed)

    def _in_turn(self, interface: dict, claimed: list[Claimed], outcomes: Outcomes) -> list[Claimed]:
        """Leave out messages whose turn has not come: an older one of the same key waits elsewhere."""
        keys = list({message.ordering_key for message in claimed if message.ordering_key})
        if interface["ordering"] != "key" or not keys:
            return claimed
        self.cr.execute(
            """SELECT ordering_key, id, state FROM interop_message
                WHERE ordering_key = ANY(%s)
                  AND state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')""",
            [keys],
        )
        mine = {message.id for message in claimed}
        blockers: dict[str, tuple[int, bool]] = {}
        for key, message_id, state in self.cr.fetchall():
            if state == "held":
                outcomes.keys_with_held.add(key)
            if message_id in mine:
                continue
            oldest = blockers.get(key)
            if oldest is None or message_id < oldest[0]:
                # Behind a failure or another held one it is held; behind one that somebody works on it just waits.
                blockers[key] = (message_id, state in BLOCKING or state == "held")
        todo = []
        for message in claimed:
            blocker = blockers.get(message.ordering_key)
            if blocker is None or blocker[0] > message.id:
                todo.append(message)
            elif blocker[1]:
                outcomes.hold(message)
        return todo

    # -- processing ----------------------------------------------------------

    def _process(self, env, interface: dict, todo: list[Claimed], outcomes: Outcomes) -> None:
        """Process ``todo`` in order as one set; when it fails, narrow down until the culprit stands alone."""
        stack = [todo]
        while stack:
            part = [message for message in stack.pop() if not outcomes.is_blocked(message)]
            if not part:
                continue
            try:
                with self.cr.savepoint():
                    self._handle(env, interface, part)
                    env.flush_all()
            except SetFailed as failed:
                env.clear()
                by_id = {message.id: message for message in part}
                known = {i: e for i, e in failed.failures.items() if i in by_id}
                if not known:
                    raise
                for message_id, error in known.items():
                    outcomes.fail(by_id[message_id], error)
                stack.append([message for message in part if message.id not in known])
                continue
            except (TransactionRollbackError, OperationalError, InterfaceError):
                raise
            except Exception as error:
                env.clear()
                if isinstance(error, IntegrityError) and self._tries < INTEGRITY_TRIES:
                    raise  # perhaps another transaction was first: look again with a new snapshot
                if len(part) == 1:
                    outcomes.fail(part[0], _as_interop_error(error, part[0].uuid))
                else:
                    half = len(part) // 2
                    stack += [part[half:], part[:half]]
                continue
            outcomes.succeed(part)

    def _handle(self, env, interface: dict, part: list[Claimed]) -> None:
        record = env["interop.interface"].browse(interface["id"])
        messages = env["interop.message"].browse([message.id for message in part])
        record._handler()._process(record, messages)


def _as_interop_error(error: Exception, uuid: str) -> InteropError:
    """Classify what a handler raised; the text never repeats values of the message."""
    if isinstance(error, InteropError):
        return error
    name = type(error).__name__
    place = _place(error)
    _logger.error("message %s: unexpected %s at %s", uuid, name, place)
    if isinstance(error, UserError):
        return NeedsPerson("odoo.refused", f"Odoo refused the change ({name})", place, exception_type="other")
    if isinstance(error, (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError)):
        return Permanent(PROGRAM_ERROR, f"Unexpected {name} while processing", place)
    return Retryable(PROGRAM_ERROR, f"Unexpected {name} while processing", place)


def _place(error: Exception) -> str:
    """File and line where an exception was raised, without any values."""
    traceback = error.__traceback__
    place = ""
    while traceback:
        code = traceback.tb_frame.f_code
        if "addons" in code.co_filename or not place:
            place = f"{code.co_filename.rsplit('addons/', 1)[-1]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
