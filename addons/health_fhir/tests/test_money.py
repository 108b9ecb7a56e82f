from decimal import Decimal

from odoo.tests import tagged

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestMoney(FhirCase):
    """Charges in, invoices out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.fhir.company_id.currency_id.name
        cls.service = cls.env["health.service"].create({"code": "XR", "name": "X-ray", "list_price": 90})
        mapping = cls.env["health.service.mapping"].create(
            {"system_id": cls.system.id, "code": "71045", "service_id": cls.service.id}
        )
        mapping.action_approve()

    def setUp(self):
        super().setUp()
        self.patient_id = self.create(self.patient())["id"]
        self.visit_id = self.create(self.visit(self.patient_id))["id"]

    def charge(self, number="T1", **more):
        return {
            "resourceType": "ChargeItem",
            "identifier": [{"system": "https://charges.example", "value": number}],
            "status": "billable",
            "code": {"coding": [{"code": "71045", "display": "Chest X-ray"}]},
            "subject": {"reference": f"Patient/{self.patient_id}"},
            "context": {"reference": f"Encounter/{self.visit_id}"},
            "occurrenceDateTime": "2026-03-05T11:00:00Z",
            "quantity": {"value": Decimal("2")},
            "priceOverride": {"value": Decimal("150.50"), "currency": self.currency},
            **more,
        }

    def test_a_charge_is_captured(self):
        sent = self.charge(note=[{"text": "kept"}])
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        self.assertEqual(str(created["priceOverride"]["value"]), "150.50")
        charge = self.record(created)
        self.assertEqual((charge.transaction_id, charge.line, charge.state), ("T1", 1, "captured"))
        self.assertEqual((charge.amount, charge.quantity, charge.service_id), (150.5, 2, self.service))
        self.assertEqual(charge.encounter_id.number, "V1")

    def test_an_update_amends_and_a_deletion_credits(self):
        created = self.create(self.charge())
        path = f"ChargeItem/{created['id']}"
        price = {"value": Decimal("99"), "currency": self.currency}
        self.send("PUT", path, created | {"priceOverride": price}, 200)
        charge = self.record(created)
        charge.invalidate_recordset()
        self.assertEqual(charge.amount, 99)
        self.assertEqual(self.ask("DELETE", path).status_code, 204)
        charge.invalidate_recordset()
        self.assertEqual(charge.state, "reversed")
        self.outcome(self.ask("GET", path), 410, "deleted")
        self.outcome(self.ask("PUT", path, created), 422, "business-rule", "ChargeItem.status")

    def test_a_charge_by_our_own_catalog(self):
        code = {"text": "X-ray of the chest"}
        definition = [f"http://x.example/fhir/r4/ChargeItemDefinition/svc-{self.service.id}"]
        created = self.create(self.charge(definitionCanonical=definition, code=code))
        self.assertEqual(self.record(created).service_id, self.service)

    def test_an_unmapped_service_waits(self):
        told = self.send(
            "POST",
            "ChargeItem",
            self.charge(code={"coding": [{"code": "NEW"}]}),
            201,
            Prefer="return=OperationOutcome",
        )
        self.assertEqual(told["issue"][0]["severity"], "warning")
        charge = self.env["health.charge"].search([("transaction_id", "=", "T1"), ("system_id", "=", self.system.id)])
        self.assertEqual((charge.state, charge.quarantine_reason), ("quarantined", "service"))

    def test_charges_of_other_senders_are_theirs(self):
        other = self.env["interop.system"].create({"name": "Other", "code": "OTHR", "kind": "ehr"})
        created = self.create(self.charge())
        self.env.cr.execute(
            "UPDATE health_charge SET system_id = %s WHERE id = %s", [other.id, self.record(created).id]
        )
        self.env.invalidate_all()
        path = f"ChargeItem/{created['id']}"
        self.outcome(self.ask("PUT", path, created), 403, "forbidden")
        self.outcome(self.ask("DELETE", path), 403, "forbidden")

    def test_money_of_a_currency_without_a_rate_is_refused(self):
        price = {"value": 1, "currency": "XTS"}
        response = self.ask("POST", "ChargeItem", self.charge(priceOverride=price))
        self.outcome(response, 422, "business-rule", "ChargeItem.priceOverride.currency")

    def test_money_of_another_currency_is_converted(self):
        euro = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", "EUR" if self.currency != "EUR" else "USD")])
        )
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create({"currency_id": euro.id, "name": "2020-01-01", "rate": 0.5})
        price = {"value": Decimal("40"), "currency": euro.name}
        created = self.create(self.charge(priceOverride=price))
        self.assertEqual(self.record(created).amount, 80)
        self.assertEqual(created["priceOverride"], price)

    def test_an_invoice_is_served_and_cannot_be_sent(self):
        created = self.create(self.charge())
        charge = self.record(created)
        visit = charge.encounter_id
        partner = self.env["res.partner"].create({"name": "Payer"})
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": "2026-03-06",
                "health_encounter_id": visit.id,
                "health_part": "patient",
                "invoice_line_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "X-ray",
                            "quantity": 1,
                            "price_unit": 150.5,
                            "health_charge_id": charge.id,
                            "tax_ids": [],
                        },
                    )
                ],
            }
        )
        read = self.send("GET", f"Invoice/inv-{move.id}", None, 200)
        self.assertEqual(read["status"], "draft")
        self.assertEqual(read["totalGross"], {"value": Decimal("150.50"), "currency": self.currency})
        self.assertEqual(read["lineItem"][0]["chargeItemReference"], {"reference": f"ChargeItem/{created['id']}"})
        self.assertEqual(read["subject"], {"reference": f"Patient/{self.patient_id}"})
        self.outcome(self.ask("POST", "Invoice", self.content(read)), 405, "not-supported")
        vendor = self.env["account.move"].create({"move_type": "in_invoice", "partner_id": partner.id})
        self.outcome(self.ask("GET", f"Invoice/inv-{vendor.id}"), 404, "not-found")
