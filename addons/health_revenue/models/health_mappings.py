from odoo import models
from odoo.tools import SQL

from .. import states

#: exception type -> mapping model whose approval resolves it
MAPPINGS = {
    "unmapped_service": "health.service.mapping",
    "unmapped_location": "health.location.mapping",
    "unmapped_payer": "health.payer.mapping",
}


class HealthServiceMapping(models.Model):
    _inherit = "health.service.mapping"

    def _on_approved(self):
        """Heal the charges that waited for these codes."""
        result = super()._on_approved()
        self.env["health.charge"].sudo()._heal(self, states.SERVICE, "service_code")
        return result


class HealthLocationMapping(models.Model):
    _inherit = "health.location.mapping"

    def _on_approved(self):
        """Heal the charges that waited for these codes."""
        result = super()._on_approved()
        self.env["health.charge"].sudo()._heal(self, states.LOCATION, "unit_code")
        return result


class HealthCharge(models.Model):
    _inherit = "health.charge"

    def _heal(self, mappings, reason, column):
        """Evaluate exactly the charges that these mappings blocked, in order of capture, as one set."""
        keys = {(mapping.system_id.id, mapping.code) for mapping in mappings}
        if keys:
            self._reevaluate(
                reasons=(reason,),
                condition=SQL("(c.system_id, %s) IN %s", SQL.identifier("c", column), tuple(keys)),
            )

    def action_map(self):
        """Open the mapping that this charge waits for."""
        self.ensure_one()
        return self.exception_id.action_map()
