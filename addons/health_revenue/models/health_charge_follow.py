from odoo import api, models
from odoo.tools import SQL

from odoo.addons.interop_hub import keyring

from .. import states


class HealthCharge(models.Model):
    """Charges follow what happens elsewhere: visits arriving, merging and moving, invoices being removed."""

    _inherit = "health.charge"

    @api.model
    def _visits_arrived(self, encounters):
        """Evaluate the charges that waited for these visits, or hang on visits no longer cancelled."""
        if not encounters:
            return
        ring = keyring.ring()
        keys = {f"{visit.authority}:{ring.digest(visit.number)}": visit.id for visit in encounters}
        rows = self._load(
            SQL(
                "c.state = 'quarantined' AND c.quarantine_reason = %s"
                " AND (c.encounter_id IN %s OR (c.encounter_id IS NULL AND c.visit_key IN %s))",
                states.VISIT,
                tuple(encounters.ids),
                tuple(keys),
            )
        )
        for row in rows:
            row.encounter_id = row.encounter_id or keys[row.visit_key]
        if rows:
            self._decide_again(rows)

    @api.model
    def _follow_visits(self, pairs):
        """Hand the charges of merged visits to the survivors; what is on drafts is billed again there.

        :param pairs: list of ``(survivor, prior)`` encounters, in order
        """
        if not pairs:
            return
        self.env["health.charge"].flush_model()
        for survivor, prior in pairs:  # in order: a survivor may itself be the next pair's prior
            self.env.cr.execute(
                SQL(
                    "UPDATE health_charge SET encounter_id = %s, account_id = %s WHERE encounter_id = %s",
                    survivor.id,
                    survivor.account_id.id,
                    prior.id,
                )
            )
        self.env["health.charge"].invalidate_model()
        survivors = tuple({survivor.id for survivor, _prior in pairs})
        self._decide_again(
            self._load(
                SQL(
                    "c.encounter_id IN %s AND c.state IN ('captured', 'quarantined')"
                    " AND COALESCE(c.quarantine_reason, 'visit') IN %s",
                    survivors,
                    states.EVALUATED_REASONS,
                )
            )
        )
        self._bill_again(
            SQL(
                """
                c.encounter_id IN %s AND c.state = 'charged'
                AND EXISTS (SELECT 1 FROM health_charge_billing b JOIN account_move m ON m.id = b.move_id
                             WHERE b.charge_id = c.id AND b.state = 'active' AND m.state = 'draft'
                               AND m.health_encounter_id <> c.encounter_id)
                AND NOT EXISTS (SELECT 1 FROM health_charge_billing b JOIN account_move m ON m.id = b.move_id
                                 WHERE b.charge_id = c.id AND b.state = 'active' AND m.state = 'posted')
                """,
                survivors,
            )
        )

    @api.model
    def _follow_accounts(self, encounter_ids):
        """Let charges follow visits that moved to another account; what was billed is billed to the new one."""
        if not encounter_ids:
            return
        self.env["health.charge"].flush_model()
        self.env["health.encounter"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE health_charge c SET account_id = e.account_id FROM health_encounter e"
                " WHERE e.id = c.encounter_id AND e.id IN %s",
                tuple(encounter_ids),
            )
        )
        self.env["health.charge"].invalidate_model()
        self._bill_again(SQL("c.encounter_id IN %s AND c.state = 'charged'", tuple(encounter_ids)))

    @api.model
    def _bill_again(self, condition):
        """Take what is billed back and evaluate the charges anew."""
        self.env["account.move"].flush_model(["state", "health_encounter_id"])
        rows = self._load(condition)
        for row in rows:
            row.void = True
        self._decide_again(rows)

    @api.model
    def _invoice_removed(self, lines):
        """Quarantine the charges whose invoice lines a person removed, for a person to decide.

        :param lines: account.move.line records about to go or cancelled
        """
        self.env["health.charge.billing"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE health_charge_billing SET state = 'removed' WHERE move_line_id IN %s"
                " AND state IN ('active', 'void_pending') RETURNING charge_id",
                tuple(lines.ids),
            )
        )
        charge_ids = tuple({row[0] for row in self.env.cr.fetchall()})
        if not charge_ids:
            return
        self.env["health.charge.billing"].invalidate_model()
        rows = self._load(SQL("c.id IN %s AND c.state = 'charged'", charge_ids))
        for row in rows:
            row.quarantine(
                states.INVOICE_REMOVED,
                (
                    "invoice_removed",
                    str(row.encounter_id),
                    self.env._("A person removed the invoice of charges: bill them again, or close them"),
                ),
            )
        self._store(rows)

    @api.model
    def _unblock_billing(self, exception_ids):
        """Let billing try again what failed under these exceptions."""
        self.env["health.charge"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE health_charge SET billing_blocked = FALSE, exception_id = NULL"
                " WHERE billing_blocked AND exception_id IN %s",
                tuple(exception_ids),
            )
        )
        self.env.cr.execute(
            SQL("UPDATE health_charge_billing SET exception_id = NULL WHERE exception_id IN %s", tuple(exception_ids))
        )
        self.env["health.charge"].invalidate_model()
        self.env["health.charge.billing"].invalidate_model()
        self.env["health.billing"]._wake()
