from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get


class HealthFacility(models.Model):
    """A place of care that partners name in their messages, with its company and assigning authorities."""

    _name = "health.facility"
    _description = "Facility"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="Our own short code; also the visit authority when none is given.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="restrict"
    )
    analytic_account_id = fields.Many2one("account.analytic.account", "Analytic Account", check_company=True)
    patient_authority = fields.Char(
        "Patient Authority",
        help="Assigning authority of patient identifiers that arrive without one. Empty: the facility's code.",
    )
    visit_authority = fields.Char(
        "Visit Authority",
        help="Assigning authority of visit numbers that arrive without one. Empty: the facility's code.",
    )
    tz = fields.Selection(
        _tz_get,
        "Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="Decides service days.",
    )
    code_ids = fields.One2many("health.facility.code", "facility_id", "Sending Codes")
    location_ids = fields.One2many("health.location", "facility_id", "Locations")
    location_count = fields.Integer(compute="_compute_counts")
    encounter_count = fields.Integer("Open Encounters", compute="_compute_counts")

    _code_uniq = models.UniqueIndex("(company_id, code)", "A facility's code must be unique in its company.")

    @api.depends_context("uid")
    def _compute_counts(self):
        locations = dict(
            self.env["health.location"]._read_group([("facility_id", "in", self.ids)], ["facility_id"], ["__count"])
        )
        may_read = self.env["health.encounter"].has_access("read")
        encounters = (
            dict(
                self.env["health.encounter"]._read_group(
                    [("facility_id", "in", self.ids), ("status", "=", "in_progress")], ["facility_id"], ["__count"]
                )
            )
            if may_read
            else {}
        )
        for facility in self:
            facility.location_count = locations.get(facility, 0)
            facility.encounter_count = encounters.get(facility, 0)

    def action_open_encounters(self):
        """Open the facility's encounters that are in progress."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_encounter")
        return action | {
            "domain": [("facility_id", "in", self.ids)],
            "context": {"search_default_in_progress": 1},
        }

    def action_open_locations(self):
        """Open the facility's locations."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_location")
        return action | {
            "domain": [("facility_id", "in", self.ids)],
            "context": {"default_facility_id": self[:1].id},
        }
