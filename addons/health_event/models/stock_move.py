from collections import defaultdict

from odoo import models
from odoo.tools.float_utils import float_compare

from odoo.addons.interop_event.emission import Happened

#: Where products go when they are used up.
USE = ("customer", "production")


class StockMove(models.Model):
    """Adjustments, consumption and falling below the minimum, seen when moves are done."""

    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        done = super()._action_done(cancel_backorder=cancel_backorder)
        moves = done.filtered(lambda move: move.state == "done")
        adjusted = moves.filtered("is_inventory")
        used = (moves - adjusted).filtered(
            lambda move: move.location_id.usage == "internal" and move.location_dest_id.usage in USE
        )
        happened = [_moved("stock.adjusted", move) for move in adjusted]
        happened += [_moved("consumption.recorded", move) for move in used]
        happened += moves._below_minimum()
        if happened:
            self.env["interop.event"].sudo()._emit(happened)
        return done

    def _below_minimum(self) -> list[Happened]:
        """Reordering rules whose minimum these moves went below: told when it is crossed, not while it lasts."""
        leaving = self.filtered(lambda move: move.location_id.usage == "internal")
        if not leaving:
            return []
        rules = (
            self.env["stock.warehouse.orderpoint"]
            .sudo()
            .search([("product_id", "in", leaving.product_id.ids), ("product_min_qty", ">", 0)])
        )
        happened = []
        for location, part in rules.grouped("location_id").items():
            change = defaultdict(float)
            for move in self:
                inside = move.location_id.parent_path.startswith(location.parent_path)
                arrives = move.location_dest_id.parent_path.startswith(location.parent_path)
                change[move.product_id] += (arrives - inside) * move.product_qty
            present = part.product_id.with_context(location=location.id)._compute_quantities_dict(None, None, None)
            for rule in part:
                after = present[rule.product_id.id]["qty_available"]
                before = after - change[rule.product_id]
                rounding = {"precision_rounding": rule.product_id.uom_id.rounding}
                if (
                    float_compare(after, rule.product_min_qty, **rounding) < 0
                    and float_compare(before, rule.product_min_qty, **rounding) >= 0
                ):
                    happened.append(
                        Happened(
                            "stock.below_minimum",
                            ("stock.warehouse.orderpoint", rule.id),
                            rule.company_id.id,
                            attributes={
                                "product": rule.product_id.default_code or str(rule.product_id.id),
                                "quantity": after,
                                "minimum": rule.product_min_qty,
                            },
                            subject=("product.product", rule.product_id.id),
                        )
                    )
        return happened


def _moved(code: str, move) -> Happened:
    """An event about one done move; its subject is the product, so its events keep their order."""
    sign = -1 if move.location_id.usage == "internal" and move.location_dest_id.usage != "internal" else 1
    return Happened(
        code,
        ("stock.move", move.id),
        move.company_id.id,
        attributes={
            "product": move.product_id.default_code or str(move.product_id.id),
            "quantity": sign * move.product_qty if code == "stock.adjusted" else move.product_qty,
            "unit": move.product_id.uom_id.name,
        },
        subject=("product.product", move.product_id.id),
    )
