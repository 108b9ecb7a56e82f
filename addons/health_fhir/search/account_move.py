from odoo import models


class AccountMove(models.Model):
    """Only invoices of visits are FHIR resources, so the indexes hold no others."""

    _inherit = "account.move"

    _fhir_name_idx = models.Index("(name) WHERE health_encounter_id IS NOT NULL")
    _fhir_day_idx = models.Index("(invoice_date, id) WHERE health_encounter_id IS NOT NULL")
    _fhir_state_idx = models.Index("(state, payment_state, id) WHERE health_encounter_id IS NOT NULL")
    _fhir_changed_idx = models.Index("(write_date, id) WHERE health_encounter_id IS NOT NULL")
