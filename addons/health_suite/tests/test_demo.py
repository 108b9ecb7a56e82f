import csv
import json

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo hospital is complete, and loaded once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["health.suite.demo"]._load()
        with file_open("health_suite/data/hospital.json") as stream:
            cls.plan = json.load(stream)
        with file_open("health_suite/data/services.csv") as stream:
            cls.catalog = list(csv.DictReader(stream))

    def test_loading_again_does_nothing(self):
        services = self.env["health.service"].search_count([])
        self.assertFalse(self.env["health.suite.demo"]._load())
        self.assertEqual(self.env["health.service"].search_count([]), services)

    def test_two_companies_keep_books(self):
        companies = self.env["res.company"].search([("name", "in", [spec["name"] for spec in self.plan["companies"]])])
        self.assertEqual(len(companies), 2)
        self.assertEqual(set(companies.mapped("chart_template")), {"generic_coa"})
        self.assertLessEqual(set(companies.ids), set(self.env.ref("base.user_admin").company_ids.ids))
        for company in companies:
            journals = self.env["account.journal"].search([("company_id", "=", company.id), ("type", "=", "sale")])
            self.assertTrue(journals)

    def test_facilities_answer_to_both_systems(self):
        facilities = self.env["health.facility"].search([])
        self.assertEqual(len(facilities), 3)
        for facility in facilities:
            self.assertEqual(set(facility.code_ids.system_id.mapped("code")), {"EHR", "LAB"})
            self.assertTrue(facility.analytic_account_id)

    def test_locations_have_stock_and_cost_center_of_their_company(self):
        locations = self.env["health.location"].search([])
        self.assertEqual(len(locations), len(self.plan["locations"]))
        for location in locations:
            self.assertEqual(location.stock_location_id.company_id, location.company_id)
            self.assertEqual(location.analytic_account_id.company_id, location.company_id)
            self.assertTrue(location.stock_location_id.location_id)

    def test_practitioners_are_employees(self):
        practitioners = self.env["health.practitioner"].search([("npi", "!=", False)])
        self.assertEqual(len(practitioners), 30)
        self.assertEqual(len(practitioners.employee_id), 30)

    def test_every_code_but_those_left_out_on_purpose_is_mapped(self):
        mapped = {
            (mapping.system_id.code, mapping.code)
            for mapping in self.env["health.service.mapping"].search([("state", "=", "approved")])
        }
        for row in self.catalog:
            for system in ("EHR", "LAB"):
                code = row[f"{system.lower()}_code"]
                wanted = row[f"{system.lower()}_mapped"] == "1"
                self.assertEqual((system, code) in mapped, bool(code) and wanted, f"{system} {code}")
        self.assertFalse(
            self.env["health.payer.mapping"].search_count([("code", "=", self.plan["unknown_payer"]["EHR"])])
        )
        units = self.env["health.location.mapping"].search([]).mapped("code")
        self.assertFalse(set(self.plan["unmapped_units"].values()) & set(units))

    def test_catalog_prices_are_untaxed_products(self):
        services = self.env["health.service"].search([])
        self.assertEqual(len(services), len(self.catalog))
        self.assertFalse(services.product_id.taxes_id)
        self.assertEqual(services.filtered(lambda service: not service.billable).mapped("category"), ["other"] * 4)

    def test_interfaces_are_active_in_their_lanes(self):
        interfaces = self.env["interop.interface"].search([("system_id.code", "in", ("EHR", "LAB"))])
        self.assertEqual(
            {interface.code: interface.latency_class for interface in interfaces},
            {"ehr-adt": "realtime", "ehr-dft": "standard", "lab-batch": "batch", "fhir-r4": "standard"},
        )
        self.assertEqual(set(interfaces.mapped("state")), {"active"})
        account = self.env["interop.service.account"].search([("client_id", "=", "demo-ehr")])
        self.assertEqual(account.interface_ids, interfaces.filtered(lambda interface: interface.code != "fhir-r4"))
        self.assertEqual(account.valid_count, 1)

    def test_partners_have_scopes_and_one_sees_a_single_clinic(self):
        accounts = {
            account.client_id: account
            for account in self.env["interop.service.account"].search([("client_id", "like", "demo-")])
        }
        portal, analytics = accounts["demo-portal"], accounts["demo-analytics"]
        self.assertEqual(set(portal.interface_ids.mapped("code")), {"fhir-r4", "portal-json"})
        self.assertFalse(portal.facility_ids)
        self.assertEqual(analytics.facility_ids.mapped("code"), ["RCC"])
        self.assertNotIn("phi", analytics.scopes)

    def test_neutralized_copy_has_no_demo_access(self):
        query = next(query for query in get_neutralization_queries(["health_suite"]) if "demo-ehr" in query)
        self.env.flush_all()
        self.env.cr.execute(query)
        for query in get_neutralization_queries(["health_suite"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.env["interop.service.account"].search([("client_id", "=like", "demo-%")]))
        logins = [spec["login"] for spec in self.plan["users"]]
        self.assertFalse(self.env["res.users"].search([("login", "in", logins)]))
