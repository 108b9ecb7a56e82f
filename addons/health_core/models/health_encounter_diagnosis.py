from odoo import fields, models


class HealthEncounterDiagnosis(models.Model):
    """A diagnosis of a visit, as sent (HL7 DG1)."""

    _name = "health.encounter.diagnosis"
    _description = "Encounter Diagnosis"
    _rec_name = "code"
    _order = "encounter_id, sequence, id"

    encounter_id = fields.Many2one("health.encounter", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(required=True, default=1)
    code = fields.Char(required=True)
    coding_system = fields.Char("Coding System")
    description = fields.Char()
    type = fields.Char(help="As sent: A admitting, W working, F final.")
