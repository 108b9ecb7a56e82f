from odoo import api, fields, models

CLASSES = [
    ("inpatient", "Inpatient"),
    ("outpatient", "Outpatient"),
    ("emergency", "Emergency"),
    ("preadmit", "Preadmit"),
    ("recurring", "Recurring"),
    ("obstetrics", "Obstetrics"),
    ("other", "Other"),
]

STATUSES = [
    ("planned", "Planned"),
    ("in_progress", "In Progress"),
    ("finished", "Finished"),
    ("cancelled", "Cancelled"),
]


class HealthEncounter(models.Model):
    """One visit of a patient, as the clinical system tells it.

    Identified by assigning authority and visit number. Written by
    ``health.intake`` in bulk; stored fields are plain columns on purpose.
    """

    _name = "health.encounter"
    _description = "Encounter"
    _inherit = ["interop.owned.mixin", "interop.linked.mixin"]
    _rec_name = "number"
    _order = "id desc"
    _check_company_auto = True

    number = fields.Char("Visit Number", required=True)
    authority = fields.Char("Assigning Authority", required=True)
    account_id = fields.Many2one("health.patient.account", required=True, index=True, ondelete="restrict")
    facility_id = fields.Many2one("health.facility", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, ondelete="restrict")
    system_id = fields.Many2one("interop.system", "Source System", ondelete="restrict")
    class_code = fields.Selection(CLASSES, "Class", required=True, default="other")
    status = fields.Selection(STATUSES, required=True, default="in_progress")
    admitted_at = fields.Datetime("Admitted")
    discharged_at = fields.Datetime("Discharged")
    attending_id = fields.Many2one("health.practitioner", "Attending", index="btree_not_null", ondelete="restrict")
    account_number = fields.Char("Account Number", help="The sender's financial account number (PID-18).")
    location_id = fields.Many2one("health.location", "Location", index="btree_not_null", ondelete="restrict")
    location_label = fields.Char("Point of Care", help="Unit, room and bed as the sender names them.")
    primary_coverage_id = fields.Many2one(
        "health.coverage", "Primary Coverage", index="btree_not_null", ondelete="restrict"
    )
    merged_into_id = fields.Many2one(
        "health.encounter", "Merged Into", index="btree_not_null", ondelete="restrict", readonly=True, copy=False
    )
    location_ids = fields.One2many("health.encounter.location", "encounter_id", "Locations")
    coverage_ids = fields.One2many("health.encounter.coverage", "encounter_id", "Coverages")
    diagnosis_ids = fields.One2many("health.encounter.diagnosis", "encounter_id", "Diagnoses")
    coverage_state = fields.Selection(related="primary_coverage_id.state", string="Coverage State")
    birth_date = fields.Date(related="account_id.birth_date")
    length_days = fields.Integer("Days", compute="_compute_length_days")

    _number_uniq = models.UniqueIndex("(authority, number)", "This visit exists already.")
    _number_idx = models.Index("(number)")
    _status_idx = models.Index("(company_id, status, facility_id)")
    _discharged_idx = models.Index("(discharged_at) WHERE discharged_at IS NOT NULL")

    @api.depends("admitted_at", "discharged_at", "status")
    def _compute_length_days(self):
        now = fields.Datetime.now()
        for encounter in self:
            end = encounter.discharged_at or (now if encounter.status == "in_progress" else encounter.admitted_at)
            start = encounter.admitted_at
            encounter.length_days = (end.date() - start.date()).days if start and end else 0

    def _survivors(self):
        """Return the encounters with each merged one replaced by the visit that it ended in."""
        survivors = self
        while survivors.merged_into_id:
            survivors = survivors.browse(dict.fromkeys(visit.merged_into_id.id or visit.id for visit in survivors))
        return survivors

    def _cost_centers(self):
        """Return ``{encounter: analytic account}`` of where each encounter is now (may be empty)."""
        return {
            encounter: encounter.location_id._cost_center() or encounter.facility_id.analytic_account_id
            for encounter in self
        }

    def action_open_account(self):
        """Open the patient account."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "health.patient.account",
            "res_id": self.account_id.id,
            "view_mode": "form",
        }
