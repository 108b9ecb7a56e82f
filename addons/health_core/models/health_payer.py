from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HealthPayer(models.Model):
    """Who pays: an insurer or public scheme, with the partner that is invoiced and the patient's share."""

    _name = "health.payer"
    _description = "Payer"
    _inherit = "interop.owned.mixin"
    _order = "name, id"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char("Payer ID", help="The payer's own or the clearinghouse's identifier.")
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("commercial", "Commercial"),
            ("public", "Public"),
            ("workers", "Workers' Compensation"),
            ("other", "Other"),
        ],
        required=True,
        default="commercial",
    )
    company_id = fields.Many2one("res.company", index=True, help="Empty: shared by all companies.")
    partner_id = fields.Many2one(
        "res.partner", "Invoiced Partner", required=True, index=True, ondelete="restrict", check_company=True
    )
    patient_share = fields.Float(
        "Patient Share (%)", digits=(5, 2), help="Percentage of each charge that the patient pays."
    )
    mapping_ids = fields.One2many("health.payer.mapping", "payer_id", "Source Codes")
    coverage_count = fields.Integer("Coverages", compute="_compute_coverage_count")

    _code_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), code) WHERE code IS NOT NULL", "This payer ID is in use already."
    )

    @api.constrains("patient_share")
    def _check_patient_share(self):
        if any(not 0 <= payer.patient_share <= 100 for payer in self):
            raise ValidationError(self.env._("The patient's share is a percentage from 0 to 100."))

    @api.depends_context("uid")
    def _compute_coverage_count(self):
        Coverage = self.env["health.coverage"]
        counts = (
            dict(Coverage._read_group([("payer_id", "in", self.ids)], ["payer_id"], ["__count"]))
            if Coverage.has_access("read")
            else {}
        )
        for payer in self:
            payer.coverage_count = counts.get(payer, 0)

    def action_open_coverages(self):
        """Open the coverages that this payer stands behind."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_coverage")
        return action | {"domain": [("payer_id", "in", self.ids)], "context": {}}
