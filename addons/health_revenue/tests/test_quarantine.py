from odoo.tests import tagged

from .common import DAY, RevenueCase


@tagged("post_install", "-at_install")
class TestQuarantine(RevenueCase):
    def test_a_charge_waits_for_its_visit(self):
        self.apply(self.charge(amount=8))
        self.assertState("T1", "quarantined", "visit")
        exception = self.exceptions("unknown_visit")
        self.assertEqual((len(exception), exception.amount), (1, 8))
        self.assertEqual(exception.owner_id, self.system.owner_id)
        self.assertEqual(exception.activity_ids.user_id, self.system.owner_id)
        self.assertNotIn("V100", exception.name + exception.key)
        self.apply(self.visit())
        charge = self.assertState("T1", "captured")
        self.assertEqual(charge.encounter_id, self.encounter())
        self.assertFalse(charge.exception_id)
        self.assertEqual(exception.state, "resolved")

    def test_only_the_charges_of_the_visit_that_arrived_heal(self):
        self.apply(self.charge("T1", "V1"), self.charge("T2", "V2"))
        self.apply(self.visit("V2"))
        self.assertState("T1", "quarantined", "visit")
        self.assertState("T2", "captured")

    def test_a_charge_without_a_visit_waits(self):
        self.apply(self.charge(number=None))
        self.assertState("T1", "quarantined", "visit")

    def test_a_charge_waits_for_its_service_mapping(self):
        self.apply(self.visit(), self.charge("T1", code="NEW", quantity=2), self.charge("T2", code="NEW", amount=5))
        self.assertState("T1", "quarantined", "service")
        exception = self.exceptions("unmapped_service")
        self.assertEqual((exception.key, exception.amount, exception.charge_count), ("TEST:NEW", 5, 2))
        mapping = self.map_code("health.service.mapping", "NEW", self.xray, approve=False)
        self.assertState("T1", "quarantined", "service")
        mapping.action_approve()
        self.assertEqual([self.assertState(key, "captured").amount for key in ("T1", "T2")], [160, 5])
        self.assertEqual(exception.state, "resolved")
        self.assertBalanced()

    def test_the_exception_leads_to_the_mapping_that_resolves_it(self):
        self.apply(self.visit(insurers=["NEWP"]), self.charge("T1", code="A:B"), self.charge("T2", unit="NEWW"))
        for kind, model in (
            ("unmapped_service", "health.service.mapping"),
            ("unmapped_location", "health.location.mapping"),
            ("unmapped_payer", "health.payer.mapping"),
        ):
            action = self.exceptions(kind).action_map()
            self.assertEqual((action["res_model"], action["res_id"]), (model, False))
            self.assertEqual(action["context"]["default_system_id"], self.system.id)
        self.assertEqual(self.found("T1").action_map()["context"]["default_code"], "A:B")
        draft = self.map_code("health.service.mapping", "A:B", self.xray, approve=False)
        self.assertEqual(self.found("T1").action_map()["res_id"], draft.id)

    def test_a_charge_waits_for_its_location_mapping(self):
        self.apply(self.visit(), self.charge(unit="NEWW"))
        self.assertState("T1", "quarantined", "location")
        self.assertEqual(self.exceptions("unmapped_location").key, "TEST:NEWW")
        self.map_code("health.location.mapping", "NEWW", self.ward)
        self.assertEqual(self.assertState("T1", "captured").location_id, self.ward)
        self.assertFalse(self.exceptions("unmapped_location"))

    def test_a_charge_waits_for_the_payer_mapping_of_its_visit(self):
        self.apply(self.visit(insurers=["NEWP"]), self.charge())
        self.assertState("T1", "quarantined", "payer")
        self.assertEqual(self.exceptions("unmapped_payer").key, "TEST:NEWP")
        self.map_code("health.payer.mapping", "NEWP", self.payer)
        self.assertState("T1", "captured")
        self.assertFalse(self.exceptions("unmapped_payer"))

    def test_a_quarantined_secondary_coverage_holds_nothing_back(self):
        self.apply(self.visit(insurers=["INS", "NEWP"]), self.charge())
        self.assertState("T1", "captured")

    def test_a_coverage_that_changes_after_the_charge_is_looked_at_again(self):
        self.apply(self.visit(insurers=["INS"]), self.charge())
        self.assertState("T1", "captured")
        self.apply(self.visit(event="update", insurers=["NEWP"]))
        self.assertState("T1", "quarantined", "payer")
        self.apply(self.visit(event="update", insurers=["FUND"]))
        self.assertState("T1", "captured")
        self.assertTrue(self.exceptions("unmapped_payer"), "the coverage itself still waits for its mapping")

    def test_reasons_are_looked_at_in_order(self):
        self.apply(self.charge(code="NEW", unit="NEWW"))
        self.assertState("T1", "quarantined", "visit")
        self.apply(self.visit(insurers=["NEWP"]))
        self.assertState("T1", "quarantined", "service")
        self.map_code("health.service.mapping", "NEW", self.xray)
        self.assertState("T1", "quarantined", "location")
        self.map_code("health.location.mapping", "NEWW", self.ward)
        self.assertState("T1", "quarantined", "payer")
        self.map_code("health.payer.mapping", "NEWP", self.payer)
        self.assertState("T1", "captured")
        self.assertFalse(
            self.env["interop.exception"].search([("state", "!=", "resolved"), ("charge_ids", "!=", False)])
        )

    def test_a_mapping_counts_from_its_first_day(self):
        mapping = self.map_code("health.service.mapping", "LATE", self.xray, approve=False)
        mapping.date_from = "2026-04-01"
        mapping.action_approve()
        self.apply(
            self.visit(), self.charge("T1", code="LATE"), self.charge("T2", code="LATE", service_date="2026-04-01")
        )
        self.assertState("T1", "quarantined", "service")
        self.assertState("T2", "captured")

    def test_charges_of_a_cancelled_visit_wait_until_it_is_taken_up_again(self):
        self.apply(self.visit(), self.charge())
        self.apply(self.visit(event="cancel_admit"))
        self.assertState("T1", "quarantined", "visit")
        self.apply(self.visit(event="admit"))
        self.assertState("T1", "captured")

    def test_resolving_by_hand_without_a_mapping_opens_the_exception_again(self):
        self.apply(self.visit(), self.charge(code="NEW", amount=5))
        exception = self.exceptions("unmapped_service")
        exception.sudo()._resolve("done")
        again = self.exceptions("unmapped_service")
        self.assertTrue(again and again != exception)
        self.assertEqual(self.found().exception_id, again)

    def test_a_manager_closes_a_charge_as_not_billable(self):
        self.apply(self.visit(), self.charge(code="NEW", amount=5))
        exception = self.found().exception_id
        self.found().action_not_billable()
        self.assertState("T1", "non_billable")
        self.assertEqual(exception.state, "resolved")
        self.assertBalanced()

    def test_money_at_risk_follows_the_charges(self):
        self.apply(self.visit(), self.charge("T1", code="NEW", amount=5), self.charge("T2", code="NEW", amount=7))
        self.assertEqual(self.exceptions("unmapped_service").amount, 12)
        self.apply(self.credit("T2"))
        self.assertEqual(self.exceptions("unmapped_service").amount, 5)

    def test_healing_is_one_set(self):
        self.apply(self.visit(), *(self.charge(f"T{number}", code="NEW") for number in range(3)))
        self.apply(*(self.charge(f"M{number}", code="MANY", service_date=DAY) for number in range(60)))
        few = self.map_code("health.service.mapping", "NEW", self.xray, approve=False)
        many = self.map_code("health.service.mapping", "MANY", self.xray, approve=False)
        counts = []
        for mapping in (few, many):
            self.env.flush_all()
            before = self.cr.sql_log_count
            mapping.action_approve()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 10)
        self.assertEqual(self.env["health.charge"].search_count([("state", "=", "captured")]), 63)
