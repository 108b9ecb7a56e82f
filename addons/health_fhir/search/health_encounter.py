from odoo import models

from .declared import ENCOUNTER_PERIOD


class HealthEncounter(models.Model):
    _inherit = "health.encounter"

    _fhir_start_idx = models.Index(ENCOUNTER_PERIOD.indexes()[0])
    _fhir_end_idx = models.Index(ENCOUNTER_PERIOD.indexes()[1])
    _fhir_status_idx = models.Index("(status, id)")
    _fhir_class_idx = models.Index("(class_code, id)")
