from odoo import fields, models


class InteropSubscriptionReveal(models.TransientModel):
    """Shows a secret once."""

    _name = "interop.subscription.reveal"
    _description = "Secret of a Subscription"
    _transient_max_hours = 0.1

    subscription_id = fields.Many2one("interop.subscription", readonly=True)
    value = fields.Char(string="Secret", readonly=True)
