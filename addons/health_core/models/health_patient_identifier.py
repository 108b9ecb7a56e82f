from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HealthPatientIdentifier(models.Model):
    """An identifier of a patient: assigning authority, type and value, unique together (HL7 CX)."""

    _name = "health.patient.identifier"
    _description = "Patient Identifier"
    _rec_name = "value"
    _order = "account_id, id"

    account_id = fields.Many2one("health.patient.account", required=True, index=True, ondelete="cascade")
    authority = fields.Char("Assigning Authority", required=True)
    type = fields.Char(required=True, default="MR", help="HL7 table 0203: MR medical record, SS social security, …")
    value = fields.Char(required=True)

    _value_uniq = models.UniqueIndex("(authority, type, value)", "This identifier belongs to another account.")
    _value_idx = models.Index("(value)")

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_taken((v.get("authority"), v.get("type", "MR"), v.get("value")) for v in vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if {"authority", "type", "value"} & vals.keys():
            self._refuse_taken(
                [
                    (
                        vals.get("authority", identifier.authority),
                        vals.get("type", identifier.type),
                        vals.get("value", identifier.value),
                    )
                    for identifier in self
                ]
            )
        return super().write(vals)

    def _refuse_taken(self, keys):
        """Raise before the unique index does: its error would print the identifier into the log.

        :raises ValidationError: another record has one of the keys
        """
        keys = {key for key in keys if all(key)}
        if not keys:
            return
        taken = self.sudo().search([("value", "in", [value for _authority, _type, value in keys])]) - self
        if any((other.authority, other.type, other.value) in keys for other in taken):
            raise ValidationError(self.env._("This identifier belongs to another account."))
