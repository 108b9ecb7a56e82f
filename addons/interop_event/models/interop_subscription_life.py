from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..emission import Happened
from .interop_event_type import TEST


class InteropSubscription(models.Model):
    """Activating, pausing, testing, recovering, replaying, and how it fares."""

    _inherit = "interop.subscription"

    stopped_position = fields.Integer(readonly=True, copy=False, help="Last event handed out before it was disabled")
    disabled_at = fields.Datetime(readonly=True, copy=False)
    disabled_reason = fields.Char(readonly=True, copy=False)
    delivery_ids = fields.One2many("interop.delivery", "subscription_id", string="Deliveries", readonly=True)
    waiting_count = fields.Integer(string="Waiting", compute="_compute_figures")
    failed_count = fields.Integer(string="Failed", compute="_compute_figures")
    delivered_count = fields.Integer(string="Delivered in 24 h", compute="_compute_figures")
    success_rate = fields.Float(
        string="Success Rate", compute="_compute_figures", help="Of all attempts of the last 24 hours"
    )
    latency = fields.Integer(string="Latency (ms)", compute="_compute_figures", help="Median of the last 24 hours")
    last_success = fields.Datetime(compute="_compute_figures")
    last_failure = fields.Datetime(compute="_compute_figures")
    last_error = fields.Char(compute="_compute_figures")
    failures = fields.Integer(string="Failures in a Row", compute="_compute_figures")
    blocked_until = fields.Datetime(string="Left Alone Until", compute="_compute_figures")
    health = fields.Selection(
        [("good", "Healthy"), ("failing", "Failing"), ("broken", "Broken"), ("idle", "Nothing sent")],
        compute="_compute_figures",
    )

    def _compute_figures(self):
        self.env.cr.execute(
            """SELECT s.id, w.pending, w.failed, d.delivered, d.latency, a.failures,
                      h.last_success, h.last_failure, h.last_error, h.failures, h.blocked_until
                 FROM unnest(%s::int[]) AS s(id)
            LEFT JOIN interop_subscription_health h ON h.subscription_id = s.id
            LEFT JOIN LATERAL (
                   SELECT (SELECT count(*) FROM interop_delivery WHERE subscription_id = s.id AND state = 'pending')
                        + (SELECT count(*) FROM interop_delivery WHERE subscription_id = s.id AND state = 'retry')
                          AS pending,
                          (SELECT count(*) FROM interop_delivery
                            WHERE subscription_id = s.id AND state IN ('retry', 'failed') AND state = 'failed')
                          AS failed) w ON TRUE
            LEFT JOIN LATERAL (
                   SELECT count(*) AS delivered,
                          percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds) AS latency
                     FROM interop_delivery WHERE subscription_id = s.id AND state = 'delivered'
                      AND done_at >= now() AT TIME ZONE 'UTC' - interval '24 hours') d ON TRUE
            LEFT JOIN LATERAL (
                   SELECT count(*) AS failures FROM interop_delivery_attempt a
                     JOIN interop_delivery x ON x.id = a.delivery_id
                    WHERE x.subscription_id = s.id
                      AND a.at >= now() AT TIME ZONE 'UTC' - interval '24 hours') a ON TRUE""",
            [self.ids],
        )
        found = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for record in self:
            row = found.get(record.id, (0,) * 5 + (None,) * 5)
            record.waiting_count, record.failed_count, record.delivered_count = row[0] or 0, row[1] or 0, row[2] or 0
            tried = record.delivered_count + (row[4] or 0)
            record.success_rate = record.delivered_count / tried if tried else 0.0
            record.latency = int(row[3] or 0)
            record.last_success = row[5] and row[5].replace(microsecond=0)
            record.last_failure = row[6] and row[6].replace(microsecond=0)
            record.last_error = row[7]
            record.failures = row[8] or 0
            record.blocked_until = row[9] and row[9].replace(microsecond=0)
            if record.state == "disabled":
                record.health = "broken"
            elif record.failures or record.failed_count:
                record.health = "failing"
            else:
                record.health = "good" if row[5] else "idle"

    # -- state ---------------------------------------------------------------

    def _check_operator(self):
        self.check_access("read")
        if not self.env.su:
            self.env["interop.message"]._check_right("operator")

    def action_activate(self):
        """Hand events out from now on."""
        self.check_access("write")
        for record in self.filtered(lambda record: record.state == "draft"):
            if record.kind == "webhook" and not record.sudo().secret_ids._in_force():
                record.sudo()._add_secret()
        self.sudo().write({"state": "active", "disabled_at": False, "disabled_reason": False})
        return True

    def action_pause(self):
        """Keep what comes, and send it after resuming."""
        self._check_operator()
        self.sudo().filtered(lambda record: record.state == "active").write({"state": "paused"})
        return True

    def action_resume(self):
        """Send again, beginning with what waited."""
        self._check_operator()
        paused = self.sudo().filtered(lambda record: record.state == "paused")
        paused.write({"state": "active"})
        return True

    def action_test(self):
        """Send a test event to these subscriptions only."""
        self._check_operator()
        idle = self.filtered(lambda record: record.state != "active")
        if idle:
            raise UserError(self.env._("%s is not active.", idle[0].name))
        self.env["interop.event"].sudo()._emit(
            [Happened(TEST, ("interop.subscription", record.id), record.company_id.id) for record in self]
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("A test event is on its way; see the delivery log."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _disable(self, reason: str, code: str) -> None:
        """Stop subscriptions whose receiver does not take events any more, and tell their owners, once.

        :param reason: for a person
        :param code: of the last error
        """
        self.env.cr.execute("SELECT COALESCE(max(position), 0) FROM interop_event")
        position = self.env.cr.fetchone()[0]
        running = self.filtered(lambda record: record.state in ("active", "paused"))
        running.write(
            {
                "state": "disabled",
                "disabled_at": fields.Datetime.now(),
                "disabled_reason": reason,
                "stopped_position": position,
            }
        )
        self.env["interop.exception"]._open(
            [
                {
                    "type": "subscription",
                    "key": record.uuid,
                    "name": self.env._("Events to %(name)s are stopped: %(reason)s", name=record.name, reason=reason),
                    "company_id": (record.company_id or self.env.company).id,
                    "owner_id": record.owner_id.id,
                    "res_model": record._name,
                    "res_id": record.id,
                }
                for record in running
            ]
        )

    def action_recover(self):
        """Go on with a disabled subscription: what failed and what was missed meanwhile is sent."""
        self._check_operator()
        for record in self.sudo().filtered(lambda record: record.state == "disabled"):
            position = record.stopped_position
            record.write({"state": "active", "disabled_at": False, "disabled_reason": False})
            record.flush_recordset()
            record._forget_failures()
            self.env.cr.execute(
                """UPDATE interop_delivery SET state = 'pending', attempts = 0, next_attempt = NULL
                    WHERE subscription_id = %s AND state IN ('retry', 'failed')""",
                [record.id],
            )
            record._replay(position=position + 1)
        exceptions = self.env["interop.exception"].sudo()
        exceptions.search(
            [
                ("type", "=", "subscription"),
                ("key", "in", self.mapped("uuid")),
                ("state", "in", ("open", "in_progress")),
            ]
        )._resolve(self.env._("The subscription goes on"))
        self.env["interop.audit.event"]._record("subscription.recover", self)
        self.env["interop.lane"]._wake_subscriptions(self.ids)
        return True

    def _forget_failures(self):
        self.env.cr.execute(
            "UPDATE interop_subscription_health SET failures = 0, failing_since = NULL, blocked_until = NULL"
            " WHERE subscription_id = ANY(%s)",
            [self.ids],
        )

    # -- replay --------------------------------------------------------------

    def _replay(self, *, position: int | None = None, since=None, again: bool = False) -> int:
        """Hand out events of the past that are still kept; return how many deliveries.

        :param position: from this place in the stream on
        :param since: or of events that happened at this moment or later
        :param again: also those that were delivered or given up
        """
        self.env.flush_all()
        if since is not None:
            condition, values = "e.occurred_at >= %s", [since]
        else:
            condition, values = "e.position >= %s", [position or 0]
        return self.env["interop.event"]._make_deliveries(
            f"s.id = ANY(%s) AND e.position IS NOT NULL AND {condition}", [self.ids, *values], again=again
        )

    def action_replay(self):
        """Ask from when on events are to be sent again."""
        self._check_operator()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Again"),
            "res_model": "interop.subscription.replay",
            "view_mode": "form",
            "target": "new",
            "context": {"default_subscription_id": self.id},
        }

    # -- screens -------------------------------------------------------------

    def action_open_deliveries(self):
        """The delivery log of these subscriptions."""
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_event.action_delivery")
        state = self.env.context.get("delivery_state")
        return {
            **action,
            "domain": [("subscription_id", "in", self.ids)],
            "context": {f"search_default_{state}": 1} if state else {},
        }

    @api.model
    def _watch_failing(self) -> None:
        """Disable what has failed for longer than it may; called by a scheduled action and by the relay."""
        self.env.cr.execute(
            """SELECT s.id FROM interop_subscription s JOIN interop_subscription_health h ON h.subscription_id = s.id
                WHERE s.state = 'active' AND s.kind <> 'listener' AND s.disable_after_hours > 0
                  AND h.failing_since < now() AT TIME ZONE 'UTC' - make_interval(hours => s.disable_after_hours)"""
        )
        failing = self.browse([row[0] for row in self.env.cr.fetchall()])
        for record in failing:
            days = timedelta(hours=record.disable_after_hours)
            record._disable(self.env._("no event was taken for %s", str(days).removesuffix(", 0:00:00")), "failing")
