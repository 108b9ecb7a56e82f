from odoo import api, fields, models

from ..drain import LATENCY

MAX_PARALLELISM = 16


class InteropLane(models.Model):
    """A queue that background workers drain, in order per ordering key.

    A lane owns one scheduled action per slot; slot *i* of *n* processes the
    partitions *p* with ``p % n == i``.
    """

    _name = "interop.lane"
    _description = "Lane"
    _order = "sequence, id"

    name = fields.Char(required=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    latency_class = fields.Selection(
        [("realtime", "Real time"), ("standard", "Standard"), ("batch", "Batch")], required=True, default="standard"
    )
    parallelism = fields.Integer(
        default=1, required=True, help="How many workers may drain this lane at the same time, over all nodes"
    )
    batch_size = fields.Integer(default=200, required=True, help="Messages processed in one transaction")
    paused = fields.Boolean(copy=False)
    active = fields.Boolean(default=True)
    slot_ids = fields.One2many("interop.lane.slot", "lane_id", string="Slots")
    interface_ids = fields.One2many("interop.interface", "lane_id", string="Interfaces")

    _code_unique = models.UniqueIndex("(code)", "Another lane has this code.")
    _parallelism_range = models.Constraint(
        f"CHECK (parallelism BETWEEN 1 AND {MAX_PARALLELISM})",
        f"A lane has 1 to {MAX_PARALLELISM} parallel workers.",
    )
    _batch_range = models.Constraint(
        "CHECK (batch_size BETWEEN 1 AND 5000)", "A lane takes 1 to 5,000 messages in one transaction."
    )

    @api.model_create_multi
    def create(self, vals_list):
        lanes = super().create(vals_list)
        lanes._sync_slots()
        return lanes

    def write(self, vals):
        result = super().write(vals)
        if {"parallelism", "latency_class", "active", "name"} & vals.keys():
            self._sync_slots()
            self.env.registry.clear_cache()
        if vals.get("paused") is False:
            self._wake_after_commit()
        return result

    def unlink(self):
        crons = self.slot_ids.cron_id
        lanes = self.ids
        result = super().unlink()
        self.env.cr.execute("UPDATE interop_message SET lane_id = NULL WHERE lane_id = ANY(%s)", [lanes])
        crons.unlink()
        return result

    def _sync_slots(self):
        """Give each lane as many slots, with their scheduled actions, as its parallelism says."""
        missing = []
        for lane in self.with_context(active_test=False):
            have = set(lane.slot_ids.mapped("number"))
            missing += [
                {"lane_id": lane.id, "number": number} for number in range(lane.parallelism) if number not in have
            ]
        self.env["interop.lane.slot"].sudo().create(missing)
        self.sudo().slot_ids._sync_crons()

    def _wake_after_commit(self, slots=None):
        """Have a worker look at these lanes once the transaction is committed.

        :param slots: numbers of the slots that have work; all of them by default
        """
        for lane in self:
            numbers = sorted(slots) if slots is not None else list(range(lane.parallelism))
            self.env["interop.lane.slot"]._wake_after_commit(lane.id, numbers)

    def _budget(self) -> float:
        """Seconds that one run of a scheduled action may drain this lane before others get their turn."""
        return LATENCY[self.latency_class].budget

    def action_pause(self):
        """Stop draining after the running batch."""
        self._check_operator()
        self.write({"paused": True})
        self.env["interop.audit.event"]._record("lane.pause", self)

    def action_resume(self):
        """Drain again."""
        self._check_operator()
        self.write({"paused": False})
        self.env["interop.audit.event"]._record("lane.resume", self)

    def _check_operator(self):
        self.env["interop.message"]._check_right("operator")

    @api.model
    def _brake_is_on(self) -> bool:
        return bool(self.env["ir.config_parameter"].sudo().get_param("interop_hub.brake"))

    @api.model
    def action_brake(self):
        """Stop every lane and every door at once."""
        self._set_brake(True)

    @api.model
    def action_release_brake(self):
        """Let all lanes and doors work again."""
        self._set_brake(False)

    @api.model
    def _set_brake(self, on: bool):
        self._check_operator()
        self.env["ir.config_parameter"].sudo().set_param("interop_hub.brake", "1" if on else False)
        self.env["interop.audit.event"]._record("brake.on" if on else "brake.off", self)
        if not on:
            self.sudo().search([])._wake_after_commit()
