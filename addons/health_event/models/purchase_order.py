from odoo import models

from odoo.addons.interop_event.models.interop_event_mixin import Change


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "interop.event.mixin"]

    _event_changes = (Change("purchase_order.approved", "state", ("purchase",)),)

    def _event_attributes(self, code):
        return {
            order.id: {"number": order.name, "amount": f"{order.amount_total:.2f}", "currency": order.currency_id.name}
            for order in self
        }
