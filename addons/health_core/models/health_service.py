from odoo import api, fields, models


class HealthService(models.Model):
    """One entry of the catalog of billable and non-billable acts."""

    _name = "health.service"
    _description = "Service"
    _inherit = "interop.owned.mixin"
    _order = "code, id"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: shared by all companies.")
    product_id = fields.Many2one(
        "product.product",
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Invoice lines of this service carry this product: it decides accounts and taxes.",
    )
    category = fields.Selection(
        [
            ("room", "Room and Board"),
            ("procedure", "Procedure"),
            ("laboratory", "Laboratory"),
            ("imaging", "Imaging"),
            ("pharmacy", "Pharmacy"),
            ("supply", "Supply"),
            ("visit", "Visit"),
            ("other", "Other"),
        ],
        required=True,
        default="procedure",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    list_price = fields.Monetary("List Price", help="Used when a charge arrives without a price.")
    billable = fields.Boolean(default=True, help="Charges of a service that is not billable are kept and not invoiced.")
    analytic_account_id = fields.Many2one(
        "account.analytic.account",
        "Cost Center",
        check_company=True,
        help="Empty: the cost center of the place of care.",
    )
    mapping_ids = fields.One2many("health.service.mapping", "service_id", "Source Codes")
    mapping_count = fields.Integer("Mappings", compute="_compute_mapping_count")

    _code_uniq = models.UniqueIndex("(COALESCE(company_id, 0), code)", "This service code is in use already.")

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for service in self:
            service.currency_id = (service.company_id or self.env.company).currency_id

    def _compute_mapping_count(self):
        counts = dict(
            self.env["health.service.mapping"]._read_group(
                [("service_id", "in", self.ids)], ["service_id"], ["__count"]
            )
        )
        for service in self:
            service.mapping_count = counts.get(service, 0)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for service in self:
            service.display_name = f"[{service.code}] {service.name}" if service.code else service.name

    def action_open_mappings(self):
        """Open the source codes that stand for this service."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_service_mapping")
        return action | {
            "domain": [("service_id", "in", self.ids)],
            "context": {"default_service_id": self[:1].id},
        }
