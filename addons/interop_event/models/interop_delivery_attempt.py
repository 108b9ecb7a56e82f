from odoo import fields, models


class InteropDeliveryAttempt(models.Model):
    """One attempt that did not succeed; the one that did is the delivery itself."""

    _name = "interop.delivery.attempt"
    _description = "Delivery Attempt"
    _log_access = False
    _order = "id"

    delivery_id = fields.Many2one("interop.delivery", required=True, readonly=True, ondelete="cascade", index=True)
    number = fields.Integer(readonly=True)
    at = fields.Datetime(string="When", readonly=True)
    status = fields.Integer(string="HTTP Status", readonly=True)
    error_code = fields.Char(string="Error", readonly=True)
    milliseconds = fields.Integer(string="Latency (ms)", readonly=True)
    ambiguous = fields.Boolean(readonly=True)
