from odoo import models


class HealthCharge(models.Model):
    _inherit = "health.charge"

    _fhir_transaction_idx = models.Index("(transaction_id)")
    _fhir_code_idx = models.Index("(service_code, id)")
    _fhir_day_idx = models.Index("(service_date, id)")
