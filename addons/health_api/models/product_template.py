from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    critical_supply = fields.Boolean(help="Partners may ask for its availability at any time, place by place")
