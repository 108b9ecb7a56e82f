from odoo import fields
from odoo.tests import tagged

from .common import HealthEventCase


@tagged("post_install", "-at_install")
class TestSupply(HealthEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.env.ref("base.main_company").ids))
        cls.warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.env.company.id)], limit=1)
        cls.stock = cls.warehouse.lot_stock_id
        cls.gloves = cls.env["product.product"].create(
            {
                "name": "Gloves",
                "default_code": "GLOVE",
                "type": "consu",
                "is_storable": True,
                "purchase_method": "purchase",
            }
        )

    def count(self, quantity):
        quant = self.env["stock.quant"].with_context(inventory_mode=True).create(
            {"product_id": self.gloves.id, "location_id": self.stock.id, "inventory_quantity": quantity}
        )  # fmt: skip
        quant.action_apply_inventory()

    def use(self, quantity):
        move = self.env["stock.move"].create(
            {
                "product_id": self.gloves.id,
                "product_uom_qty": quantity,
                "product_uom": self.gloves.uom_id.id,
                "location_id": self.stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        move._action_confirm()
        move.quantity = quantity
        move.picked = True
        move._action_done()

    def test_stock(self):
        self.env["stock.warehouse.orderpoint"].create(
            {"product_id": self.gloves.id, "location_id": self.stock.id, "product_min_qty": 10, "product_max_qty": 50}
        )
        self.count(20)
        self.assertEqual(self.events("stock.adjusted").payload, {"product": "GLOVE", "quantity": 20.0, "unit": "Units"})
        self.use(5)
        self.assertEqual(self.events("consumption.recorded").payload["quantity"], 5.0)
        self.assertFalse(self.events("stock.below_minimum"))
        self.use(6)
        self.assertEqual(
            self.events("stock.below_minimum").payload, {"product": "GLOVE", "quantity": 9.0, "minimum": 10.0}
        )
        self.use(1)
        self.assertEqual(len(self.events("stock.below_minimum")), 1, "told when it is crossed")
        self.count(3)
        self.assertEqual(self.events("stock.adjusted")[-1].payload["quantity"], -5.0)
        self.assertEqual(len(set(self.events("stock.adjusted", "consumption.recorded").mapped("aggregateid"))), 1)

    def test_purchase_and_receipt(self):
        order = self.env["purchase.order"].create(
            {
                "partner_id": self.partner.id,
                "order_line": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.gloves.id,
                            "product_qty": 3,
                            "price_unit": 2.0,
                            "date_planned": fields.Datetime.now(),
                        },
                    )
                ],
            }
        )
        self.assertFalse(self.events("purchase_order.approved"))
        order.button_confirm()
        self.assertEqual(self.events("purchase_order.approved").payload["number"], order.name)
        if "picking_ids" not in order._fields:
            return
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 3, "picked": True})
        picking.button_validate()
        self.assertEqual(self.events("receipt.done").payload, {"number": picking.name, "origin": order.name})

    def test_receipts(self):
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.stock.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.gloves.id,
                            "product_uom_qty": 4,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": self.stock.id,
                        },
                    )
                ],
            }
        )
        picking.action_confirm()
        picking.move_ids.write({"quantity": 4, "picked": True})
        picking._action_done()
        self.assertEqual(self.events("receipt.done").res_id, picking.id)
