from odoo import api, models


class InteropSubscription(models.Model):
    _inherit = "interop.subscription"

    @api.model
    def _facilities_of(self, account):
        """The facilities that the account is limited to, where accounts know facilities."""
        limited = account.facility_ids if "facility_ids" in account._fields else None
        return limited.mapped("code") if limited else super()._facilities_of(account)
