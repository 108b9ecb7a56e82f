from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    health_encounter_id = fields.Many2one(
        "health.encounter", "Visit", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )
    health_part = fields.Selection(
        [("payer", "Payer"), ("patient", "Patient")], "Debtor's part", readonly=True, copy=False
    )
    health_service_day = fields.Date("Service day", readonly=True, copy=False)
    health_transfer_id = fields.Many2one(
        "health.receivable.transfer", "Merge transfer", readonly=True, copy=False, index="btree_not_null"
    )
    health_charge_count = fields.Integer("Charges", compute="_compute_health_charge_count")

    _health_draft = models.Index("(health_encounter_id) WHERE state = 'draft' AND health_encounter_id IS NOT NULL")

    @api.depends("invoice_line_ids.health_charge_id")
    def _compute_health_charge_count(self):
        counts = dict(
            self.env["account.move.line"]._read_group(
                [("move_id", "in", self.ids), ("health_charge_id", "!=", False)],
                ["move_id"],
                ["health_charge_id:count_distinct"],
            )
        )
        for move in self:
            move.health_charge_count = counts.get(move, 0)

    def action_open_health_charges(self):
        """Open the charges that this document bills or credits."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge")
        action["domain"] = [("id", "in", self.invoice_line_ids.health_charge_id.ids)]
        action["context"] = {}
        return action

    def action_open_health_encounter(self):
        """Open the visit that this document bills."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "health.encounter",
            "view_mode": "form",
            "res_id": self.health_encounter_id.id,
        }

    @api.model
    def _health_create_untaxed(self, vals_list):
        """Create customer invoices without taxes and early discounts, about five times as fast as ``create``.

        ``create`` computes the taxes and balances of each line and writes them one
        line at a time. Without taxes the balances are known beforehand, and the
        receivable lines are those that Odoo itself computes (``needed_terms``).

        :param vals_list: as for ``create``; lines in the company's currency
        :raises ValueError: when an invoice does not balance
        """
        if not vals_list:
            return self.browse()
        for vals in vals_list:
            for _command, _id, line in vals["invoice_line_ids"]:
                balance = -round(line["quantity"] * line["price_unit"], 2)
                line.update(balance=balance, amount_currency=balance, tax_ids=[fields.Command.clear()])
        quick = self.with_context(skip_invoice_sync=True, skip_invoice_line_sync=True, check_move_validity=False)
        moves = quick.create(vals_list)
        needed = quick._sync_dynamic_line_needed_values(moves.mapped("needed_terms"))
        quick.env["account.move.line"].create(
            [{**key, **values, "display_type": "payment_term"} for key, values in needed.items()]
        )
        moves.needed_terms_dirty = False
        moves.line_ids.flush_recordset()
        if moves._get_unbalanced_moves({"records": moves}):
            raise ValueError("An invoice made of charges does not balance.")
        return self.browse(moves.ids)

    def button_cancel(self):
        """A cancelled invoice no longer stands for its charges."""
        self.filtered(lambda move: move.move_type == "out_invoice").invoice_line_ids._release_charges()
        return super().button_cancel()
