from odoo import fields, models


class HealthLocationMapping(models.Model):
    """A source system's unit code and the location that it stands for."""

    _name = "health.location.mapping"
    _description = "Location Mapping"
    _inherit = "health.mapping.mixin"
    _target_field = "location_id"

    location_id = fields.Many2one("health.location", index=True, ondelete="restrict")

    def _on_approved(self):
        """Give the rows that waited for this code their location, and the encounters that are there."""
        result = super()._on_approved()
        self.env["health.encounter.location"].sudo()._heal(self.sudo())
        return result
