from odoo import api, models

from .. import throttle


class InteropThrottle(models.AbstractModel):
    """Keeps the table of ``throttle``: creates it, and sweeps empty buckets away."""

    _name = "interop.throttle"
    _description = "Throttle"

    def init(self):
        throttle.create_table(self.env.cr)

    @api.autovacuum
    def _sweep(self):
        return throttle.sweep(self.env.cr), 0
