from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import CareCase

CARE = (
    "health.patient.account",
    "health.patient.identifier",
    "health.coverage",
    "health.encounter",
    "health.encounter.location",
    "health.encounter.coverage",
    "health.encounter.diagnosis",
)
CATALOG = (
    "health.facility",
    "health.location",
    "health.practitioner",
    "health.payer",
    "health.service",
    "health.service.mapping",
    "health.payer.mapping",
    "health.location.mapping",
)


@tagged("post_install", "-at_install")
class TestSecurity(CareCase):
    """Who may see patients, who may keep the catalog, and which companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nobody = new_test_user(cls.env, "care_nobody", "base.group_user")
        cls.clerk = new_test_user(cls.env, "care_clerk", "health_core.group_user")
        cls.steward = new_test_user(cls.env, "care_steward", "health_core.group_steward")
        cls.manager = new_test_user(cls.env, "care_manager", "health_core.group_manager")

    def setUp(self):
        super().setUp()
        self.apply(self.visit(coverages=(self.cover(),), point_of_care="4W-1", person={"family": "Doe"}))

    def test_outsiders_see_nothing(self):
        for model in CARE + CATALOG:
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(self.nobody).search([]).mapped("display_name")

    def test_stewards_keep_the_catalog_and_see_no_patients(self):
        for model in CARE:
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(self.steward).search([]).mapped("display_name")
        mapping = self.map_code("payer", "NEW", self.payer, approve=False).with_user(self.steward)
        self.apply(self.visit(number="V2", patient=("2",), coverages=(self.cover("NEW"),)))
        mapping.action_approve()
        self.assertEqual(mapping.approved_by_id, self.steward)
        self.assertEqual(self.encounter("V2").primary_coverage_id.state, "active", "healing needs no right to see it")

    def test_clerks_read_and_do_not_write(self):
        visit = self.encounter().with_user(self.clerk)
        self.assertEqual(visit.account_id.name, "Doe")
        self.assertEqual(visit.coverage_ids.payer_id.name, "Evergreen")
        for record in (visit, visit.account_id, self.payer.with_user(self.clerk), self.facility.with_user(self.clerk)):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.write({"active": True} if "active" in record._fields else {"status": "finished"})
        with self.assertRaises(AccessError):
            self.map_code("payer", "X1", self.payer, approve=False).with_user(self.clerk).action_approve()

    def test_managers_correct_accounts(self):
        self.account().with_user(self.manager).write({"city": "Bonn"})
        self.assertEqual(self.account().city, "Bonn")

    def test_other_companies_stay_out_of_sight(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "care_stranger",
            "health_core.group_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for model in (*CARE, "health.facility", "health.location"):
            with self.subTest(model):
                self.assertTrue(self.env[model].with_user(self.manager).search([]) or model.endswith("diagnosis"))
                self.assertFalse(self.env[model].with_user(stranger).search([]))

    def test_nothing_but_actions_is_a_remote_api(self):
        own = {name for name in dir(type(self.env["health.intake"])) if not name.startswith("_")}
        base = {name for name in dir(type(self.env["interop.handler"])) if not name.startswith("_")}
        self.assertFalse(own - base)

    def test_owned_fields_are_locked_for_people_and_withheld_from_other_systems(self):
        self.env["interop.authority"].create(
            {
                "model_id": self.env["ir.model"]._get_id("health.patient.account"),
                "field_ids": [(6, 0, self.env["ir.model.fields"]._get("health.patient.account", "city").ids)],
                "system_id": self.env["interop.system"].create({"name": "MPI", "code": "MPI"}).id,
                "policy": "flag",
            }
        )
        self.apply(self.register(person={"city": "Bonn", "given": "Jo"}))
        self.assertFalse(self.account().city, "flagged, not written")
        self.assertEqual(self.account().given, "Jo")
        self.assertEqual(
            self.env["interop.authority.conflict"].search([("res_id", "=", self.account().id)]).field_name, "city"
        )

    def test_first_message_of_a_patient_brings_values_that_later_ones_may_not_change(self):
        self.env["interop.authority"].create(
            {
                "model_id": self.env["ir.model"]._get_id("health.patient.account"),
                "field_ids": [(6, 0, self.env["ir.model.fields"]._get("health.patient.account", "city").ids)],
                "system_id": self.env["interop.system"].create({"name": "MPI", "code": "MPI"}).id,
                "policy": "ignore",
            }
        )
        self.apply(self.register(("7",), person={"city": "Bonn"}), self.register(("7",), person={"city": "Kiel"}))
        self.assertEqual(self.account("7").city, "Bonn")
