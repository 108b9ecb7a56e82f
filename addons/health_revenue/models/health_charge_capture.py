from odoo import fields, models
from odoo.exceptions import UserError


class HealthChargeCapture(models.Model):
    """One charge or credit as it was received: the append-only side of the ledger.

    A row is never changed and never removed; a trigger of the database refuses
    both, with one exception: the retention of messages may clear ``message_id``.
    """

    _name = "health.charge.capture"
    _description = "Charge Reception"
    _order = "id desc"

    system_id = fields.Many2one("interop.system", required=True, readonly=True, ondelete="restrict")
    transaction_id = fields.Char("Transaction", required=True, readonly=True)
    line = fields.Integer(required=True, readonly=True)
    action = fields.Selection([("charge", "Charge"), ("credit", "Credit")], required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    facility_id = fields.Many2one("health.facility", required=True, readonly=True, ondelete="restrict")
    service_date = fields.Date(required=True, readonly=True)
    quantity = fields.Float(digits=(16, 4), readonly=True)
    amount = fields.Monetary(readonly=True, help="As sent; empty when the sender leaves the price to us")
    message_id = fields.Many2one("interop.message", readonly=True, ondelete="set null")
    captured_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)

    _message_unique = models.UniqueIndex(
        "(message_id, transaction_id, line)", "This line of the message has been captured already."
    )
    _key = models.Index("(system_id, transaction_id, line, id)")
    _day = models.Index("(facility_id, service_date)")

    def init(self):
        """Let the database itself refuse to change what was received."""
        super().init()
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION health_charge_capture_append_only() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND NEW.message_id IS NULL
                   AND to_jsonb(NEW) - 'message_id' = to_jsonb(OLD) - 'message_id' THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'health_charge_capture is append-only';
            END $$;
            CREATE OR REPLACE TRIGGER health_charge_capture_append_only
                BEFORE UPDATE OR DELETE ON health_charge_capture
                FOR EACH ROW EXECUTE FUNCTION health_charge_capture_append_only();
            """
        )

    def write(self, vals):
        raise UserError(self.env._("What was received cannot be changed."))

    def unlink(self):
        raise UserError(self.env._("What was received cannot be removed."))
