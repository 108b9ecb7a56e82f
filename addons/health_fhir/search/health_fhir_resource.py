from odoo import models


class HealthFhirResource(models.Model):
    """The column ``lookup_keys`` holds hashes of identifiers and is read by SQL only."""

    _inherit = "health.fhir.resource"

    #: What every search leaves out; few, however many resources there are.
    _deleted_idx = models.Index("(res_model, type, res_id) WHERE deleted AND res_id IS NOT NULL")

    def init(self):
        super().init()
        self.env.cr.execute("ALTER TABLE health_fhir_resource ADD COLUMN IF NOT EXISTS lookup_keys text[]")
        self.env.cr.execute(
            """CREATE INDEX IF NOT EXISTS health_fhir_resource_lookup_idx ON health_fhir_resource
                USING gin (lookup_keys) WHERE lookup_keys IS NOT NULL"""
        )
