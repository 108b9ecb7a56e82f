import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.modules import module

from .. import postbox
from ..columns import UncheckedMany2one
from ..contract import Accepted, Inbound, Reception, Split
from ..exceptions import Rejected
from ..inbox import store
from ..outcome import release
from ..states import BLOCKING, FINAL, OPEN, SELECTION, sources

RIGHTS = {
    "metadata": "interop_hub.group_metadata",
    "payload": "interop_hub.group_payload",
    "operator": "interop_hub.group_operator",
}


class InteropMessage(models.Model):
    """One message, in or out: a narrow row; its body is an ``interop.payload``."""

    _name = "interop.message"
    _description = "Message"
    _log_access = False
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(string="Message ID", required=True, readonly=True)
    # Without foreign keys: an interface that has messages cannot be deleted (see there), and as long as it
    # exists neither can its system and its company; a lane that goes is taken out of its messages.
    interface_id = UncheckedMany2one("interop.interface", required=True, readonly=True, ondelete="restrict")
    system_id = UncheckedMany2one("interop.system", readonly=True)
    company_id = UncheckedMany2one("res.company", readonly=True)
    lane_id = UncheckedMany2one("interop.lane", readonly=True)
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], required=True, readonly=True)
    state = fields.Selection(SELECTION, required=True, readonly=True, default="received")
    message_type = fields.Char(string="Type", readonly=True)
    reference = fields.Char(readonly=True, help="The sender's own number of this message")
    idempotency_key = fields.Char(required=True, readonly=True, help="Keyed hash", groups="base.group_no_one")
    body_hash = fields.Char(readonly=True, groups="base.group_no_one")
    ordering_key = fields.Char(
        readonly=True, help="Keyed hash of what the order is kept for", groups="base.group_no_one"
    )
    partition = fields.Integer(readonly=True, groups="base.group_no_one")
    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    error_class = fields.Char(readonly=True)
    error_code = fields.Char(readonly=True)
    error_text = fields.Char(string="Error", readonly=True)
    trace_id = fields.Char(readonly=True)
    correlation_id = fields.Many2one("interop.message", string="Answer To", readonly=True, ondelete="set null")
    size = fields.Integer(string="Size (bytes)", readonly=True)
    received_at = fields.Datetime(string="Received", readonly=True)
    done_at = fields.Datetime(string="Finished", readonly=True)
    exception_id = fields.Many2one("interop.exception", readonly=True, ondelete="set null", index="btree_not_null")
    attempt_ids = fields.One2many("interop.attempt", "message_id", string="Timeline", readonly=True)
    link_ids = fields.One2many("interop.link", "message_id", string="Records", readonly=True)
    age_seconds = fields.Integer(string="Age (s)", compute="_compute_age")
    age = fields.Char(compute="_compute_age")
    overdue = fields.Boolean(compute="_compute_age")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _inbox = models.UniqueIndex("(interface_id, idempotency_key)")
    _ready = models.Index("(interface_id, id) WHERE state = 'received'")
    _due = models.Index("(interface_id, next_attempt) WHERE state = 'retry'")
    _open_keys = models.Index(
        "(ordering_key, id) WHERE ordering_key IS NOT NULL AND state IN"
        " ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')"
    )
    _open_states = models.Index(
        "(interface_id, state) WHERE state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')"
    )
    _interface_received = models.Index("(interface_id, received_at)")
    _reference_index = models.Index("(reference) WHERE reference IS NOT NULL")

    def init(self):
        self.env.cr.execute("ALTER TABLE interop_message ADD COLUMN IF NOT EXISTS acknowledgement bytea")
        # A queue table: keep the dead rows of finished work few and the statistics fresh.
        self.env.cr.execute(
            "ALTER TABLE interop_message SET (autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.05)"
        )

    @api.depends("received_at", "state")
    def _compute_age(self):
        now = fields.Datetime.now()
        for message in self:
            end = message.done_at or now
            seconds = int((end - message.received_at).total_seconds()) if message.received_at else 0
            message.age_seconds = max(seconds, 0)
            message.age = _human(max(seconds, 0))
            sla = message.interface_id.sla_seconds
            message.overdue = bool(sla and message.state in OPEN and seconds > sla)

    # -- the door ------------------------------------------------------------

    @api.model
    def _accept(self, interface, inbounds: list[Inbound], direction: str = "in") -> list[Accepted]:
        """Store messages in the caller's transaction and wake their lane after its commit.

        :param interface: the interface that they came in by, or go out by
        :param inbounds: the identified messages, in order
        :return: for each, in order, whether it is new, a duplicate (with the
            stored acknowledgement) or a conflict (same key, other body; not stored)
        """
        if not inbounds:
            return []
        results = store(self.env.cr, interface.sudo()._row(), inbounds, direction)
        if slots := self._slots_to_wake(interface, results):
            interface.sudo().lane_id._wake_after_commit(slots)
        return results

    @api.model
    def _accept_and_commit(self, interface, inbounds: list[Inbound]) -> list[Accepted]:
        """Like :meth:`_accept`, but committed when it returns, apart from the caller's transaction.

        In a test's transaction nothing is committed, and so they are stored there.
        """
        if not inbounds or module.current_test:
            return self._accept(interface, inbounds)
        row = interface.sudo()._row()

        results = postbox.post(self.env.cr.dbname, lambda box: store(box, row, inbounds))
        if slots := self._slots_to_wake(interface, results):
            self.env["interop.lane.slot"]._wake_apart(row["lane_id"], slots)
        return results

    @api.model
    def _slots_to_wake(self, interface, results: list[Accepted]) -> set[int]:
        """The slots of the interface's lane that have work by what was stored."""
        parallelism = interface.sudo().lane_id.parallelism
        return {
            result.partition % parallelism
            for result in results
            if result.status == "new" and result.state == "received"
        }

    @api.model
    def _receive(self, interface, body: bytes, content_type: str = "", trace_id: str = "", key: str = "") -> Reception:
        """Take one request body: split, identify, acknowledge and store it; committed when it returns.

        :param key: the sender's idempotency key, where the transport carries one
        """
        return self._receive_many(interface, [(body, content_type)], trace_id, key)[0]

    @api.model
    def _receive_many(self, interface, requests, trace_id: str = "", key: str = "") -> list[Reception]:
        """Like :meth:`_receive`, for bodies that arrived together; all are stored in one transaction.

        A body that cannot even be taken apart is stored as one rejected message.

        :param requests: ``[(body, content type), …]``
        """
        handler = interface.sudo()._handler()
        splits, inbounds, counts = [], [], []
        for body, content_type in requests:
            try:
                split = handler._split(interface, body, content_type)
                parts = [handler._identify(interface, part, content_type) for part in split.bodies]
            except Rejected as error:
                split = Split([body])
                parts = [Inbound(body, f"unusable:{hash_of(body)}", error=error)]
            splits.append(split)
            counts.append(len(parts))
            for number, inbound in enumerate(parts):
                inbound.trace_id = trace_id
                if key:
                    inbound.key = f"header:{key}" if counts[-1] == 1 else f"header:{key}:{number}"
                inbound.content_type = inbound.content_type or content_type
                inbound.acknowledgement = handler._acknowledge(interface, inbound, inbound.error)
                inbounds.append(inbound)
        results = self._accept_and_commit(interface, inbounds)
        self._refuse_conflicts(interface, handler, inbounds, results)
        receptions, start = [], 0
        for split, count in zip(splits, counts, strict=True):
            part = results[start : start + count]
            start += count
            body = split.frame([result.acknowledgement for result in part])
            receptions.append(Reception(body, handler._response_type, part))
        return receptions

    def _refuse_conflicts(self, interface, handler, inbounds, results) -> None:
        """Answer the same key with another body negatively, and keep that body as rejected."""
        numbers = [n for n, result in enumerate(results) if result.status == "conflict"]
        if not numbers:
            return
        refused = []
        for n in numbers:
            inbound = inbounds[n]
            inbound.error = handler._conflict(interface, inbound)
            inbound.acknowledgement = handler._acknowledge(interface, inbound, inbound.error)
            refused.append(inbound)
        # The body becomes part of the key, so that the same wrong message twice is one row.
        keys = [inbound.key for inbound in refused]
        for inbound in refused:
            inbound.key = f"conflict:{inbound.key}:{hash_of(inbound.body)}"
        stored = self._accept(interface, refused)
        for n, inbound, key, result in zip(numbers, refused, keys, stored, strict=True):
            inbound.key = key
            results[n] = Accepted("conflict", result.message_id, result.uuid, "rejected", result.acknowledgement)
        self.env["interop.exception"]._open(
            [
                {
                    "type": "key_conflict",
                    "key": interface.sudo().code,
                    "name": self.env._("A message number was used again for another message"),
                    "company_id": interface.sudo().company_id.id,
                    "interface_id": interface.id,
                    "message_ids": [result.message_id for result in stored if result.status == "new"],
                }
            ]
        )

    def _bodies(self) -> dict[int, bytes]:
        """Decrypted bodies by message id, in one query; purged ones are missing."""
        return self.env["interop.payload"].sudo()._bodies(self.ids)

    # -- what a person does --------------------------------------------------

    @api.model
    def _check_right(self, right: str) -> None:
        """Raise unless the user has the right ``metadata``, ``payload`` or ``operator``."""
        if not self.env.su and not self.env.user.has_group(RIGHTS[right]):
            raise AccessError(self.env._("This needs the right “%s”.", self.env.ref(RIGHTS[right]).sudo().full_name))

    def _move(self, target: str, reason: str = "") -> models.Model:
        """Move messages to ``target`` where that is allowed, note it, and return those moved."""
        self.env.flush_all()
        self.env.cr.execute(
            """WITH moved AS (
                   UPDATE interop_message
                      SET state = %(target)s,
                          attempts = CASE WHEN %(target)s = 'received' THEN 0 ELSE attempts END,
                          next_attempt = NULL,
                          exception_id = CASE WHEN %(target)s = 'received' THEN NULL ELSE exception_id END,
                          done_at = CASE WHEN %(final)s THEN now() AT TIME ZONE 'UTC' END
                    WHERE id = ANY(%(ids)s) AND state = ANY(%(sources)s)
                RETURNING id, attempts),
               noted AS (
                   INSERT INTO interop_attempt (message_id, number, at, state, error_text, user_id)
                   SELECT id, attempts, clock_timestamp() AT TIME ZONE 'UTC', %(target)s, %(reason)s, %(user)s
                     FROM moved)
               SELECT id FROM moved""",
            {
                "target": target,
                "final": target in FINAL,
                "ids": self.ids,
                "sources": list(sources(target)),
                "reason": reason or None,
                "user": self.env.uid,
            },
        )
        moved = self.browse([row[0] for row in self.env.cr.fetchall()])
        self.env.invalidate_all(flush=False)
        return moved

    def _replay(self, reason: str = ""):
        """Process messages again, each in its place in the order; return those that were moved."""
        moved = self._move("received", reason)
        moved.sudo().lane_id._wake_after_commit()
        return moved

    def _discard(self, reason: str):
        """End messages without effect, and let their followers go on; return those that were moved."""
        moved = self._move("discarded", reason)
        moved._release_followers()
        return moved

    def _release_followers(self):
        if not self:
            return
        self.env.cr.execute(
            "SELECT DISTINCT ordering_key FROM interop_message WHERE id = ANY(%s) AND ordering_key IS NOT NULL",
            [self.ids],
        )
        lanes = release(self.env.cr, [row[0] for row in self.env.cr.fetchall()])
        self.env["interop.lane"].sudo().browse(lanes)._wake_after_commit()

    def _of_mine(self):
        """The messages of this set that the user may see at all; raises when one is foreign."""
        self.check_access("read")
        return self

    def action_replay(self, reason=""):
        """Process the selected messages again.

        :raises UserError: when none of them can be replayed
        """
        self._check_right("operator")
        moved = self._of_mine()._replay(reason)
        if not moved:
            raise UserError(self.env._("None of these messages can be replayed in its state."))
        self.env["interop.audit.event"]._record("message.replay", moved, reason)
        return len(moved)

    def action_discard(self, reason=""):
        """Discard the selected messages for good.

        :param reason: why; it is kept with the message
        :raises UserError: without a reason, or when none of them waits
        """
        self._check_right("operator")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why these messages are discarded."))
        moved = self._of_mine()._discard(reason)
        if not moved:
            raise UserError(self.env._("None of these messages can be discarded in its state."))
        self.env["interop.audit.event"]._record("message.discard", moved, reason)
        return len(moved)

    @api.model
    def action_replay_matching(self, domain, reason=""):
        """Replay every message that waits for a person and matches ``domain``.

        :param domain: an Odoo search domain on messages
        :return: how many were put back
        """
        self._check_right("operator")
        waiting = [("state", "in", BLOCKING)]
        return self.search(fields.Domain(domain) & fields.Domain(waiting), order="id").action_replay(reason)

    def _open_payload(self, reason: str = "") -> dict[int, str]:
        """Bodies of these messages, made readable, by message id; each view leaves an audit event.

        :raises AccessError: without the payload right
        """
        self._check_right("payload")
        self._of_mine()
        self.env["interop.audit.event"]._record("payload.view", self, reason)
        bodies = self.sudo()._bodies()
        return {
            message.id: message.sudo().interface_id._handler()._render(message.sudo().interface_id, bodies[message.id])
            if message.id in bodies
            else self.env._("The body was deleted by the retention rule of its interface.")
            for message in self
        }

    @api.autovacuum
    def _purge_expired(self):
        """Delete finished messages past their interface's retention, with everything that hangs on them."""
        self.env.cr.execute(
            """DELETE FROM interop_message WHERE id IN (
                   SELECT m.id FROM interop_interface i
                     JOIN interop_message m ON m.interface_id = i.id
                    WHERE i.retention_days > 0
                      AND m.received_at < now() AT TIME ZONE 'UTC' - make_interval(days => i.retention_days)
                      AND m.state IN ('done', 'rejected', 'discarded')
                    LIMIT 5000)"""
        )
        done = self.env.cr.rowcount
        return done, done == 5000


def hash_of(body: bytes) -> str:
    """A short name of a body, for keys."""
    return hashlib.sha256(body).hexdigest()[:32]


def _human(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    if seconds < 172800:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"
