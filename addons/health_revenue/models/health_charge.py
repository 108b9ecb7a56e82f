from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import sql_rows, states

STATES = [
    (states.CAPTURED, "Open"),
    (states.QUARANTINED, "Quarantined"),
    (states.NON_BILLABLE, "Not billable"),
    (states.CHARGED, "Charged"),
    (states.REVERSED, "Reversed"),
]

REASONS = [
    (states.VISIT, "Visit unknown or cancelled"),
    (states.SERVICE, "Service not mapped"),
    (states.LOCATION, "Location not mapped"),
    (states.PAYER, "Payer not mapped"),
    (states.UNKNOWN_ORIGINAL, "Credit without its charge"),
    (states.INVOICE_REMOVED, "Invoice removed by a person"),
]


class HealthCharge(models.Model):
    """One billable act, captured from a message.

    Its business key is (system, transaction id, line), held by a unique index.
    Rows are written set-wise by the intake and by billing; the state moves in
    :meth:`_move` only.
    """

    _name = "health.charge"
    _inherit = ["interop.linked.mixin"]
    _description = "Charge"
    _order = "id desc"
    _check_company_auto = True

    system_id = fields.Many2one("interop.system", required=True, readonly=True, ondelete="restrict")
    transaction_id = fields.Char(
        "Transaction", required=True, readonly=True, help="The sender's transaction or order id (FT1-2)"
    )
    line = fields.Integer(required=True, readonly=True, default=1, help="Ordinal of the transaction in its message")
    state = fields.Selection(STATES, required=True, readonly=True, default=states.CAPTURED)
    quarantine_reason = fields.Selection(REASONS, readonly=True)
    exception_id = fields.Many2one("interop.exception", readonly=True, ondelete="set null", index="btree_not_null")
    message_id = fields.Many2one(
        "interop.message",
        "Source message",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The message that said last what this charge is",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one("health.facility", required=True, readonly=True, ondelete="restrict")
    encounter_id = fields.Many2one("health.encounter", readonly=True, ondelete="restrict", index="btree_not_null")
    account_id = fields.Many2one(
        "health.patient.account", "Patient account", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    visit_key = fields.Char(readonly=True, help="Keyed hash of the visit's number, to find the visit when it arrives")
    service_code = fields.Char("Source service code", required=True, readonly=True)
    service_description = fields.Char("Source description", readonly=True)
    service_id = fields.Many2one("health.service", readonly=True, ondelete="restrict")
    service_date = fields.Date(required=True, readonly=True)
    quantity = fields.Float(digits=(16, 4), required=True, readonly=True, default=1.0)
    unit_price = fields.Float(digits=(16, 4), readonly=True)
    amount = fields.Monetary(readonly=True)
    price_source = fields.Selection(
        [("amount", "Sender's amount"), ("unit", "Sender's unit price"), ("list", "List price")],
        readonly=True,
        required=True,
        default="list",
    )
    unit_code = fields.Char("Source location code", readonly=True)
    location_id = fields.Many2one("health.location", readonly=True, ondelete="restrict")
    performer_id = fields.Many2one("health.practitioner", readonly=True, ondelete="restrict")
    modifiers = fields.Char(readonly=True)
    order_number = fields.Char(readonly=True)
    diagnosis_codes = fields.Char(readonly=True)
    fingerprint = fields.Char(readonly=True, help="Keyed hash of the content, to tell an amendment from a repetition")
    captured_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    billing_blocked = fields.Boolean(
        "Billing failed", readonly=True, help="Left out of billing until its exception is resolved"
    )
    billing_ids = fields.One2many("health.charge.billing", "charge_id", string="Invoice lines", readonly=True)
    move_ids = fields.Many2many("account.move", string="Invoices", compute="_compute_move_ids")
    move_count = fields.Integer(compute="_compute_move_ids")

    _key_unique = models.UniqueIndex(
        "(system_id, transaction_id, line)", "This system has already sent a charge with this transaction and line."
    )
    _due = models.Index("(encounter_id, service_date) WHERE state = 'captured'")
    _blocked = models.Index("(quarantine_reason, system_id, service_code) WHERE state = 'quarantined'")
    _awaited_visit = models.Index("(visit_key) WHERE state = 'quarantined' AND encounter_id IS NULL")
    _day = models.Index("(facility_id, service_date, state)")

    @api.depends("billing_ids.move_id")
    def _compute_move_ids(self):
        for charge in self:
            charge.move_ids = charge.billing_ids.move_id
            charge.move_count = len(charge.move_ids)

    @api.depends("transaction_id", "line")
    def _compute_display_name(self):
        for charge in self:
            charge.display_name = f"{charge.transaction_id}/{charge.line}"

    def write(self, vals):
        if "state" in vals or not self.env.su:
            raise UserError(self.env._("Charges are changed by the intake and by billing only."))
        return super().write(vals)

    # -- state -------------------------------------------------------------

    @api.model
    def _move(self, changes):
        """Move charges to a state, each with its own values: the one place where a state changes.

        :param changes: dicts with ``id`` and ``state`` and further stored columns
        :raises ValueError: when a charge is not in a state that may move there
        """
        self.env["health.charge"].flush_model()
        stamp = {"write_date": self.env.cr.now(), "write_uid": self.env.uid}
        groups = {}
        for change in ({**change, **stamp} for change in changes):
            columns = tuple(sorted(set(change) - {"id"}))
            groups.setdefault((change["state"], columns), []).append(
                (change["id"], *(change[column] for column in columns))
            )
        for (state, columns), rows in groups.items():
            sources = ", ".join(f"'{source}'" for source in sorted(states.SOURCES[state]))
            written = sql_rows.update_rows(
                self.env.cr,
                self._table,
                columns,
                rows,
                casts={column: self._fields[column].column_type[1] for column in columns},
                where=f"t.state IN ({sources})",
            )
            if len(written) != len({row[0] for row in rows}):
                raise ValueError(f"A charge cannot move to {state} from the state that it is in.")
        self.env["health.charge"].invalidate_model()

    # -- actions -----------------------------------------------------------

    def action_reevaluate(self):
        """Look again at quarantined charges, e.g. after master data was corrected."""
        self.check_access("write")
        self.sudo()._reevaluate(self.ids)
        return True

    def action_release(self):
        """Bill charges again whose invoice a person removed."""
        self._assert_manager()
        removed = self.filtered(
            lambda charge: charge.quarantine_reason == states.INVOICE_REMOVED and charge.state == states.QUARANTINED
        )
        if not removed:
            raise UserError(self.env._("Only charges whose invoice was removed can be released."))
        removed.sudo()._reevaluate(removed.ids, reasons=(states.INVOICE_REMOVED,))
        return True

    def action_not_billable(self):
        """Close open or quarantined charges as not billable: a manager's decision."""
        self._assert_manager()
        if self.filtered(lambda charge: charge.state not in (states.CAPTURED, states.QUARANTINED)):
            raise UserError(self.env._("Only open and quarantined charges can be set to not billable."))
        exceptions = self.sudo().exception_id
        self.sudo()._move(
            [
                {"id": charge.id, "state": states.NON_BILLABLE, "quarantine_reason": None, "exception_id": None}
                for charge in self
            ]
        )
        self.sudo()._settle_exceptions(exceptions.ids, "Charges set to not billable.")
        return True

    def action_open_invoices(self):
        """Open the invoices and credit notes of the charges."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_out_invoice_type")
        action["domain"] = [("id", "in", self.billing_ids.move_id.ids)]
        action["context"] = {"create": False}
        if len(self.billing_ids.move_id) == 1:
            action.update(view_mode="form", views=[(False, "form")], res_id=self.billing_ids.move_id.id)
        return action

    def action_open_encounter(self):
        """Open the visit that the charge belongs to."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "health.encounter",
            "view_mode": "form",
            "res_id": self.encounter_id.id,
        }

    def action_open_captures(self):
        """Open every reception of this charge, amendments and credits included."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge_capture")
        action["domain"] = [
            ("system_id", "=", self.system_id.id),
            ("transaction_id", "=", self.transaction_id),
            ("line", "=", self.line),
        ]
        return action

    def _assert_manager(self):
        self.check_access("write")
        if not self.env.user.has_group("health_revenue.group_manager"):
            raise UserError(self.env._("Only a revenue manager may do this."))
