import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..locks import SEAL

BATCH = 5000


class InteropAuditEvent(models.Model):
    """Who did or saw what, when and why. Rows are only added; a chain of hashes shows any later change.

    Rows are inserted without a seal, so that no writer waits for another, and
    sealed in order by a scheduled action. A database trigger refuses any change
    and any deletion.
    """

    _name = "interop.audit.event"
    _description = "Audit Event"
    _log_access = False
    _order = "id desc"

    at = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, index=True)
    action = fields.Char(required=True, readonly=True, index=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    summary = fields.Char(readonly=True, help="What it was about, without patient data")
    reason = fields.Char(readonly=True)
    seal = fields.Char(readonly=True, help="SHA-256 of the previous seal and this row; empty: not sealed yet")

    _unsealed = models.Index("(id) WHERE seal IS NULL")
    _record_index = models.Index("(res_model, res_id)")

    def init(self):
        self.env.cr.execute(
            """CREATE OR REPLACE FUNCTION interop_audit_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
               BEGIN
                   IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
                      AND to_jsonb(NEW) - 'seal' = to_jsonb(OLD) - 'seal' THEN
                       RETURN NEW;
                   END IF;
                   RAISE EXCEPTION 'audit events cannot be changed or deleted';
               END $$;
               DROP TRIGGER IF EXISTS interop_audit_event_guard ON interop_audit_event;
               CREATE TRIGGER interop_audit_event_guard BEFORE UPDATE OR DELETE ON interop_audit_event
                   FOR EACH ROW EXECUTE FUNCTION interop_audit_event_guard();
               DROP TRIGGER IF EXISTS interop_audit_event_keep ON interop_audit_event;
               CREATE TRIGGER interop_audit_event_keep BEFORE TRUNCATE ON interop_audit_event
                   FOR EACH STATEMENT EXECUTE FUNCTION interop_audit_event_guard()"""
        )

    @api.model
    def _record(self, action: str, records, reason: str = "") -> None:
        """Add one event per record (or one, when there is none).

        :param action: what was done, e.g. ``payload.view``
        :param records: the records that it was done to
        :param reason: why, in the words of the person
        """
        ids = records.ids or [None]
        self.env.cr.execute_values(
            "INSERT INTO interop_audit_event (at, user_id, action, res_model, res_id, summary, reason) VALUES %s",
            [(self.env.uid, action, records._name, res_id, records._description, reason or None) for res_id in ids],
            template="(clock_timestamp() AT TIME ZONE 'UTC', %s, %s, %s, %s, %s, %s)",
        )

    def write(self, vals):
        raise AccessError(self.env._("Audit events cannot be changed."))

    def unlink(self):
        raise AccessError(self.env._("Audit events cannot be deleted."))

    @staticmethod
    def _seal_of(previous: str, row: tuple) -> str:
        content = json.dumps([previous, *row], default=str, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    @api.model
    def _seal_pending(self) -> int:
        """Seal what was added since, oldest first; return how many rows were sealed.

        Rows of transactions still open may get a lower id than sealed ones;
        therefore only rows older than ten seconds are sealed, and the chain
        follows the order of sealing by id within a batch.
        """
        cr = self.env.cr
        cr.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [SEAL])
        if not cr.fetchone()[0]:
            return 0
        cr.execute(
            """SELECT id, at, user_id, action, res_model, res_id, summary, reason FROM interop_audit_event
                WHERE seal IS NULL AND at < now() AT TIME ZONE 'UTC' - interval '10 seconds'
             ORDER BY id LIMIT %s""",
            [BATCH],
        )
        rows = cr.fetchall()
        if not rows:
            return 0
        cr.execute(
            "SELECT seal FROM interop_audit_event WHERE seal IS NOT NULL AND id < %s ORDER BY id DESC LIMIT 1",
            [rows[0][0]],
        )
        previous = (cr.fetchone() or ("",))[0]
        seals = []
        for row in rows:
            previous = self._seal_of(previous, row)
            seals.append((row[0], previous))
        cr.execute_values(
            "UPDATE interop_audit_event e SET seal = v.seal FROM (VALUES %s) AS v(id, seal) WHERE e.id = v.id", seals
        )
        return len(rows)

    @api.model
    def _verify(self) -> int | None:
        """Check the chain; return the id of the first event that does not fit, or None."""
        self.env.cr.execute(
            """SELECT id, at, user_id, action, res_model, res_id, summary, reason, seal FROM interop_audit_event
                WHERE seal IS NOT NULL ORDER BY id"""
        )
        previous = ""
        for *row, seal in self.env.cr.fetchall():
            previous = self._seal_of(previous, tuple(row))
            if previous != seal:
                return row[0]
        return None
