from odoo import fields, models


class InteropServiceKey(models.TransientModel):
    """Asks for a partner's public key, and how long it is to be valid."""

    _name = "interop.service.key"
    _inherit = ["interop.service.credential.terms"]
    _description = "New Service Key"

    key = fields.Text(string="Public Key", required=True, help="As JWK, or as PEM")

    def action_add_key(self):
        """Register the key."""
        self.account_id._add_key(self.key, **self._terms())
        return {"type": "ir.actions.act_window_close"}
