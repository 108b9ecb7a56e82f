from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """A new company is reached by the service accounts that reach all."""
        companies = super().create(vals_list)
        accounts = self.env["interop.service.account"].sudo().with_context(active_test=False)
        accounts.search([("company_id", "=", False)])._sync_users()
        return companies
