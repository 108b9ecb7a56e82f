from odoo import api, fields, models, tools


class InteropLane(models.Model):
    """Lanes also carry events: what is drained differs, who drains it and when does not."""

    _inherit = "interop.lane"

    purpose = fields.Selection(
        [("messages", "Messages"), ("events", "Events to receivers"), ("listeners", "Events to listeners in Odoo")],
        required=True,
        default="messages",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if {"purpose", "active", "parallelism"} & vals.keys():
            self.env.registry.clear_cache()
        return super().write(vals)

    @api.model
    @tools.ormcache("purpose")
    def _event_lane(self, purpose: str) -> tuple[int, int] | None:
        """``(id, parallelism)`` of the lane that carries events of this purpose."""
        lane = self.sudo().search([("purpose", "=", purpose)], limit=1)
        return (lane.id, lane.parallelism) if lane else None

    @api.model
    def _wake_fan_out(self) -> None:
        """After the commit, have somebody look for new events."""
        if lane := self._event_lane("events"):
            self.env["interop.lane.slot"]._wake_after_commit(lane[0], [0])

    @api.model
    def _wake_subscriptions(self, subscription_ids) -> None:
        """After the commit, have somebody look at these subscriptions' deliveries."""
        if not subscription_ids:
            return
        self.env.cr.execute(
            "SELECT DISTINCT kind = 'listener', id FROM interop_subscription WHERE id = ANY(%s)",
            [list(subscription_ids)],
        )
        calls: dict[int, set[int]] = {}
        for inside, subscription_id in self.env.cr.fetchall():
            if lane := self._event_lane("listeners" if inside else "events"):
                calls.setdefault(lane[0], set()).add(subscription_id % lane[1])
        own_lane, own_number = self.env.context.get("interop_own_slot") or (None, None)
        for lane_id, numbers in calls.items():
            if lane_id == own_lane:
                numbers.discard(own_number)  # who asks is draining it
            self.env["interop.lane.slot"]._wake_after_commit(lane_id, sorted(numbers))
