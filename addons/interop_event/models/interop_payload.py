from odoo import api, models


class InteropPayload(models.Model):
    _inherit = "interop.payload"

    @api.model
    def _sealed_tables(self):
        """Key rotation covers the secrets of subscriptions as well."""
        return [*super()._sealed_tables(), ("interop_subscription_secret", "key_id", "sealed", "uuid")]
