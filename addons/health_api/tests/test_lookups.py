from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestLookups(ApiCase):
    def test_a_balance_counts_charges_that_are_on_no_document(self):
        for number, amount in (("T1", "125.10"), ("T2", "10")):
            self.post(
                "charges",
                {
                    "facility": self.token(self.facility),
                    "encounter": self.token(self.v1),
                    "transaction": number,
                    "source_service_code": "S1",
                    "service_date": "2025-03-04",
                    "amount": amount,
                },
            )
        answer = self.get(f"patient-accounts/{self.token(self.v1.account_id)}/$balance")
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual([row["unbilled"] for row in answer.json()["balances"]], ["135.10"])
        foreign = self.get(f"patient-accounts/{self.token(self.v3.account_id)}/$balance")
        self.assertProblem(foreign, 404, "record")

    def test_availability_of_critical_supplies_is_told_by_place(self):
        place = self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1).lot_stock_id
        products = self.env["product.product"].create(
            [
                {"name": "Blood bag", "default_code": "EX-BLOOD", "is_storable": True, "critical_supply": True},
                {"name": "Pencil", "default_code": "EX-PENCIL", "is_storable": True},
            ]
        )
        for product in products:
            self.env["stock.quant"]._update_available_quantity(product, place, 8)
        rows = self.get("supply-availability").json()["data"]
        mine = [row for row in rows if row["product_code"] in ("EX-BLOOD", "EX-PENCIL")]
        self.assertEqual(
            [(row["product_code"], row["available"], row["incoming"]) for row in mine], [("EX-BLOOD", "8", "0")]
        )
        self.assertEqual(self.get("supply-availability?product_code=EX-PENCIL").json()["data"], [])
        self.assertProblem(self.get("supply-availability?bogus=1"), 400, "parameters")
        self.assertEqual(self.get("supply-availability", client="one-facility").json()["data"], [])
