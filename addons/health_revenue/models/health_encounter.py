from odoo import fields, models


class HealthEncounter(models.Model):
    _inherit = "health.encounter"

    charge_ids = fields.One2many("health.charge", "encounter_id", "Charges", readonly=True)
    charge_count = fields.Integer(compute="_compute_revenue_counts")
    quarantined_charge_count = fields.Integer(compute="_compute_revenue_counts")
    invoice_ids = fields.One2many("account.move", "health_encounter_id", "Invoices", readonly=True)
    invoice_count = fields.Integer(compute="_compute_revenue_counts")

    def _compute_revenue_counts(self):
        """Count charges and invoices; zero for those who may not see them."""
        charges, held, invoices = {}, {}, {}
        if self.env["health.charge"].has_access("read"):
            for encounter, state, count in self.env["health.charge"]._read_group(
                [("encounter_id", "in", self.ids)], ["encounter_id", "state"], ["__count"]
            ):
                charges[encounter] = charges.get(encounter, 0) + count
                if state == "quarantined":
                    held[encounter] = count
        if self.env["account.move"].has_access("read"):
            invoices = dict(
                self.env["account.move"]._read_group(
                    [("health_encounter_id", "in", self.ids)], ["health_encounter_id"], ["__count"]
                )
            )
        for encounter in self:
            encounter.charge_count = charges.get(encounter, 0)
            encounter.quarantined_charge_count = held.get(encounter, 0)
            encounter.invoice_count = invoices.get(encounter, 0)

    def action_open_charges(self):
        """Open the charges of these visits."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge")
        action["domain"] = [("encounter_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_open_invoices(self):
        """Open the invoices and credit notes of these visits."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        action["domain"] = [("health_encounter_id", "in", self.ids)]
        action["context"] = {"create": False}
        return action
