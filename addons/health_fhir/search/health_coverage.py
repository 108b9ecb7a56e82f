from odoo import models


class HealthCoverage(models.Model):
    _inherit = "health.coverage"

    _fhir_state_idx = models.Index("(state, id)")
    _fhir_changed_idx = models.Index("(write_date, id)")
