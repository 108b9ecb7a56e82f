from decimal import Decimal

from odoo.tests import TransactionCase, tagged

from .. import money, states
from ..row import Row, fold


@tagged("post_install", "-at_install")
class TestMoney(TransactionCase):
    def test_half_cents_round_away_from_zero(self):
        self.assertEqual(money.cents("0.125"), Decimal("0.13"))
        self.assertEqual(money.cents("-0.125"), Decimal("-0.13"))
        self.assertEqual(money.cents(2.675), Decimal("2.68"), "a float is taken as it is written")

    def test_the_parts_always_add_up(self):
        for amount in ("0.01", "0.05", "33.33", "99.99", "-10.05", "1234567.89"):
            for percent in (0, 10, 20.0, 33.33, 100):
                payer, patient = money.split(Decimal(amount), percent)
                self.assertEqual(payer + patient, Decimal(amount))
                self.assertEqual(patient, money.cents(Decimal(amount) * Decimal(str(percent)) / 100))

    def test_amount_wins_over_unit_price_over_list_price(self):
        three = Decimal(3)
        self.assertEqual(money.price(Decimal(5), Decimal(2), three, 7.0), (Decimal("5.00"), "amount"))
        self.assertEqual(money.price(None, Decimal("1.115"), three, 7.0), (Decimal("3.35"), "unit"))
        self.assertEqual(money.price(None, None, three, 7.1), (Decimal("21.30"), "list"))
        self.assertEqual(money.price(None, None, three, None), (Decimal("0.00"), "list"))


@tagged("post_install", "-at_install")
class TestFold(TransactionCase):
    def said(self, fingerprint="a", **values):
        return Row(1, "T", 1, fingerprint=fingerprint, **values)

    def fold(self, row, action="charge", fingerprint="a"):
        return fold(row, self.said(fingerprint), action, ("unknown_original", "k", "text"))

    def test_a_new_charge_is_to_be_evaluated(self):
        self.assertTrue(self.fold(None).evaluate)

    def test_the_same_content_again_has_no_effect(self):
        row = self.said(state=states.CHARGED, id=1)
        self.assertIs(self.fold(row), row)
        self.assertEqual((row.state, row.evaluate, row.void, row.changed), (states.CHARGED, False, False, False))

    def test_other_content_amends_and_takes_back(self):
        row = self.fold(self.said(state=states.CHARGED, id=1), fingerprint="b")
        self.assertEqual((row.evaluate, row.void, row.fingerprint), (True, True, "b"))

    def test_a_credit_reverses_and_a_second_one_does_nothing(self):
        row = self.fold(self.said(state=states.CHARGED, id=1), "credit")
        self.assertEqual((row.state, row.void), (states.REVERSED, True))
        row.changed = False
        self.assertFalse(self.fold(row, "credit").changed)

    def test_a_charge_after_its_credit_is_reversed_at_once(self):
        row = self.fold(None, "credit")
        self.assertEqual((row.state, row.quarantine_reason), (states.QUARANTINED, states.UNKNOWN_ORIGINAL))
        row = self.fold(row)
        self.assertEqual((row.state, row.quarantine_reason, row.evaluate), (states.REVERSED, None, False))

    def test_every_state_can_be_left_but_not_for_charged(self):
        self.assertEqual(states.SOURCES[states.CHARGED], {states.CAPTURED})
