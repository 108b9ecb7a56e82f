from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DAY, RevenueCase


@tagged("post_install", "-at_install")
class TestChargeIntake(RevenueCase):
    def setUp(self):
        super().setUp()
        self.apply(self.visit())

    def captures(self, transaction="T1"):
        return self.env["health.charge.capture"].search([("transaction_id", "=", transaction)])

    def test_a_charge_is_captured_with_what_it_names(self):
        [message] = self.apply(self.charge(amount=12.345, quantity=2, unit="WARD", modifiers=("26", "LT")))
        charge = self.assertState("T1", "captured")
        self.assertEqual(charge.encounter_id, self.encounter())
        self.assertEqual(charge.account_id, self.encounter().account_id)
        self.assertEqual(charge.service_id, self.xray)
        self.assertEqual(charge.location_id, self.ward)
        self.assertEqual(charge.company_id, self.company)
        self.assertEqual((charge.amount, charge.quantity, charge.service_date), (12.35, 2, DAY))
        self.assertEqual((charge.modifiers, charge.price_source), ("26 LT", "amount"))
        self.assertEqual(charge.message_id.id, message)
        self.assertEqual(self.env["interop.link"]._messages(charge).ids, [message])

    def test_prices_come_from_amount_then_unit_price_then_list(self):
        self.apply(
            self.charge("A", amount=10, unit_price=1, quantity=3),
            self.charge("B", unit_price="1.115", quantity=3),
            self.charge("C", quantity=3),
        )
        self.assertEqual([self.found(key).amount for key in "ABC"], [10.0, 3.35, 240.0])

    def test_the_same_key_twice_in_one_set_makes_one_charge(self):
        self.apply(self.charge(), self.charge())
        self.assertEqual(len(self.found()), 1)
        self.assertEqual(len(self.captures()), 2, "every reception leaves a row")

    def test_the_same_key_again_later_makes_one_charge(self):
        [first] = self.apply(self.charge(amount=5))
        [second] = self.apply(self.charge(amount=5))
        self.assertEqual((len(self.found()), self.found().message_id.id), (1, first), "nothing is written")
        self.assertEqual(set(self.env["interop.link"]._messages(self.found()).ids), {first, second})
        self.assertEqual(len(self.captures()), 2)

    def test_two_identical_acts_are_two_charges(self):
        self.apply(self.charge("T1", line=1), self.charge("T1", line=2), self.charge("T2"), together=True)
        self.assertEqual(self.env["health.charge"].search_count([("encounter_id", "=", self.encounter().id)]), 3)

    def test_a_replayed_message_leaves_no_second_reception(self):
        entry_message = self.message()
        for _time in range(2):
            from odoo.addons.health_core.canonical import Entry

            self.env["health.intake"]._apply(
                [Entry(entry_message, self.system.id, self.interface.id, self.company.id, [self.charge()])]
            )
        self.assertEqual((len(self.found()), len(self.captures())), (1, 1))

    def test_an_amendment_before_billing_changes_the_charge(self):
        self.apply(self.charge(amount=5), self.charge(amount=7, code="V1"))
        charge = self.assertState("T1", "captured")
        self.assertEqual((charge.amount, charge.service_id), (7, self.visit_fee))

    def test_an_amendment_is_evaluated_anew(self):
        self.apply(self.charge(amount=5))
        self.apply(self.charge(amount=5, code="UNKNOWN"))
        self.assertState("T1", "quarantined", "service")
        self.assertFalse(self.found().service_id)

    def test_a_credit_reverses(self):
        self.apply(self.charge())
        self.apply(self.credit())
        self.assertState("T1", "reversed")

    def test_charge_and_credit_in_one_set_end_reversed(self):
        self.apply(self.charge(), self.credit())
        self.assertState("T1", "reversed")
        self.assertBalanced()

    def test_a_repetition_does_not_revive_a_reversed_charge(self):
        self.apply(self.charge(), self.credit(), self.charge())
        self.assertState("T1", "reversed")

    def test_a_credit_before_its_charge_waits_and_then_cancels_it(self):
        self.apply(self.credit())
        self.assertState("T1", "quarantined", "unknown_original")
        self.assertEqual(len(self.exceptions("unknown_original")), 1)
        self.apply(self.charge())
        self.assertState("T1", "reversed")
        self.assertFalse(self.exceptions("unknown_original"))
        self.assertBalanced()

    def test_a_service_that_is_not_billable_is_kept_and_not_billed(self):
        self.apply(self.charge(code="N1", amount=3), self.visit(event="discharge"))
        self.bill()
        self.assertState("T1", "non_billable")
        self.assertFalse(self.invoices())

    def test_receptions_cannot_be_changed_or_removed(self):
        self.apply(self.charge())
        capture = self.captures()
        with self.assertRaises(UserError):
            capture.write({"amount": 1})
        with self.assertRaises(UserError):
            capture.unlink()
        for statement in (
            "UPDATE health_charge_capture SET amount = 1 WHERE id = %s",
            "DELETE FROM health_charge_capture WHERE id = %s",
        ):
            with self.assertRaisesRegex(Exception, "append-only"), self.env.cr.savepoint():
                self.env.cr.execute(statement, [capture.id], log_exceptions=False)

    def test_retention_of_messages_leaves_the_reception(self):
        self.apply(self.charge())
        capture = self.captures()
        capture.message_id.sudo().unlink()
        self.env.invalidate_all()
        self.assertTrue(capture.exists())
        self.assertFalse(capture.message_id)

    def test_nobody_writes_the_state(self):
        self.apply(self.charge())
        with self.assertRaises(UserError):
            self.found().write({"state": "charged"})

    def test_a_charge_cannot_skip_states(self):
        self.apply(self.charge(code="NONE"))
        with self.assertRaises(ValueError):
            self.env["health.charge"]._move([{"id": self.found().id, "state": "charged"}])

    def test_queries_do_not_grow_with_the_number_of_charges(self):
        def queries(numbers):
            charges = [self.charge(f"Q{number}") for number in numbers]
            messages = len(charges)
            before = self.cr.sql_log_count
            self.apply(*charges)
            return self.cr.sql_log_count - before - messages * per_message

        before = self.cr.sql_log_count
        self.message()
        per_message = self.cr.sql_log_count - before
        few, many = queries(range(5)), queries(range(100, 160))
        self.assertLess(many - few, 15)
