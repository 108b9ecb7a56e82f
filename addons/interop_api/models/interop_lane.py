from odoo import models


class InteropLane(models.Model):
    _inherit = "interop.lane"

    def write(self, vals):
        """Settings of lanes are kept with those of their interfaces, see ``_at_the_door``."""
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result
