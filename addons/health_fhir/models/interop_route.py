from odoo import api, models


class InteropRoute(models.TransientModel):
    _inherit = "interop.route"

    @api.model
    def _scopes(self):
        """Those of the FHIR types as well (SMART App Launch 2)."""
        types = self.env["health.fhir.mapper"]._served()
        return sorted({*super()._scopes(), *(f"system/{name}.{verbs}" for name in types for verbs in ("rs", "cruds"))})
