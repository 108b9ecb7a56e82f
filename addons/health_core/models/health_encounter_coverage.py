from odoo import fields, models


class HealthEncounterCoverage(models.Model):
    """A coverage in the order in which it is used for one visit."""

    _name = "health.encounter.coverage"
    _description = "Encounter Coverage"
    _rec_name = "coverage_id"
    _order = "encounter_id, sequence, id"

    encounter_id = fields.Many2one("health.encounter", required=True, ondelete="cascade")
    coverage_id = fields.Many2one("health.coverage", required=True, index=True, ondelete="restrict")
    sequence = fields.Integer(required=True, default=1, help="1 = primary.")
    state = fields.Selection(related="coverage_id.state")
    payer_id = fields.Many2one(related="coverage_id.payer_id")
    payer_code = fields.Char(related="coverage_id.payer_code")
    member_id = fields.Char(related="coverage_id.member_id")

    _coverage_uniq = models.UniqueIndex("(encounter_id, coverage_id)", "The visit has this coverage already.")
