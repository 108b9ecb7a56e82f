from odoo import fields, models


class InteropSubscriptionHealth(models.Model):
    """How an endpoint fares, written by the relay only: apart from the subscription, which people edit."""

    _name = "interop.subscription.health"
    _description = "Endpoint Health"
    _log_access = False

    subscription_id = fields.Many2one("interop.subscription", required=True, ondelete="cascade")
    failures = fields.Integer(help="Failures since the last success")
    failing_since = fields.Datetime()
    blocked_until = fields.Datetime(help="The breaker is open until then")
    last_success = fields.Datetime()
    last_failure = fields.Datetime()
    last_error = fields.Char()

    _one = models.UniqueIndex("(subscription_id)")
