from odoo import fields, models


class HealthPayerMapping(models.Model):
    """A source system's insurance company code and the payer that it stands for."""

    _name = "health.payer.mapping"
    _description = "Payer Mapping"
    _inherit = "health.mapping.mixin"
    _target_field = "payer_id"

    payer_id = fields.Many2one("health.payer", index=True, ondelete="restrict")

    def _on_approved(self):
        """Activate the coverages that waited for this code and resolve their exceptions.

        Upper addons learn of the encounters through ``health.intake._coverages_changed``.
        """
        result = super()._on_approved()
        self.env["health.coverage"].sudo()._heal(self.sudo())
        return result
