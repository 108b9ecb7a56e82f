from odoo.tests import tagged

from .common import FhirCase

PAYER = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "pay"}]}]
PROVIDER = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "prov"}]}]


@tagged("post_install", "-at_install")
class TestMasterData(FhirCase):
    @staticmethod
    def payer(code="FT-EVG", **more):
        return {
            "resourceType": "Organization",
            "identifier": [{"system": "https://payers.example", "value": code}],
            "type": PAYER,
            "name": "Evergreen",
            **more,
        }

    def cover(self, patient, payor, **more):
        return {
            "resourceType": "Coverage",
            "status": "active",
            "subscriberId": "M1",
            "beneficiary": {"reference": f"Patient/{patient}"},
            "payor": [payor],
            **more,
        }

    def test_a_payer_is_added_once_and_corrected(self):
        sent = self.payer(telecom=[{"system": "phone", "value": "555"}])
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        payer = self.record(created)
        self.assertEqual((payer._name, payer.name, payer.code), ("health.payer", "Evergreen", "FT-EVG"))
        self.assertEqual((payer.partner_id.name, payer.partner_id.phone), ("Evergreen", "555"))
        self.create(self.payer(name="Evergreen Health"), 200)
        payer.invalidate_recordset()
        self.assertEqual(payer.name, "Evergreen Health")
        self.assertEqual(self.env["health.payer"].search_count([("code", "=", "FT-EVG")]), 1)

    def test_a_payer_may_belong_to_another_system(self):
        created = self.create(self.payer())
        self.env["interop.authority"].create(
            {"model_id": self.env["ir.model"]._get_id("health.payer"), "system_id": False, "policy": "ignore"}
        )
        read = self.send("PUT", f"Organization/{created['id']}", created | {"name": "Usurped"}, 200)
        self.assertEqual(read["name"], "Evergreen")
        self.env["interop.authority"].search([("model_name", "=", "health.payer")]).policy = "refuse"
        response = self.ask("POST", "Organization", self.payer("NEW"))
        self.outcome(response, 202, "informational")
        self.assertFalse(self.env["health.payer"].search([("code", "=", "NEW")]))

    def test_an_organization_with_a_sending_code_is_our_facility(self):
        sent = {"resourceType": "Organization", "identifier": [{"value": "NORTH"}], "type": PROVIDER, "name": "North"}
        created = self.create(sent, 200)
        self.assertEqual(self.record(created), self.facility)
        self.assertEqual(created["name"], "FHIR Test Hospital")  # facilities are ours to name

    def test_another_provider_is_kept(self):
        sent = {"resourceType": "Organization", "identifier": [{"value": "X"}], "type": PROVIDER, "name": "Elsewhere"}
        created = self.create(sent)
        self.assertIsNone(self.record(created))
        self.assertEqual(self.content(created), sent)

    def test_a_practitioner_is_found_by_any_identifier(self):
        sent = {
            "resourceType": "Practitioner",
            "identifier": [
                {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
                {"system": "https://staff.example", "value": "S1"},
            ],
            "name": [{"family": "House", "given": ["Greg"]}],
        }
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        practitioner = self.record(created)
        self.assertEqual((practitioner.npi, practitioner.name), ("1234567893", "House, Greg"))
        again = self.create(sent | {"identifier": sent["identifier"][1:]}, 200)
        self.assertEqual(again["id"], created["id"])

    def test_a_place_in_our_facility_is_a_unit(self):
        sent = {
            "resourceType": "Location",
            "identifier": [{"system": "https://places.example", "value": "W7"}],
            "name": "Ward 7",
            "managingOrganization": {"reference": f"Organization/fac-{self.facility.id}"},
        }
        unit = self.record(self.create(sent))
        self.assertEqual((unit._name, unit.code, unit.facility_id), ("health.location", "W7", self.facility))
        self.assertIsNone(self.record(self.create({"resourceType": "Location", "name": "Home"})))

    def test_a_service_of_the_catalog(self):
        sent = {
            "resourceType": "ChargeItemDefinition",
            "url": "https://catalog.example/xray",
            "title": "Chest X-ray",
            "status": "active",
            "code": {"coding": [{"code": "FT-XRAY"}]},
            "propertyGroup": [
                {"priceComponent": [{"type": "base", "amount": {"value": 120, "currency": self.currency}}]}
            ],
        }
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        service = self.record(created)
        self.assertEqual((service.code, service.name, service.list_price), ("FT-XRAY", "Chest X-ray", 120))
        sent["propertyGroup"][0]["priceComponent"][0]["amount"]["currency"] = "XTS"
        self.outcome(
            self.ask("POST", "ChargeItemDefinition", sent),
            422,
            "business-rule",
            "ChargeItemDefinition.propertyGroup.currency",
        )

    @property
    def currency(self):
        return self.fhir.company_id.currency_id.name

    def test_a_coverage_with_a_known_payer(self):
        payer = self.create(self.payer())
        patient = self.create(self.patient())["id"]
        sent = self.cover(patient, {"reference": f"Organization/{payer['id']}"}, order=1)
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        coverage = self.record(created)
        self.assertEqual((coverage.payer_id, coverage.member_id, coverage.state), (self.record(payer), "M1", "active"))
        changed = self.send("PUT", f"Coverage/{created['id']}", created | {"subscriberId": "M2"}, 200)
        coverage.invalidate_recordset()
        self.assertEqual((coverage.member_id, changed["subscriberId"]), ("M2", "M2"))
        other = self.create(self.payer("OTH"))
        moved = created | {"payor": [{"reference": f"Organization/{other['id']}"}]}
        self.outcome(self.ask("PUT", f"Coverage/{created['id']}", moved), 422, "business-rule", "Coverage.payor")
        self.assertEqual(self.ask("DELETE", f"Coverage/{created['id']}").status_code, 204)
        coverage.invalidate_recordset()
        self.assertEqual(coverage.state, "ended")
        self.outcome(self.ask("GET", f"Coverage/{created['id']}"), 410, "deleted")
        again = self.send("PUT", f"Coverage/{created['id']}", created | {"subscriberId": "M2"}, 201)
        coverage.invalidate_recordset()
        self.assertEqual((coverage.state, again["meta"]["versionId"]), ("active", "4"))

    def test_a_coverage_with_an_unknown_payer_waits_in_the_record(self):
        patient = self.create(self.patient())["id"]
        sent = self.cover(patient, {"identifier": {"value": "UNKNOWN-1"}})
        told = self.send("POST", "Coverage", sent, 201, Prefer="return=OperationOutcome")
        self.assertEqual(told["issue"][0]["expression"], ["Coverage.payor"])
        coverage = self.env["health.coverage"].search([("payer_code", "=", "UNKNOWN-1")])
        self.assertEqual(coverage.state, "quarantined")
        self.assertTrue(
            self.env["interop.exception"].search([("type", "=", "unmapped_payer"), ("key", "=", "FHIRT:UNKNOWN-1")])
        )

    def test_an_account_orders_the_coverages(self):
        payer = self.create(self.payer())
        patient = self.create(self.patient())["id"]
        coverage = self.create(self.cover(patient, {"reference": f"Organization/{payer['id']}"}))
        sent = {
            "resourceType": "Account",
            "status": "active",
            "subject": [{"reference": f"Patient/{patient}"}],
            "coverage": [{"coverage": {"reference": f"Coverage/{coverage['id']}"}, "priority": 2}],
            "description": "kept",
        }
        created = self.send("POST", "Account", sent)
        self.assertEqual(created["description"], "kept")
        record = self.record(coverage)
        self.assertEqual(record.priority, 2)
        self.assertEqual(self.record(created), record.account_id)
        second = self.ask("PUT", "Account/mine", sent | {"id": "mine"})
        self.outcome(second, 409, "conflict")
