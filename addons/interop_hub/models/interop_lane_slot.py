import logging

from psycopg2 import InterfaceError, OperationalError

from odoo import api, fields, models

from .. import postbox
from ..drain import LATENCY, Drain
from ..locks import DRAIN, WORKER, lock_number

_logger = logging.getLogger(__name__)
_NOT_WOKEN = "lane could not be woken: the database did not answer"


class InteropLaneSlot(models.Model):
    """One share of a lane, drained by one worker at a time.

    Whoever drains a slot holds its advisory lock and, after letting go, looks
    once more for work. The door, after its commit, wakes somebody only when
    that lock is free; so no message is left without anybody coming for it.
    """

    _name = "interop.lane.slot"
    _description = "Lane Slot"
    _order = "lane_id, number"

    lane_id = fields.Many2one("interop.lane", required=True, ondelete="cascade", index=True)
    number = fields.Integer(required=True)
    cron_id = fields.Many2one("ir.cron", ondelete="set null", index=True)
    woken_at = fields.Datetime(help="A worker was called and has not come yet")

    _number_unique = models.UniqueIndex("(lane_id, number)")

    def _sync_crons(self):
        """Create the missing scheduled actions and set all of them as their lane asks."""
        without = self.filtered(lambda slot: not slot.cron_id)
        model = self.env["ir.model"]._get("interop.lane.slot")
        root = self.env.ref("base.user_root")
        crons = (
            self.env["ir.cron"]
            .sudo()
            .create(
                [
                    {
                        "name": "Lane",
                        "model_id": model.id,
                        "state": "code",
                        "code": f"model.browse({slot.id})._run()",
                        "interval_number": 1,
                        "interval_type": "minutes",
                        "user_id": root.id,
                    }
                    for slot in without
                ]
            )
        )
        for slot, cron in zip(without, crons, strict=True):
            slot.cron_id = cron
        for slot in self:
            lane = slot.lane_id
            slot.cron_id.sudo().write(
                {
                    "name": f"Interoperability lane: {lane.name} ({slot.number + 1}/{max(lane.parallelism, 1)})",
                    "priority": LATENCY[lane.latency_class].priority,
                    "active": lane.active and slot.number < lane.parallelism,
                }
            )

    def _run(self):
        """Drain this slot within the lane's time budget; called by its scheduled action."""
        self.ensure_one()
        drain = self._drain_of(self.lane_id.id, self.number)
        if drain.worker_present():
            return
        if drain.run(self.lane_id._budget()):
            self.cron_id._trigger()

    @api.model
    def _drain_of(self, lane_id: int, number: int, *, dedicated: bool = False) -> Drain:
        """What drains a slot; addons whose lanes carry something else return their own.

        :param dedicated: a dedicated worker asks, which comes back to the slot until nothing is left
        """
        return Drain(self.env, lane_id, number)

    @api.model
    def _wake_after_commit(self, lane_id: int, numbers: list[int]):
        cr = self.env.cr
        pending = cr.postcommit.data.setdefault("interop_wake", {})
        if not pending:

            def wake():
                calls = dict(pending)
                pending.clear()
                _wake(cr, calls)

            cr.postcommit.add(wake)
        pending.setdefault(lane_id, set()).update(numbers)

    @api.model
    def _wake_apart(self, lane_id: int, numbers: set[int]):
        """Call a worker for messages that were committed apart, when this transaction ends, whichever way."""
        cr, ir_cron = self.env.cr, self.env["ir.cron"]
        calls = {lane_id: numbers}

        def wake():
            try:
                if calls and postbox.post(cr.dbname, lambda box: wake_now(box, calls)):
                    ir_cron._notifydb()
            except (OperationalError, InterfaceError):
                _logger.warning(_NOT_WOKEN)
            calls.clear()

        cr.postcommit.add(wake)
        cr.postrollback.add(wake)


#: What has to be done for a slot; one cheap look, as most calls find that nothing has. Nothing while somebody
#: drains the slot (who looks again before going) or was called already; 1 when scheduled actions have to be
#: called; 2 when a dedicated worker serves the slot, which is told here.
_LOOK = """
    SELECT CASE WHEN pg_try_advisory_xact_lock_shared(%s, %s) THEN
                CASE WHEN NOT pg_try_advisory_xact_lock_shared(%s, %s)
                     THEN CASE WHEN pg_notify('interop_lane', %s) IS NOT NULL THEN 2 END
                     WHEN (SELECT woken_at IS NULL OR woken_at < now() AT TIME ZONE 'UTC' - interval '5 seconds'
                             FROM interop_lane_slot WHERE lane_id = %s AND number = %s)
                     THEN 1 END END
"""
_CALL = """
    WITH called AS (
             UPDATE interop_lane_slot SET woken_at = now() AT TIME ZONE 'UTC'
              WHERE lane_id = %s AND number = %s
                AND (woken_at IS NULL OR woken_at < now() AT TIME ZONE 'UTC' - interval '5 seconds')
          RETURNING cron_id)
    INSERT INTO ir_cron_trigger (cron_id, call_at, create_date)
    SELECT cron_id, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' FROM called WHERE cron_id IS NOT NULL
    RETURNING 1
"""


def _wake(cr, calls: dict[int, set[int]]):
    """Call a worker for slots nobody drains now; runs right after a commit, on its connection.

    :param calls: ``{lane id: slot numbers}``
    """
    connection = cr._cnx
    try:
        # Without a transaction around it, and so read committed: two doors that call at once do not collide.
        connection.autocommit = True
        if wake_now(cr, calls):
            api.Environment(cr, api.SUPERUSER_ID, {})["ir.cron"]._notifydb()
    except (OperationalError, InterfaceError):
        # The message is committed; the lane's own schedule finds it within a minute.
        _logger.warning(_NOT_WOKEN)
    finally:
        if not connection.closed:
            connection.autocommit = False


def wake_now(cr, calls: dict[int, set[int]]) -> bool:
    """Call a worker for slots nobody drains now, for messages that are committed.

    :param cr: a cursor in autocommit, or a :class:`postbox.Postbox`
    :param calls: ``{lane id: slot numbers}``
    :return: whether the cron workers have to be told
    """
    called = [_wake_slot(cr, lane_id, number) for lane_id, numbers in calls.items() for number in numbers]
    return any(called)


def _wake_slot(cr, lane_id: int, number: int) -> bool:
    """Wake whoever drains one slot; return whether the cron workers have to be told."""
    lock = lock_number(lane_id, number)
    look = getattr(cr, "execute_prepared", cr.execute)
    look(_LOOK, [DRAIN, lock, WORKER, lock, f"{lane_id}:{number}", lane_id, number])
    if cr.fetchall()[0][0] != 1:
        return False
    cr.execute(_CALL, [lane_id, number])
    return bool(cr.fetchall())
