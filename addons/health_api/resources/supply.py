"""Purchasing and stock, read only."""

from __future__ import annotations

from odoo.addons.interop_api.rest.resource import Resource

from ..schemas import supply

GROUP = "Purchasing and stock"


class PurchaseOrders(Resource):
    name = "purchase-orders"
    model = "purchase.order"
    scope = "purchase-order"
    group = GROUP
    summary = "Purchase orders"
    description = "Orders to suppliers with their approval state."
    read = supply.PurchaseOrderRead


class InventoryLevels(Resource):
    name = "inventory-levels"
    model = "stock.quant"
    scope = "inventory"
    group = GROUP
    summary = "Inventory levels"
    description = "What lies where, by lot. Places of our own only."
    read = supply.InventoryLevelRead
    domain = [("location_id.usage", "in", ("internal", "transit"))]


class StockMovements(Resource):
    name = "stock-movements"
    model = "stock.move.line"
    scope = "inventory"
    group = GROUP
    summary = "Stock movements"
    read = supply.StockMovementRead


class Lots(Resource):
    name = "lots"
    model = "stock.lot"
    scope = "inventory"
    group = GROUP
    summary = "Lots and serial numbers"
    read = supply.LotRead
