from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [
    ("pending", "Waiting"),
    ("retry", "Waiting for retry"),
    ("failed", "Failed"),
    ("delivered", "Delivered"),
    ("discarded", "Discarded"),
]


class InteropDelivery(models.Model):
    """One event on its way to one subscription, and the log of that afterwards.

    Deliveries are a table of their own, not messages: a message has a sealed
    body, an idempotency index, a partition and an exception of its own, five
    rows and indexes that a delivery needs none of. All subscribers of an event
    get the same thin body, rendered from the event when it is sent, so a
    delivery is one narrow row. What a message gets from the hub (lanes with
    their locks, waking, places among the cron workers, pausing and the brake;
    exceptions with an owner; the audit trail) a delivery gets as well.
    """

    _name = "interop.delivery"
    _description = "Event Delivery"
    _log_access = False
    _order = "id desc"

    subscription_id = fields.Many2one("interop.subscription", required=True, readonly=True, ondelete="cascade")
    event_id = fields.Many2one("interop.event", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", readonly=True)
    position = fields.Integer(readonly=True)
    subject = fields.Char(readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="pending")
    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(readonly=True)
    status = fields.Integer(string="HTTP Status", readonly=True)
    milliseconds = fields.Integer(string="Latency (ms)", readonly=True, aggregator="avg")
    ambiguous = fields.Boolean(readonly=True, help="An attempt was sent without an answer: it may have been received")
    error_code = fields.Char(string="Error", readonly=True)
    replays = fields.Integer(readonly=True, help="How often a person sent it again")
    created_at = fields.Datetime(string="Handed Out", readonly=True)
    done_at = fields.Datetime(string="Delivered At", readonly=True)
    attempt_ids = fields.One2many("interop.delivery.attempt", "delivery_id", string="Failed Attempts", readonly=True)
    event_uuid = fields.Char(related="event_id.uuid", string="Event ID")
    event_type = fields.Char(related="event_id.type", string="Type of Event")
    waiting_for = fields.Char(compute="_compute_waiting_for", string="Waits For")

    _once = models.UniqueIndex("(subscription_id, event_id)")
    _pending = models.Index("(subscription_id, position) WHERE state = 'pending'")
    _due = models.Index("(subscription_id, next_attempt) WHERE state = 'retry'")
    _blocking = models.Index("(subscription_id, subject, position) WHERE state IN ('retry', 'failed')")
    _done = models.Index("(subscription_id, done_at) WHERE state = 'delivered'")

    def init(self):
        self.env.cr.execute(
            "ALTER TABLE interop_delivery SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.05)"
        )

    @api.depends("event_id", "subscription_id")
    def _compute_display_name(self):
        for delivery in self:
            delivery.display_name = f"{delivery.event_type} → {delivery.subscription_id.name}"

    @api.depends("state", "subscription_id.state")
    def _compute_waiting_for(self):
        for delivery in self:
            subscription = delivery.subscription_id
            delivery.waiting_for = False
            if delivery.state not in ("pending", "retry"):
                continue
            if subscription.state != "active":
                delivery.waiting_for = self.env._("the subscription to be active again")
            elif delivery.state == "retry":
                delivery.waiting_for = self.env._("its next attempt")
            else:
                delivery.waiting_for = self.env._("its turn")

    def _check_operator(self):
        self.check_access("read")
        self.env["interop.message"]._check_right("operator")

    def action_send_again(self):
        """Send these deliveries again now, with the same event id."""
        self._check_operator()
        self.env.cr.execute(
            """UPDATE interop_delivery SET state = 'pending', attempts = 0, next_attempt = NULL, done_at = NULL,
                      replays = COALESCE(replays, 0) + 1
                WHERE id = ANY(%s) AND state IN ('retry', 'failed', 'delivered', 'discarded')""",
            [self.ids],
        )
        self.invalidate_recordset()
        self.env["interop.lane"]._wake_subscriptions(self.subscription_id.ids)
        self.env["interop.audit.event"]._record("delivery.replay", self.subscription_id)
        return True

    def action_discard(self):
        """Give up deliveries that failed or wait."""
        self._check_operator()
        if any(delivery.state not in ("pending", "retry", "failed") for delivery in self):
            raise UserError(self.env._("Only deliveries that wait or failed can be discarded."))
        self.env.cr.execute(
            "UPDATE interop_delivery SET state = 'discarded', next_attempt = NULL"
            " WHERE id = ANY(%s) AND state IN ('pending', 'retry', 'failed')",
            [self.ids],
        )
        self.invalidate_recordset()
        self.env["interop.lane"]._wake_subscriptions(self.subscription_id.ids)
        self.env["interop.audit.event"]._record("delivery.discard", self.subscription_id)
        return True
