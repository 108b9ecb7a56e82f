from odoo import api, fields, models
from odoo.tools import SQL

#: Fields of a posted line that its credit repeats.
CREDITED = ("product_id", "name", "quantity", "product_uom_id", "price_unit", "discount", "account_id")


class HealthChargeBilling(models.Model):
    """Ties a charge's part for one debtor to the invoice line that carries it.

    While a tie is live (``active`` or ``void_pending``) a unique index allows no
    second one for the same charge and part: a charge cannot be billed twice.
    """

    _name = "health.charge.billing"
    _description = "Charge on Invoice Line"
    _order = "id"

    charge_id = fields.Many2one("health.charge", required=True, readonly=True, ondelete="restrict", index=True)
    part = fields.Selection([("payer", "Payer"), ("patient", "Patient")], required=True, readonly=True)
    state = fields.Selection(
        [
            ("active", "Billed"),
            ("void_pending", "To be taken back"),
            ("removed", "Removed from draft"),
            ("credited", "Credited"),
        ],
        required=True,
        readonly=True,
        default="active",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True)
    move_line_id = fields.Many2one("account.move.line", readonly=True, ondelete="set null", index="btree_not_null")
    move_id = fields.Many2one("account.move", "Invoice", readonly=True, ondelete="set null", index="btree_not_null")
    credit_move_id = fields.Many2one(
        "account.move", "Credit note", readonly=True, ondelete="set null", index="btree_not_null"
    )
    exception_id = fields.Many2one(
        "interop.exception", readonly=True, ondelete="set null", help="Why it could not be taken back"
    )

    _live_unique = models.UniqueIndex(
        "(charge_id, part) WHERE state IN ('active', 'void_pending')", "This part of the charge is billed already."
    )
    _void_pending = models.Index("(id) WHERE state = 'void_pending'")

    @api.model
    def _claim_void(self, limit):
        """Lock and return ties to take back, oldest first."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM health_charge_billing WHERE state = 'void_pending' AND exception_id IS NULL"
                " ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
                limit,
            )
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _take_back(self):
        """Remove lines from drafts, credit posted ones; one set of each."""
        posted = self.filtered(lambda tie: tie.move_line_id and tie.move_id.state == "posted")
        drafts = self.filtered(lambda tie: tie.move_line_id and tie.move_id.state == "draft")
        posted._credit()
        drafts._remove()
        (self - posted).write({"state": "removed"})

    def _remove(self):
        """Remove the lines from their drafts; a draft that is left without lines goes, too."""
        lines = self.move_line_id
        moves = lines.move_id
        emptied = moves.filtered(lambda move: not (move.invoice_line_ids - lines))
        numbered = emptied.filtered("posted_before")
        (lines - (emptied - numbered).invoice_line_ids).unlink()
        numbered.button_cancel()
        (emptied - numbered).unlink()

    def _credit(self):
        """Create one draft credit note per posted invoice, with the lines that are taken back."""
        grouped = self.grouped("move_id")
        if not grouped:
            return
        refunds = self.env["account.move"].create(
            [self._refund_values(move, ties.move_line_id) for move, ties in grouped.items()]
        )
        for refund, ties in zip(refunds, grouped.values(), strict=True):
            ties.write({"state": "credited", "credit_move_id": refund.id})

    @api.model
    def _refund_values(self, move, lines):
        return {
            "move_type": "out_refund",
            "partner_id": move.partner_id.id,
            "journal_id": move.journal_id.id,
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "ref": move.ref,
            "reversed_entry_id": move.id,
            "narration": move.narration,
            "health_encounter_id": move.health_encounter_id.id,
            "health_part": move.health_part,
            "health_service_day": move.health_service_day,
            "invoice_line_ids": [
                fields.Command.create(
                    {
                        **lines._convert_to_write({name: line[name] for name in CREDITED}),
                        "tax_ids": [fields.Command.set(line.tax_ids.ids)],
                        "analytic_distribution": line.analytic_distribution,
                        "health_charge_id": line.health_charge_id.id,
                    }
                )
                for line in lines
            ],
        }
