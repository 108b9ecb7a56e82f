from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import RevenueCase


@tagged("post_install", "-at_install")
class TestSecurity(RevenueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"company_id": cls.company.id, "company_ids": [(6, 0, cls.company.ids)]}
        cls.nobody = new_test_user(cls.env, "rev_nobody", "base.group_user", **values)
        cls.biller = new_test_user(cls.env, "rev_biller", "health_revenue.group_biller", **values)
        cls.manager = new_test_user(cls.env, "rev_manager", "health_revenue.group_manager", **values)
        cls.other_company = cls.make_company("Other", chart=False)
        cls.foreign = new_test_user(
            cls.env,
            "rev_foreign",
            "health_revenue.group_manager",
            company_id=cls.other_company.id,
            company_ids=[(6, 0, cls.other_company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.apply(self.visit(insurers=["INS"]), self.charge(code="NEW", amount=5))
        self.models = (
            "health.charge",
            "health.charge.capture",
            "health.charge.ledger",
        )

    def test_without_the_group_nothing_is_seen(self):
        for model in (*self.models, "health.charge.billing", "health.receivable.transfer"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.nobody).search([])

    def test_a_biller_sees_charges_of_the_own_company(self):
        for model in self.models:
            self.assertTrue(self.env[model].with_user(self.biller).search([]), model)

    def test_another_company_sees_nothing(self):
        for model in self.models:
            records = self.env[model].with_user(self.foreign)
            self.assertFalse(records.with_context(allowed_company_ids=self.other_company.ids).search([]), model)

    def test_nobody_creates_or_removes(self):
        for user in (self.biller, self.manager):
            charge = self.found().with_user(user)
            with self.assertRaises(AccessError):
                charge.unlink()
            with self.assertRaises(AccessError):
                self.env["health.charge"].with_user(user).create({"transaction_id": "x"})
            with self.assertRaises(UserError):
                self.env["health.charge.capture"].with_user(user).search([]).write({"amount": 1})

    def test_only_a_manager_closes_charges(self):
        with self.assertRaises(UserError):
            self.found().with_user(self.biller).action_not_billable()
        self.found().with_user(self.manager).action_not_billable()
        self.assertState("T1", "non_billable")

    def test_a_biller_looks_again(self):
        self.found().with_user(self.biller).action_reevaluate()
        self.assertState("T1", "quarantined", "service")

    def test_a_steward_without_sight_of_charges_heals_them(self):
        steward = new_test_user(
            self.env,
            "rev_steward",
            "health_core.group_steward",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        mapping = self.map_code("health.service.mapping", "NEW", self.xray, approve=False)
        mapping.with_user(steward).action_approve()
        self.assertState("T1", "captured")
        self.assertFalse(self.exceptions("unmapped_service"))

    def test_a_biller_cannot_change_what_a_charge_says(self):
        with self.assertRaises(UserError):
            self.found().with_user(self.biller).write({"amount": 1})
