from odoo import models

from .columns import fold_index


class HealthPatientAccount(models.Model):
    _inherit = "health.patient.account"

    _fhir_family_idx = models.Index(fold_index("family"))
    _fhir_given_idx = models.Index(fold_index("given"))
    _fhir_middle_idx = models.Index(fold_index("middle"))
    _fhir_birth_idx = models.Index("(birth_date, id)")
    _fhir_sex_idx = models.Index("(sex, id)")
    _fhir_changed_idx = models.Index("(write_date, id)")
    _fhir_inactive_idx = models.Index("(id) WHERE active IS FALSE")
