from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    health_charge_id = fields.Many2one(
        "health.charge", "Charge", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )

    def unlink(self):
        """A line that a person removes takes its charge back to the people who must decide about it."""
        if not self.env.context.get("health_billing"):
            self._release_charges()
        return super().unlink()

    def _release_charges(self):
        """Quarantine the charges of these invoice lines: their invoice no longer stands."""
        carrying = self.filtered("health_charge_id")
        if carrying:
            self.env["health.charge"].sudo()._invoice_removed(carrying)
