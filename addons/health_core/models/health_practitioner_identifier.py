from odoo import fields, models


class HealthPractitionerIdentifier(models.Model):
    """An identifier under which a source system names a practitioner (HL7 XCN.1 and XCN.9)."""

    _name = "health.practitioner.identifier"
    _description = "Practitioner Identifier"
    _rec_name = "value"
    _order = "authority, value, id"

    practitioner_id = fields.Many2one("health.practitioner", required=True, index=True, ondelete="cascade")
    authority = fields.Char(required=True, help="Assigning authority; the facility's code when a message names none.")
    value = fields.Char(required=True)

    _value_uniq = models.UniqueIndex("(authority, value)", "This identifier belongs to another practitioner.")
