from odoo import models


class InteropServiceAccount(models.Model):
    """What an account may not see any more, its subscriptions do not get any more."""

    _inherit = "interop.service.account"

    def write(self, vals):
        result = super().write(vals)
        self.env["interop.subscription"].sudo().search([("account_id", "in", self.ids)])._match_types()
        return result
