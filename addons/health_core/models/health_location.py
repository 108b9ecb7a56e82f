from odoo import api, fields, models


class HealthLocation(models.Model):
    """A ward, clinic, theatre or other unit of a facility; carries the cost center and the stock location."""

    _name = "health.location"
    _description = "Care Location"
    _parent_name = "parent_id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name", "code"]
    _order = "facility_id, complete_name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    complete_name = fields.Char(compute="_compute_complete_name", recursive=True, store=True)
    code = fields.Char("Unit Code", required=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("ward", "Ward"),
            ("clinic", "Clinic"),
            ("emergency", "Emergency"),
            ("theatre", "Theatre"),
            ("diagnostic", "Diagnostic"),
            ("other", "Other"),
        ],
        required=True,
        default="ward",
    )
    facility_id = fields.Many2one("health.facility", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="facility_id.company_id", store=True, index=True)
    parent_id = fields.Many2one(
        "health.location", index=True, ondelete="restrict", domain="[('facility_id', '=', facility_id)]"
    )
    parent_path = fields.Char(index=True)
    analytic_account_id = fields.Many2one(
        "account.analytic.account", "Cost Center", check_company=True, help="Empty: the parent's, else the facility's."
    )
    stock_location_id = fields.Many2one(
        "stock.location", "Stock Location", check_company=True, help="Where this unit's supplies are consumed from."
    )
    mapping_ids = fields.One2many("health.location.mapping", "location_id", "Source Codes")

    _code_uniq = models.UniqueIndex("(facility_id, code)", "A unit's code must be unique in its facility.")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for location in self:
            parent = location.parent_id.complete_name
            location.complete_name = f"{parent} / {location.name}" if parent else location.name

    def _cost_center(self):
        """Return the analytic account that bears this location's cost: its own, a parent's, or the facility's."""
        location = self
        while location and not location.analytic_account_id:
            location = location.parent_id
        return location.analytic_account_id or self.facility_id.analytic_account_id
