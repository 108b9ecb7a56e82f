from odoo import api, fields, models

#: Matches whatever code the system sends, when no exact code does.
ANY_CODE = "*"


class HealthFacilityCode(models.Model):
    """The code under which one system sends for a facility (HL7 MSH-4)."""

    _name = "health.facility.code"
    _description = "Sending Facility Code"
    _rec_name = "code"
    _order = "system_id, code, id"

    facility_id = fields.Many2one("health.facility", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="facility_id.company_id", store=True, index=True)
    system_id = fields.Many2one("interop.system", required=True, ondelete="cascade")
    code = fields.Char(
        required=True, default=ANY_CODE, help='The sender\'s code of the facility; "*" stands for any code.'
    )

    _code_uniq = models.UniqueIndex("(system_id, code)", "This system's code already stands for a facility.")

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._replay_blocked()
        return records

    def write(self, vals):
        result = super().write(vals)
        if {"system_id", "code"} & vals.keys():
            self._replay_blocked()
        return result

    def _replay_blocked(self):
        """Resolve the open ``unknown_facility`` exceptions that these codes answer; their messages run again."""
        domain = fields.Domain.OR(
            [("key", "=like", f"{code.system_id.code}:%")]
            if code.code == ANY_CODE
            else [("key", "=", f"{code.system_id.code}:{code.code}")]
            for code in self
        )
        exceptions = (
            self.env["interop.exception"]
            .sudo()
            .search([("type", "=", "unknown_facility"), ("state", "!=", "resolved"), *domain])
        )
        if exceptions:
            exceptions._resolve(self.env._("The sending facility is known now."))
