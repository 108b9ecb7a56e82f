from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    partner_facility_ids = fields.Many2many(
        "health.facility",
        string="Facilities of the Service Account",
        compute="_compute_partner_facilities",
        compute_sudo=True,
        help="What a technical user is limited to; empty: no limit",
    )
    partner_stock_location_ids = fields.Many2many(
        "stock.location",
        string="Stock Locations of the Service Account",
        compute="_compute_partner_facilities",
        compute_sudo=True,
    )

    def _compute_partner_facilities(self):
        accounts = self.env["interop.service.account"].sudo().with_context(active_test=False)
        limits = {
            account.user_id.id: account.facility_ids
            for account in accounts.search([("user_id", "in", self.ids), ("facility_ids", "!=", False)])
        }
        for user in self:
            user.partner_facility_ids = limits.get(user.id, self.env["health.facility"])
            user.partner_stock_location_ids = user.partner_facility_ids.location_ids.stock_location_id
