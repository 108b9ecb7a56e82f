from unittest.mock import patch

from odoo.tests import tagged

from .common import CareCase


@tagged("post_install", "-at_install")
class TestIntakeCoverages(CareCase):
    """Rule 5: insurances of visits and accounts, and codes that nobody mapped."""

    def test_coverages_of_the_visit_are_in_order_and_the_account_keeps_them(self):
        second = self.env["health.payer"].create({"name": "Second", "partner_id": self.payer.partner_id.id})
        self.map_code("payer", "SEC", second)
        self.apply(self.visit(coverages=(self.cover("SEC", priority=2), self.cover(priority=1))))
        visit = self.encounter()
        self.assertEqual(visit.coverage_ids.coverage_id.mapped("payer_id"), self.payer | second)
        self.assertEqual(visit.primary_coverage_id.payer_id, self.payer)
        self.assertEqual(self.account().coverage_ids, visit.coverage_ids.coverage_id)

    def test_new_list_replaces_the_visits_list_but_not_the_accounts(self):
        self.apply(self.visit(coverages=(self.cover(member="M1"),)))
        self.apply(self.visit("update", coverages=(self.cover(member="M2"),)))
        self.assertEqual(self.encounter().coverage_ids.mapped("member_id"), ["M2"])
        self.assertEqual(sorted(self.account().coverage_ids.mapped("member_id")), ["M1", "M2"])
        self.apply(self.visit("update"))
        self.assertEqual(len(self.encounter().coverage_ids), 1, "nothing said, nothing changed")
        self.apply(self.visit("update", coverages=()))
        self.assertFalse(self.encounter().coverage_ids)
        self.assertFalse(self.encounter().primary_coverage_id)

    def test_same_coverage_of_two_visits_is_one_record(self):
        self.apply(
            self.visit(coverages=(self.cover(),)), self.visit(number="V2", coverages=(self.cover(plan_code="A"),))
        )
        self.assertEqual(self.encounter("V1").primary_coverage_id, self.encounter("V2").primary_coverage_id)
        self.assertEqual(self.account().coverage_ids.plan_code, "A")

    def test_unknown_payer_quarantines_the_coverage_with_an_exception(self):
        self.apply(
            self.visit(coverages=(self.cover("NEW"),)),
            self.visit(number="V2", patient=("2",), coverages=(self.cover("NEW"),)),
        )
        coverage = self.encounter().primary_coverage_id
        self.assertEqual((coverage.state, coverage.payer_code), ("quarantined", "NEW"))
        self.assertFalse(coverage.payer_id)
        exception = self.exceptions("unmapped_payer")
        self.assertEqual(exception.key, "TEST:NEW")

    def test_approving_the_mapping_heals_exactly_what_waited(self):
        self.apply(
            self.visit(coverages=(self.cover("NEW"),)),
            self.visit(number="V2", patient=("2",), coverages=(self.cover("ODD"),)),
        )
        mapping = self.map_code("payer", "NEW", self.payer, approve=False)
        told = []
        with patch.object(
            type(self.env["health.intake"]), "_coverages_changed", lambda _self, encounters: told.append(encounters)
        ):
            mapping.action_approve()
        self.assertEqual(self.encounter().primary_coverage_id.payer_id, self.payer)
        self.assertEqual(self.encounter().primary_coverage_id.state, "active")
        self.assertEqual(self.encounter("V2").primary_coverage_id.state, "quarantined")
        self.assertEqual(told, [self.encounter()])
        self.assertEqual(self.exceptions("unmapped_payer").key, "TEST:ODD")

    def test_retired_mapping_leaves_known_coverages_alone(self):
        self.apply(self.visit(coverages=(self.cover(),)))
        self.env["health.payer.mapping"].search([("code", "=", "EVG01")]).action_retire()
        self.apply(self.visit("update", coverages=(self.cover(),)))
        self.assertEqual(self.encounter().primary_coverage_id.state, "active")
        self.apply(self.visit(number="V2", patient=("2",), coverages=(self.cover(),)))
        self.assertEqual(self.encounter("V2").primary_coverage_id.state, "quarantined")

    def test_hook_hears_of_known_visits_only(self):
        told = []
        with patch.object(
            type(self.env["health.intake"]), "_coverages_changed", lambda _self, encounters: told.append(encounters)
        ):
            self.apply(self.visit(coverages=(self.cover(),)))
            self.assertFalse(told)
            self.apply(self.visit("update", coverages=(self.cover(),)))
            self.assertFalse(told)
            self.apply(self.visit("update", coverages=(self.cover(member="M2"),)))
        self.assertEqual(told, [self.encounter()])
