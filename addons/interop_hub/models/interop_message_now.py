import time

from odoo import api, models

from ..contract import Inbound, Now
from ..drain import PROGRAM_ERROR, Claimed, Drain
from ..exceptions import Permanent, Rejected
from ..inbox import store
from ..outcome import Outcomes
from ..states import sources


class InteropMessage(models.Model):
    _inherit = "interop.message"

    @api.model
    def _receive_now(self, interface, inbound: Inbound) -> Now:
        """Store one identified message and process it at once, in the caller's transaction.

        For senders that wait for the result. It is the same inbox as every other
        message's: stored, recognised when it comes again, classified when it fails,
        replayed by a person. The caller answers with a response, not by raising, as
        that would roll the message back.

        :param interface: the interface that it came in by
        :param inbound: the message; with ``error`` set it is only stored, as rejected
        :return: what became of it. Behind an open message of the same ordering key it
            is left to the lane, so that the order is kept.
        :raises IntegrityError: when another transaction was faster; the request is run again
        """
        row = interface.sudo()._row()
        accepted = store(self.env.cr, row, [inbound])[0]
        now = Now(
            accepted.status, accepted.state, accepted.message_id, accepted.uuid, None, accepted.acknowledgement or b""
        )
        if accepted.status != "new":
            return now
        if inbound.error:
            now.error = inbound.error
            return now
        claimed = self._claim_now(accepted.message_id)
        if self._waits_for_others(claimed):
            interface.sudo().lane_id._wake_after_commit()
            return now
        return self._process_now(interface.sudo(), claimed, now)

    @api.model
    def _claim_now(self, message_id: int) -> Claimed:
        self.env.cr.execute("SELECT id, ordering_key, attempts, uuid FROM interop_message WHERE id = %s", [message_id])
        return Claimed(*self.env.cr.fetchone())

    @api.model
    def _waits_for_others(self, claimed: Claimed) -> bool:
        if not claimed.ordering_key:
            return False
        self.env.cr.execute(
            """SELECT EXISTS (
                   SELECT FROM interop_message WHERE ordering_key = %s AND id < %s
                      AND state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead'))""",
            [claimed.ordering_key, claimed.id],
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _process_now(self, interface, claimed: Claimed, now: Now) -> Now:
        values = interface._row() | {
            "code": interface.code,
            "max_attempts": interface.max_attempts,
            "retry_base": interface.retry_base,
            "retry_cap": interface.retry_cap,
        }
        self.env.flush_all()  # a failed set clears what is pending
        started = time.monotonic()
        outcomes = Outcomes(self.env.cr, values)
        env = self.env(su=True, context=dict(self.env.context, allowed_company_ids=interface.company_id.ids))
        Drain(env, interface.lane_id.id, 0)._process(env, values, [claimed], outcomes)
        now.error = error = outcomes.failed.get(claimed)
        if isinstance(error, (Permanent, Rejected)) and error.code != PROGRAM_ERROR:
            # The sender is there to be told: nobody else has to look at it.
            outcomes.failed.clear()
            self._reject(claimed.id, error)
        outcomes.write(env, (time.monotonic() - started) * 1000)
        env.flush_all()
        self.env.cr.execute("SELECT state FROM interop_message WHERE id = %s", [claimed.id])
        now.state = self.env.cr.fetchone()[0]
        self.browse(claimed.id).invalidate_recordset(flush=False)
        return now

    @api.model
    def _reject(self, message_id: int, error) -> None:
        self.env.cr.execute(
            """UPDATE interop_message
                  SET state = 'rejected', attempts = attempts + 1, error_class = 'rejected', error_code = %s,
                      error_text = %s, done_at = clock_timestamp() AT TIME ZONE 'UTC'
                WHERE id = %s AND state = ANY(%s)""",
            [error.code, str(error), message_id, list(sources("rejected"))],
        )

    @api.model
    def _remember(self, message_id: int, acknowledgement: bytes) -> None:
        self.env.cr.execute(
            "UPDATE interop_message SET acknowledgement = %s WHERE id = %s", [acknowledgement, message_id]
        )
