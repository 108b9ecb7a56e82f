from odoo import _, fields, models


class InteropServiceSecret(models.TransientModel):
    """Asks how long a new secret is to be valid. The secret itself is never stored here."""

    _name = "interop.service.secret"
    _description = "New Service Secret"

    account_id = fields.Many2one("interop.service.account", required=True, readonly=True, ondelete="cascade")
    rotating = fields.Boolean(readonly=True)
    validity = fields.Selection(
        [("90", "3 months"), ("180", "6 months"), ("365", "1 year"), ("730", "2 years"), ("0", "No expiry")],
        string="Valid For",
        required=True,
        default="365",
    )
    overlap = fields.Selection(
        [
            ("0", "At once"),
            ("1", "After a day"),
            ("7", "After a week"),
            ("30", "After a month"),
            ("keep", "As planned"),
        ],
        string="Present Secret Expires",
        required=True,
        default="7",
        help="Both are valid until then, so that the partner can change over without a gap",
    )

    def action_create_secret(self):
        """Create the secret and show it once."""
        self.ensure_one()
        overlap = None if not self.rotating or self.overlap == "keep" else float(self.overlap)
        secret = self.account_id._add_secret(days=int(self.validity), overlap_days=overlap)
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
