from odoo import fields, models
from odoo.exceptions import UserError


class InteropSubscriptionReplay(models.TransientModel):
    """Asks from when on a subscription gets events once more."""

    _name = "interop.subscription.replay"
    _description = "Send Events Again"

    subscription_id = fields.Many2one("interop.subscription", required=True, readonly=True)
    start = fields.Selection(
        [("time", "From a moment on"), ("position", "From a place in the stream on")], required=True, default="time"
    )
    since = fields.Datetime(default=fields.Datetime.now)
    position = fields.Integer()
    again = fields.Boolean(string="Also What Was Delivered", help="The receiver knows repeated events by their id")
    count = fields.Integer(string="Events", compute="_compute_count", help="Recorded since then")

    def _compute_count(self):
        for wizard in self:
            wizard.count = self.env["interop.event"].search_count(wizard._domain())

    def _domain(self):
        return [("occurred_at", ">=", self.since)] if self.start == "time" else [("position", ">=", self.position)]

    def action_confirm(self):
        """Hand the events out."""
        self.ensure_one()
        subscription = self.subscription_id
        subscription._check_operator()
        if subscription.state not in ("active", "paused"):
            raise UserError(self.env._("%s is not active.", subscription.name))
        since = self.since if self.start == "time" else None
        subscription.sudo()._replay(position=self.position, since=since, again=self.again)
        self.env["interop.audit.event"]._record("subscription.replay", subscription)
        return subscription.action_open_deliveries()
