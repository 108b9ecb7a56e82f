from odoo import fields, models


class InteropServiceAccount(models.Model):
    _inherit = "interop.service.account"

    facility_ids = fields.Many2many(
        "health.facility",
        "interop_service_account_facility_rel",
        "account_id",
        "facility_id",
        string="Facilities",
        help="It sees visits, charges, invoices and stock of these only; empty: of all its companies. What belongs to no"
        " facility, such as payments and purchase orders, is hidden from an account that is limited to some",
    )

    def write(self, vals):
        result = super().write(vals)
        if "facility_ids" in vals:
            self.env.registry.clear_cache()  # domains of record rules are kept per user
        return result
