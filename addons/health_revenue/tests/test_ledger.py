from odoo.tests import tagged

from .common import RevenueCase


@tagged("post_install", "-at_install")
class TestLedger(RevenueCase):
    def setUp(self):
        super().setUp()
        self.apply(self.visit(insurers=["INS"]))

    def row(self, day="2026-03-02"):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["health.charge.ledger"].search(
            [("facility_id", "=", self.facility.id), ("service_date", "=", day)]
        )

    def fill(self):
        self.apply(
            self.charge("A", amount=10),
            self.charge("B", amount=20, code="NEW"),
            self.charge("C", amount=30, code="N1"),
            self.charge("D", amount=40),
            self.credit("D", amount=40),
            self.charge("A", amount=10),
            self.charge("E", quantity=2),
        )

    def test_captured_equals_the_sum_of_all_states(self):
        self.fill()
        row = self.row()
        self.assertEqual(
            (row.captured, row.open, row.quarantined, row.non_billable, row.reversed, row.charged),
            (5, 2, 1, 1, 1, 0),
        )
        self.assertEqual((row.captured_amount, row.open_amount, row.difference), (260, 170, 0))
        self.assertTrue(row.balanced)
        self.apply(self.visit(event="discharge"))
        self.bill()
        self.assertEqual((self.row().open, self.row().charged, self.row().charged_amount), (0, 2, 170))
        self.assertBalanced()

    def test_an_amendment_moves_the_charge_to_its_new_day_and_amount(self):
        self.apply(self.charge(amount=10))
        self.apply(self.charge(amount=15, service_date="2026-03-03"))
        self.assertFalse(self.row())
        self.assertEqual((self.row("2026-03-03").captured, self.row("2026-03-03").captured_amount), (1, 15))
        self.assertBalanced()

    def test_every_number_opens_the_records_behind_it(self):
        self.fill()
        row = self.row()
        for column in ("open", "charged", "quarantined", "non_billable", "reversed"):
            action = row.with_context(ledger_column=column).action_open_charges()
            self.assertEqual(self.env["health.charge"].search_count(action["domain"]), row[column], column)
        captures = self.env["health.charge.capture"].search(row.action_open_captures()["domain"])
        self.assertEqual(len(set(captures.mapped("transaction_id"))), row.captured)

    def check(self):
        self.env["health.charge.ledger"]._cron_check()
        self.env.invalidate_all()
        return self.exceptions("ledger_imbalance")

    def test_a_lost_charge_is_reported_and_the_report_ends_with_the_cause(self):
        self.fill()
        self.assertFalse(self.check())
        lost = self.found("A")
        self.env.cr.execute("SAVEPOINT whole")
        self.env.cr.execute("DELETE FROM health_charge WHERE id = %s", [lost.id])
        self.env.invalidate_all()
        exception = self.check()
        self.assertEqual((len(exception), exception.company_id, exception.amount), (1, self.company, 10))
        self.assertFalse(self.row().balanced)
        self.assertEqual(self.row().difference, 1)
        self.assertEqual(self.check(), exception, "reported once")
        self.assertEqual(exception.amount, 10)
        self.apply(self.charge("A", amount=10))
        self.assertFalse(self.check())
        self.assertEqual(exception.state, "resolved")

    def test_an_invented_charge_is_reported(self):
        self.fill()
        self.env["health.charge"].create(
            {
                "system_id": self.system.id,
                "transaction_id": "GHOST",
                "facility_id": self.facility.id,
                "company_id": self.company.id,
                "service_code": "X1",
                "service_date": "2026-03-02",
            }
        )
        self.assertEqual(len(self.check()), 1)
        self.assertEqual(self.row().difference, -1)

    def test_a_changed_amount_is_reported(self):
        self.fill()
        self.env.cr.execute("UPDATE health_charge SET amount = 11 WHERE id = %s", [self.found("A").id])
        self.env.invalidate_all()
        self.assertEqual(len(self.check()), 1)
        self.assertEqual(self.row().difference_amount, -1)

    def test_a_filter_reaches_the_indexes(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        ledger = self.env["health.charge.ledger"]
        query = ledger._search([("facility_id", "=", self.facility.id), ("service_date", "=", "2026-03-02")])
        self.env.cr.execute(f"EXPLAIN {query.select().code}", query.select().params)
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        for table in ("health_charge_capture", "health_charge"):
            # Which of the indexes that begin with or hold the day is cheapest depends on what is in the table.
            self.assertRegex(plan, rf"Index Scan using \w+ on {table}\b.*\n\s+Index Cond: .*service_date = ")
