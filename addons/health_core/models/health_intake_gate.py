from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import api, fields, models

from odoo.addons.interop_hub import keyring

KEPT = timedelta(days=1)


class HealthIntakeGate(models.Model):
    """Where transactions meet that must know of each other.

    Under REPEATABLE READ a transaction that finds *nothing* (no visit for a
    charge, no mapping for a code) and one that adds just that at the same
    moment do not see each other: both commit, and the charge waits for ever for
    a visit that is there. When both also write the same row here, the later
    one fails with a serialization error, is repeated, and then sees the other.

    Rows matter only as long as transactions that overlap run, so the table is
    unlogged and swept daily. Keys are keyed hashes.
    """

    _name = "health.intake.gate"
    _description = "Intake Gate"
    _log_access = False

    key = fields.Char(required=True)
    met_at = fields.Datetime(required=True)

    _key_uniq = models.UniqueIndex("(key)", "The gate exists already.")

    def init(self):
        """Keep the table out of the write-ahead log."""
        self.env.cr.execute(f"ALTER TABLE {self._table} SET UNLOGGED")

    @api.model
    def _meet(self, kind: str, keys) -> None:
        """Make sure that no overlapping transaction that meets at one of the same keys goes unnoticed.

        :param kind: namespace of the keys, e.g. ``"visit"``
        :param keys: tuples of text and numbers
        :raises psycopg2.errors.SerializationFailure: an overlapping transaction was there first
        """
        digest = keyring.ring().digest
        rows = sorted({digest("\x1f".join(map(str, (kind, *key)))) for key in keys})
        if rows:
            execute_values(
                self.env.cr._obj,
                "INSERT INTO health_intake_gate (key, met_at) VALUES %s"
                " ON CONFLICT (key) DO UPDATE SET met_at = EXCLUDED.met_at",
                [(key, self.env.cr.now()) for key in rows],
                page_size=len(rows),
            )

    @api.autovacuum
    def _gc_gates(self):
        self.env.cr.execute("DELETE FROM health_intake_gate WHERE met_at < %s", [self.env.cr.now() - KEPT])
