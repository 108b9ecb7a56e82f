"""Listeners: methods of Odoo models that are called with events, each in transactions of its own.

The listener's effects and the delivery's new state commit together, so an
event takes effect once. One listener failing touches no other, and no
webhook: listeners have their own lane.
"""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from psycopg2 import InterfaceError, OperationalError
from psycopg2.extensions import TransactionRollbackError

from odoo import api

from odoo.addons.interop_hub.drain import Drain, _as_interop_error
from odoo.addons.interop_hub.outcome import backoff

_logger = logging.getLogger(__name__)

BATCH = 100
MAX_ATTEMPTS = 10
RETRY_BASE, RETRY_CAP = 10.0, 3600.0


class Taken(NamedTuple):
    """One claimed delivery."""

    id: int
    event_id: int
    attempts: int
    subject: str
    uuid: str


class ListenerDrain(Drain):
    """Drains one slot of the listeners' lane."""

    def __init__(self, env, lane_id: int, slot: int, *, dedicated: bool = False):
        super().__init__(env, lane_id, slot)

    def _interfaces(self) -> list[dict]:
        """The listeners of this slot that may work now; none while the lane is paused or braked."""
        self.cr.rollback()  # a fresh snapshot
        self.cr.execute(
            """SELECT s.id, s.name AS code, s.ordering, s.company_id, l.parallelism
                 FROM interop_subscription s JOIN interop_lane l ON l.id = %s
                WHERE s.kind = 'listener' AND s.state = 'active' AND s.id %% l.parallelism = %s
                  AND l.active AND NOT COALESCE(l.paused, FALSE) AND %s < l.parallelism
                  AND EXISTS (SELECT FROM interop_delivery d WHERE d.subscription_id = s.id
                                 AND (d.state = 'pending' OR d.state = 'retry'
                                      AND d.next_attempt <= now() AT TIME ZONE 'UTC'))
                  AND NOT EXISTS (SELECT FROM ir_config_parameter WHERE key = 'interop_hub.brake' AND value <> '')
             ORDER BY s.id""",
            [self.lane_id, self.slot, self.slot],
        )
        return self.cr.dictfetchall()

    def _pending(self) -> bool:
        # A listener in order may have nothing but deliveries that wait behind a failed one: those do not count.
        pending = any(self._claim(row, lock=False) for row in self._interfaces())
        self.cr.rollback()
        return pending

    def _transaction(self, interface: dict) -> int:
        taken = self._claim(interface)
        if not taken:
            self.cr.rollback()
            return 0
        env = api.Environment(self.cr, api.SUPERUSER_ID, {"interop_listener": interface["id"]})
        stack, done, failed = [taken], [], []
        while stack:
            part = self._unblocked(interface, stack.pop(), failed)
            if not part:
                continue
            began = time.monotonic()
            try:
                with self.cr.savepoint():
                    model, method = env["interop.subscription"].browse(interface["id"])._listener()
                    getattr(model, method)(env["interop.event"].browse([row.event_id for row in part]))
                    env.flush_all()
            except (TransactionRollbackError, OperationalError, InterfaceError):
                raise
            except Exception as error:
                env.clear()
                if len(part) == 1:
                    failed.append((part[0], _as_interop_error(error, part[0].uuid)))
                else:
                    half = len(part) // 2
                    stack += [part[half:], part[:half]]
                continue
            milliseconds = int((time.monotonic() - began) * 1000 / len(part))
            done += [(row, milliseconds) for row in part]
        self._write(env, interface, done, failed)
        env.flush_all()
        env.clear()
        return len(done) + len(failed)

    def _unblocked(self, interface: dict, part: list[Taken], failed) -> list[Taken]:
        if interface["ordering"] != "subject" or not failed:
            return part
        blocked = {row.subject for row, _error in failed}
        return [row for row in part if row.subject not in blocked]

    def _claim(self, interface: dict, lock: bool = True) -> list[Taken]:
        self.cr.execute(
            f"""SELECT d.id, d.event_id, d.attempts, d.subject, e.uuid
                 FROM interop_delivery d JOIN interop_event e ON e.id = d.event_id
                WHERE d.id IN (
                   (SELECT id FROM interop_delivery WHERE subscription_id = %(id)s AND state = 'retry'
                       AND next_attempt <= now() AT TIME ZONE 'UTC' ORDER BY next_attempt LIMIT %(limit)s)
                   UNION ALL
                   (SELECT p.id FROM interop_delivery p
                     WHERE p.subscription_id = %(id)s AND p.state = 'pending'
                       AND NOT (%(ordered)s AND EXISTS (
                           SELECT FROM interop_delivery b
                            WHERE b.subscription_id = %(id)s AND b.subject = p.subject
                              AND b.state IN ('retry', 'failed') AND b.position < p.position))
                  ORDER BY p.position LIMIT %(limit)s))
             ORDER BY d.position LIMIT %(limit)s {"FOR NO KEY UPDATE OF d SKIP LOCKED" if lock else ""}""",
            {"id": interface["id"], "limit": BATCH, "ordered": interface["ordering"] == "subject"},
        )
        return [Taken(*row) for row in self.cr.fetchall()]

    def _write(self, env, interface: dict, done, failed) -> None:
        self.cr.execute(
            """UPDATE interop_delivery d SET state = 'delivered', attempts = d.attempts + 1, next_attempt = NULL,
                      error_code = NULL, milliseconds = v.milliseconds, done_at = clock_timestamp() AT TIME ZONE 'UTC'
                 FROM unnest(%s::int[], %s::int[]) AS v(id, milliseconds) WHERE d.id = v.id""",
            [[row.id for row, _ms in done], [milliseconds for _row, milliseconds in done]],
        )
        rows = []
        for row, error in failed:
            last = error.state != "retry" or row.attempts + 1 >= MAX_ATTEMPTS
            pause = None if last else backoff(row.attempts, RETRY_BASE, RETRY_CAP)
            rows.append((row.id, "failed" if last else "retry", row.attempts + 1, pause, error.code[:64]))
        if rows:
            self.cr.execute_values(
                """UPDATE interop_delivery d SET state = v.state, attempts = v.attempts, error_code = v.error,
                          next_attempt = now() AT TIME ZONE 'UTC' + make_interval(secs => v.pause::float8)
                     FROM (VALUES %s) AS v(id, state, attempts, pause, error) WHERE d.id = v.id""",
                rows,
                template="(%s, %s, %s, %s::float8, %s)",
            )
            self.cr.execute_values(
                "INSERT INTO interop_delivery_attempt (delivery_id, number, at, error_code, ambiguous) VALUES %s",
                [(row[0], row[2], row[4]) for row in rows],
                template="(%s, %s, clock_timestamp() AT TIME ZONE 'UTC', %s, FALSE)",
            )
        given_up = [error for (_row, error), written in zip(failed, rows, strict=True) if written[1] == "failed"]
        if given_up:
            record = env["interop.subscription"].browse(interface["id"])
            env["interop.exception"]._open(
                [
                    {
                        "type": "listener",
                        "key": f"{record.uuid}:{error.code}",
                        "name": env._("%(name)s failed: %(error)s", name=record.name, error=str(error)),
                        "company_id": (record.company_id or env.company).id,
                        "owner_id": record.owner_id.id,
                        "res_model": record._name,
                        "res_id": record.id,
                    }
                    for error in given_up
                ]
            )
        if done or failed:
            self.cr.execute(
                """INSERT INTO interop_subscription_health AS h (subscription_id, failures, last_success, last_failure,
                          last_error)
                   VALUES (%(id)s, %(failures)s, CASE WHEN %(good)s THEN now() AT TIME ZONE 'UTC' END,
                           CASE WHEN %(bad)s THEN now() AT TIME ZONE 'UTC' END, %(error)s)
                   ON CONFLICT (subscription_id) DO UPDATE
                      SET failures = CASE WHEN %(good)s THEN EXCLUDED.failures ELSE h.failures + EXCLUDED.failures END,
                          last_success = COALESCE(EXCLUDED.last_success, h.last_success),
                          last_failure = COALESCE(EXCLUDED.last_failure, h.last_failure),
                          last_error = COALESCE(EXCLUDED.last_error, h.last_error)""",
                {
                    "id": interface["id"],
                    "failures": len(failed),
                    "good": bool(done),
                    "bad": bool(failed),
                    "error": failed[-1][1].code[:64] if failed else None,
                },
            )
