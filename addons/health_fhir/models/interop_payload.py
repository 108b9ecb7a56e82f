from odoo import api, models


class InteropPayload(models.Model):
    _inherit = "interop.payload"

    @api.model
    def _sealed_tables(self):
        return [
            *super()._sealed_tables(),
            (
                "health_fhir_version",
                "key_id",
                "sealed",
                "(health_fhir_version.resource_id || ':' || health_fhir_version.number)",
            ),
        ]
