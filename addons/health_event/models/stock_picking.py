from odoo import models


class StockPicking(models.Model):
    """Receipts are done here, whatever calls it."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "interop.event.mixin"]

    def _action_done(self):
        result = super()._action_done()
        self.filtered(lambda picking: picking.state == "done" and picking.picking_type_code == "incoming")._emit_events(
            "receipt.done"
        )
        return result

    def _event_attributes(self, code):
        return {picking.id: {"number": picking.name, "origin": picking.origin or None} for picking in self}
