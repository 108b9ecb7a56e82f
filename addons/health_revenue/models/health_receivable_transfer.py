from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class HealthReceivableTransfer(models.Model):
    """What a merge of two patients asks of accounting, done by the billing action.

    Draft documents are put on the survivor's partner. Posted open receivables
    stay where they were booked; one balanced journal entry per company closes
    them and opens the same amounts, with the same due dates, at the survivor.
    """

    _name = "health.receivable.transfer"
    _description = "Receivable Transfer after a Merge"
    _order = "id desc"

    prior_id = fields.Many2one(
        "health.patient.account", "Merged account", required=True, readonly=True, ondelete="restrict", index=True
    )
    survivor_id = fields.Many2one(
        "health.patient.account", "Surviving account", required=True, readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [("pending", "Waiting"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="pending",
    )
    draft_count = fields.Integer("Drafts moved", readonly=True)
    entry_ids = fields.One2many("account.move", "health_transfer_id", string="Journal entries", readonly=True)
    exception_id = fields.Many2one("interop.exception", readonly=True, ondelete="set null", index="btree_not_null")
    done_at = fields.Datetime(readonly=True)

    _pending = models.Index("(id) WHERE state = 'pending'")

    @api.depends("prior_id", "survivor_id")
    def _compute_display_name(self):
        for transfer in self:
            transfer.display_name = self.env._("Transfer %s", transfer.id)

    @api.model
    def _request(self, pairs):
        """Let charges follow the survivor at once and leave the accounting to the billing action.

        :param pairs: list of ``(survivor, prior)`` accounts, in order
        """
        if not pairs:
            return
        self.env["health.charge"].flush_model()
        for survivor, prior in pairs:  # in order: a survivor may itself be the next pair's prior
            self.env.cr.execute(
                SQL("UPDATE health_charge SET account_id = %s WHERE account_id = %s", survivor.id, prior.id)
            )
        self.env["health.charge"].invalidate_model()
        self.create([{"survivor_id": survivor.id, "prior_id": prior.id} for survivor, prior in pairs])
        self.env["health.billing"]._wake()

    def action_open_entries(self):
        """Open the journal entries of the transfer."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", self.entry_ids.ids)],
        }

    # -- run by the billing action ------------------------------------------------

    @api.model
    def _claim(self, limit):
        """Lock and return transfers that wait, oldest first."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM health_receivable_transfer WHERE state = 'pending'"
                " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                limit,
            )
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _run(self):
        """Carry out claimed transfers, in order, as one set."""
        finals = {transfer: transfer.prior_id._survivors() for transfer in self}
        partners = {transfer: transfer.prior_id.partner_id for transfer in self if transfer.prior_id.partner_id}
        origin = self.env["res.partner"].union(*partners.values()) if partners else self.env["res.partner"]
        if origin:
            drafts = self._drafts(origin)
            receivables = self._open_receivables(origin)
            busy = drafts.partner_id | receivables.partner_id
            needed = self.env["health.patient.account"].union(
                *(finals[transfer] for transfer, partner in partners.items() if partner in busy)
            )
            needed._ensure_partners()
            by_partner = {
                partner: (transfer, finals[transfer].partner_id)
                for transfer, partner in partners.items()
                if partner in busy and finals[transfer].partner_id != partner
            }
            self._move_drafts(drafts, by_partner)
            self._transfer(receivables, by_partner)
        self.write({"state": "done", "done_at": fields.Datetime.now()})

    def _drafts(self, partners):
        return self.env["account.move"].search(
            [
                ("state", "=", "draft"),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("partner_id", "in", partners.ids),
                ("health_encounter_id", "!=", False),
            ]
        )

    def _open_receivables(self, partners):
        return self.env["account.move.line"].search(
            [
                ("partner_id", "in", partners.ids),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "!=", 0),
            ],
            order="id",
        )

    def _move_drafts(self, drafts, by_partner):
        for partner, moves in drafts.grouped("partner_id").items():
            transfer, survivor = by_partner.get(partner, (None, None))
            if survivor:
                moves.write({"partner_id": survivor.id})
                transfer.draft_count = len(moves)

    def _transfer(self, receivables, by_partner):
        """Book, post and reconcile one entry per merged partner and company."""
        for company, lines in receivables.grouped("company_id").items():
            self.with_company(company)._transfer_company(company, lines.with_company(company), by_partner)

    def _transfer_company(self, company, receivables, by_partner):
        journal = self.env["account.journal"].search(
            [*self.env["account.journal"]._check_company_domain(company), ("type", "=", "general")], limit=1
        )
        if not journal:
            raise UserError(self.env._("%s has no journal for miscellaneous entries.", company.display_name))
        grouped = {
            partner: lines for partner, lines in receivables.grouped("partner_id").items() if partner in by_partner
        }
        entries = self.env["account.move"].create(
            [
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": fields.Date.context_today(self),
                    "ref": self.env._("Receivables after merge %s", by_partner[partner][0].id),
                    "health_transfer_id": by_partner[partner][0].id,
                    "line_ids": [
                        fields.Command.create(vals)
                        for line in lines
                        for vals in (
                            self._entry_line(line, partner, -1),
                            self._entry_line(line, by_partner[partner][1], 1),
                        )
                    ],
                }
                for partner, lines in grouped.items()
            ]
        )
        entries._post(soft=False)
        plan = []
        for entry, (partner, lines) in zip(entries, grouped.items(), strict=True):
            closing = entry.line_ids.filtered(lambda line, partner=partner: line.partner_id == partner)
            plan.extend(origin + counter for origin, counter in zip(lines, closing.sorted("sequence"), strict=True))
        self.env["account.move.line"]._reconcile_plan(plan)

    @staticmethod
    def _entry_line(line, partner, sign):
        """Return the line that closes (``sign`` -1) or opens (1) the residual of a receivable."""
        return {
            "name": line.move_id.name or "/",
            "account_id": line.account_id.id,
            "partner_id": partner.id,
            "currency_id": line.currency_id.id,
            "amount_currency": sign * line.amount_residual_currency,
            "balance": sign * line.amount_residual,
            "date_maturity": line.date_maturity,
            "sequence": line.id,
        }
