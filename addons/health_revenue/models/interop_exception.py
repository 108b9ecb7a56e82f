from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .health_mappings import MAPPINGS

#: Exceptions that hold charges back beside the reasons of quarantine.
BILLING_TYPES = ("billing_failed", "billing_setup")


class InteropException(models.Model):
    _inherit = "interop.exception"

    type = fields.Selection(
        selection_add=[
            ("unmapped_service", "Unmapped service"),
            ("unmapped_location", "Unmapped location"),
            ("unknown_original", "Credit without its charge"),
            ("invoice_removed", "Invoice removed"),
            ("ledger_imbalance", "Charge ledger out of balance"),
            ("billing_setup", "Accounting not set up"),
            ("billing_failed", "Visit could not be billed"),
            ("receivable_transfer", "Receivables not transferred"),
        ],
        ondelete={
            "unmapped_service": "cascade",
            "unmapped_location": "cascade",
            "unknown_original": "cascade",
            "invoice_removed": "cascade",
            "ledger_imbalance": "cascade",
            "billing_setup": "cascade",
            "billing_failed": "cascade",
            "receivable_transfer": "cascade",
        },
    )
    charge_ids = fields.One2many("health.charge", "exception_id", string="Charges held back", readonly=True)
    charge_count = fields.Integer("Number of charges held back", compute="_compute_charge_count")

    def _compute_charge_count(self):
        counts = dict(
            self.env["health.charge"]._read_group([("exception_id", "in", self.ids)], ["exception_id"], ["__count"])
        )
        for exception in self:
            exception.charge_count = counts.get(exception, 0)

    def action_open_charges(self):
        """Open the charges that wait for this exception."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge")
        action["domain"] = [("exception_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_map(self):
        """Open the mapping that the exception waits for: the newest of the code, or a new one.

        :raises UserError: when the exception is about something else
        """
        self.ensure_one()
        model = MAPPINGS.get(self.type)
        code, _colon, source = self.key.partition(":")
        system = self.env["interop.system"].sudo().search([("code", "=", code)])
        if not model or not system or not source:
            raise UserError(self.env._("No code mapping resolves this exception."))
        mapping = self.env[model].search(
            [("system_id", "=", system.id), ("code", "=", source)], order="version desc", limit=1
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Map the Code"),
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "res_id": mapping.id,
            "context": {"default_system_id": system.id, "default_code": source},
        }

    def _blocks_nothing(self):
        """Whether only charges could have kept this exception open; a payer's holds coverages, too."""
        self.ensure_one()
        return self.type != "unmapped_payer" and not self.blocked_count

    def _on_resolved(self):
        """Evaluate the charges that these exceptions held back, and bill what failed to be billed."""
        result = super()._on_resolved()
        charges = self.env["health.charge"].sudo()
        charges._reevaluate(condition=SQL("c.exception_id IN %s", tuple(self.ids)))
        if self.filtered(lambda exception: exception.type in BILLING_TYPES):
            charges._unblock_billing(self.ids)
        failed = (
            self.env["health.receivable.transfer"]
            .sudo()
            .search([("exception_id", "in", self.ids), ("state", "=", "failed")])
        )
        if failed:
            failed.write({"state": "pending", "exception_id": False})
            self.env["health.billing"]._wake()
        return result
