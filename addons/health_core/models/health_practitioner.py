from odoo import api, fields, models


class HealthPractitioner(models.Model):
    """Someone who attends, performs or orders; linked to the employee where there is one."""

    _name = "health.practitioner"
    _description = "Practitioner"
    _order = "name, id"
    _rec_names_search = ["name", "npi"]

    name = fields.Char(compute="_compute_name", store=True, readonly=False, index="trigram")
    family = fields.Char("Family Name")
    given = fields.Char("Given Name")
    active = fields.Boolean(default=True)
    npi = fields.Char("NPI", help="National Provider Identifier.")
    specialty = fields.Char()
    employee_id = fields.Many2one("hr.employee", index="btree_not_null", ondelete="set null")
    company_id = fields.Many2one("res.company", index=True, help="Empty: works for all companies.")
    identifier_ids = fields.One2many("health.practitioner.identifier", "practitioner_id", "Identifiers")
    from_message = fields.Boolean(
        "From a Message", readonly=True, help="Created because a message named an unknown practitioner."
    )

    _npi_uniq = models.UniqueIndex("(npi) WHERE npi IS NOT NULL", "This NPI belongs to another practitioner.")
    _employee_uniq = models.UniqueIndex(
        "(employee_id) WHERE employee_id IS NOT NULL", "This employee is another practitioner already."
    )

    @api.depends("family", "given")
    def _compute_name(self):
        for practitioner in self:
            name = ", ".join(part for part in (practitioner.family, practitioner.given) if part)
            practitioner.name = name or practitioner.name
