from odoo import fields, models


class HealthServiceMapping(models.Model):
    """A source system's service code and the catalog entry that it stands for."""

    _name = "health.service.mapping"
    _description = "Service Mapping"
    _inherit = "health.mapping.mixin"
    _target_field = "service_id"

    service_id = fields.Many2one("health.service", index=True, ondelete="restrict")
