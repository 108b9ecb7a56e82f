from odoo import fields, models


class InteropServiceKey(models.TransientModel):
    """Asks for a partner's public key, and how long it is to be valid."""

    _name = "interop.service.key"
    _description = "New Service Key"

    account_id = fields.Many2one("interop.service.account", required=True, readonly=True, ondelete="cascade")
    rotating = fields.Boolean(readonly=True)
    key = fields.Text(string="Public Key", required=True, help="As JWK, or as PEM")
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
        string="Present Key Expires",
        required=True,
        default="7",
        help="Both are valid until then, so that the partner can change over without a gap",
    )

    def action_add_key(self):
        """Register the key."""
        self.ensure_one()
        overlap = None if not self.rotating or self.overlap == "keep" else float(self.overlap)
        self.account_id._add_key(self.key, days=int(self.validity), overlap_days=overlap)
        return {"type": "ir.actions.act_window_close"}
