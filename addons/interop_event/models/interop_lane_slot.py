from odoo import api, models

from ..listen import ListenerDrain
from ..relay import RelayDrain

DRAINS = {"events": RelayDrain, "listeners": ListenerDrain}


class InteropLaneSlot(models.Model):
    """Slots of lanes that carry events."""

    _inherit = "interop.lane.slot"

    @api.model
    def _drain_of(self, lane_id: int, number: int, *, dedicated: bool = False):
        self.env.cr.execute("SELECT purpose FROM interop_lane WHERE id = %s", [lane_id])
        row = self.env.cr.fetchone()
        if row and (drain := DRAINS.get(row[0])):
            return drain(self.env, lane_id, number, dedicated=dedicated)
        return super()._drain_of(lane_id, number, dedicated=dedicated)
