from odoo import api, models

#: Context key: codes are resolved for messages, which wait when a code is unknown.
FOR_INTAKE = "health_intake"


class HealthMappingMixin(models.AbstractModel):
    """A code mapping whose approval and whose users in other transactions cannot miss each other."""

    _name = "health.mapping.mixin"
    _description = "Code Mapping of Care Data"
    _inherit = "interop.mapping.mixin"

    @api.model
    def _resolve_codes(self, system_id, codes, on=None):
        found = super()._resolve_codes(system_id, codes, on)
        if self.env.context.get(FOR_INTAKE):
            self._meet((system_id, code) for code in codes if code not in found)
        return found

    def _on_approved(self):
        self._meet((mapping.system_id.id, mapping.code) for mapping in self)
        return super()._on_approved()

    def _meet(self, keys):
        self.env["health.intake.gate"].sudo()._meet(self._name, keys)
