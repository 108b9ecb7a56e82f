from odoo import _, fields, models


class InteropServiceSecret(models.TransientModel):
    """Asks how long a new secret is to be valid. The secret itself is never stored here."""

    _name = "interop.service.secret"
    _inherit = ["interop.service.credential.terms"]
    _description = "New Service Secret"

    def action_create_secret(self):
        """Create the secret and show it once."""
        secret = self.account_id._add_secret(**self._terms())
        client_id = self.account_id.client_id
        self.unlink()
        return {
            "type": "ir.actions.act_window",
            "name": _("Secret Ready"),
            "res_model": "interop.service.secret.show",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_client_id": client_id, "default_secret": secret},
        }


class InteropServiceSecretShow(models.AbstractModel):
    """Shows a new secret from the action's context; nothing is stored."""

    _name = "interop.service.secret.show"
    _description = "Show Service Secret"

    # The field "id" is needed by the onchange that fills the form from the context.
    id = fields.Id()
    client_id = fields.Char(string="Client ID", readonly=True)
    secret = fields.Char(readonly=True)
