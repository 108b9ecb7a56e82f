from odoo import models


class HealthFhirResource(models.Model):
    _inherit = "health.fhir.resource"

    #: What every search leaves out; few, however many resources there are.
    _deleted_idx = models.Index("(res_model, type, res_id) WHERE deleted AND res_id IS NOT NULL")
