from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from ..scopes import Grant, ScopeError


class InteropTrustedIssuerScope(models.Model):
    """What one value in the tokens of an outside issuer means here."""

    _name = "interop.trusted.issuer.scope"
    _inherit = ["interop.cached.mixin"]
    _description = "Scope of a Trusted Issuer"
    _order = "issuer_id, value"

    issuer_id = fields.Many2one("interop.trusted.issuer", required=True, ondelete="cascade", index=True)
    value = fields.Char(string="Value in the Token", required=True)
    scopes = fields.Char(string="Scopes Here", required=True, help="As in interop/invoice.read system/Encounter.rs")

    _value_unique = models.UniqueIndex("(issuer_id, value)", "This value is mapped already.")

    @api.constrains("scopes")
    def _check_scopes(self):
        for line in self:
            try:
                Grant.parse(line.scopes, strict=True)
            except ScopeError as error:
                raise ValidationError(_("The scopes for %(value)s: %(error)s", value=line.value, error=error)) from None
