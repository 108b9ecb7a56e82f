from odoo import fields, models


class InteropServiceCredentialTerms(models.AbstractModel):
    """What is asked about a new secret or key: how long it is valid, and how long the present one still is."""

    _name = "interop.service.credential.terms"
    _description = "Validity of a New Credential"

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
        string="Present One Expires",
        required=True,
        default="7",
        help="Both are valid until then, so that the partner can change over without a gap",
    )

    def _terms(self) -> dict:
        """Days of validity and of overlap, as the account takes them."""
        self.ensure_one()
        overlap = None if not self.rotating or self.overlap == "keep" else float(self.overlap)
        return {"days": int(self.validity), "overlap_days": overlap}
