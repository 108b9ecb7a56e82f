from odoo import api, models


class InteropPayload(models.Model):
    _inherit = "interop.payload"

    @api.model
    def _reencrypt(self, limit: int = 1000) -> int:
        """Key rotation covers the sealed signing keys as well."""
        return super()._reencrypt(limit) + self.env["interop.signing.key"]._reseal()
