from odoo import fields, models


class InteropSystem(models.Model):
    """An application that messages are exchanged with."""

    _name = "interop.system"
    _description = "External System"
    _order = "name"

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="Short name used in exception keys and mappings, e.g. EHR")
    kind = fields.Selection(
        [
            ("ehr", "Electronic health record"),
            ("billing", "Billing"),
            ("scheduling", "Scheduling"),
            ("laboratory", "Laboratory"),
            ("pharmacy", "Pharmacy"),
            ("payer", "Payer"),
            ("clearinghouse", "Clearinghouse"),
            ("erp", "ERP"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    environment = fields.Selection(
        [("production", "Production"), ("test", "Test"), ("demo", "Demo")], required=True, default="production"
    )
    owner_id = fields.Many2one("res.users", string="Owner", help="Gets the work that automation cannot finish")
    company_id = fields.Many2one("res.company", help="Empty: the system serves all companies")
    active = fields.Boolean(default=True)
    interface_ids = fields.One2many("interop.interface", "system_id", string="Interfaces")
    note = fields.Text()

    _code_unique = models.UniqueIndex("(code)", "Another system has this code.")
