from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.tests import tagged

from .common import RevenueCase


@tagged("post_install", "-at_install")
class TestBilling(RevenueCase):
    def discharge(self, number="V100", **values):
        self.apply(self.visit(number, event="discharge", **values))
        self.bill()

    def lines(self, number="V100", part="payer"):
        return self.invoices(number, health_part=part).invoice_line_ids

    # -- when ------------------------------------------------------------------

    def test_an_inpatient_is_billed_when_the_visit_is_finished(self):
        self.apply(self.visit(insurers=["INS"]), self.charge())
        self.bill()
        self.assertFalse(self.invoices())
        self.discharge()
        self.assertState("T1", "charged")
        self.assertEqual(set(self.invoices().mapped("state")), {"draft"})

    @freeze_time("2026-03-03 12:00:00")
    def test_an_outpatient_is_billed_per_day_once_the_day_is_past(self):
        self.apply(
            self.visit(class_code="outpatient"),
            self.charge("T1", service_date="2026-03-01"),
            self.charge("T2", service_date="2026-03-02"),
            self.charge("T3", service_date="2026-03-03"),
        )
        self.bill()
        self.assertEqual([str(move.health_service_day) for move in self.invoices()], ["2026-03-01", "2026-03-02"])
        self.assertState("T3", "captured")
        self.discharge(class_code="outpatient")
        self.assertState("T3", "charged")
        self.assertEqual(len(self.invoices()), 3)

    def test_the_day_ends_in_the_facility_s_time_zone(self):
        self.facility.tz = "Pacific/Auckland"
        self.apply(self.visit(class_code="outpatient"), self.charge())
        with freeze_time("2026-03-02 10:00:00"):
            self.bill()
            self.assertState("T1", "captured")
        with freeze_time("2026-03-02 11:30:00"):
            self.bill()
            self.assertState("T1", "charged")

    # -- what ------------------------------------------------------------------

    def test_payer_and_patient_get_their_parts_to_the_cent(self):
        self.apply(
            self.visit(insurers=["INS"]),
            self.charge("T1", amount="33.35", quantity=1),
            self.charge("T2", amount="0.04"),
            self.charge("T3", amount="10.00", quantity=3),
        )
        self.assertFalse(self.encounter().account_id.partner_id)
        self.discharge()
        payer, patient = (self.invoices(health_part=part) for part in ("payer", "patient"))
        self.assertEqual(payer.partner_id, self.payer.partner_id)
        self.assertEqual(patient.partner_id, self.encounter().account_id.partner_id)
        self.assertEqual(payer.invoice_line_ids.mapped("price_subtotal"), [30.01, 0.04, 9.0])
        self.assertEqual(patient.invoice_line_ids.mapped("price_subtotal"), [3.34, 1.0])
        self.assertAlmostEqual(payer.amount_total + patient.amount_total, 43.39)

    def test_lines_carry_product_quantity_and_cost_center_and_no_patient(self):
        self.apply(
            self.visit(insurers=["FUND"], point_of_care=self.charge(unit="WARD").point_of_care),
            self.charge("T1", quantity=2, unit_price=15, unit="CLIN"),
            self.charge("T2"),
        )
        self.discharge()
        clinic, ward = self.lines()
        self.assertEqual(clinic.product_id, self.xray.product_id)
        self.assertEqual((clinic.quantity, clinic.price_unit), (2, 15))
        self.assertEqual(clinic.analytic_distribution, {str(self.clinic_center.id): 100})
        self.assertEqual(ward.analytic_distribution, {str(self.ward_center.id): 100})
        self.assertEqual(clinic.move_id.ref, "V100")
        self.assertNotIn("Testfamily", f"{clinic.move_id.narration} {clinic.name}")
        self.assertEqual(len(self.invoices()), 1, "no part for the patient, no invoice")

    def test_the_patient_s_partner_is_created_when_first_billed(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge())
        self.discharge()
        account = self.encounter().account_id
        self.assertFalse(account.partner_id)
        self.apply(self.visit("V2"), self.charge("T2", "V2"))
        self.discharge("V2")
        self.assertEqual(account.partner_id.name, account.name)
        self.assertEqual(account.partner_id.ref, account.reference)

    def test_without_coverage_the_patient_owes_all(self):
        self.apply(self.visit(), self.charge(amount=9))
        self.discharge()
        self.assertEqual((self.invoices().health_part, self.invoices().amount_total), ("patient", 9))

    def test_a_charge_of_nothing_is_on_one_line(self):
        self.apply(self.visit(insurers=["INS"]), self.charge(amount=0))
        self.discharge()
        self.assertState("T1", "charged")
        self.assertEqual(self.invoices().health_part, "payer")

    def test_visits_are_billed_as_one_set(self):
        def queries(prefix, number):
            for index in range(number):
                self.apply(
                    self.visit(f"{prefix}{index}", patient=f"{prefix}P{index}", insurers=["INS"]),
                    self.charge(f"{prefix}{index}", f"{prefix}{index}"),
                    self.visit(f"{prefix}{index}", event="discharge", patient=f"{prefix}P{index}"),
                )
            before = self.cr.sql_log_count
            self.bill()
            return self.cr.sql_log_count - before

        queries("W", 1)
        few, many = queries("A", 2), queries("B", 12)
        self.assertLess((many - few) / 10, 15, "queries per visit with two invoices")

    def test_quick_drafts_equal_ordinary_ones(self):
        self.full_payer.partner_id.with_company(self.company).property_payment_term_id = self.env.ref(
            "account.account_payment_term_advance_60days"
        )
        for insurer in ("INS", "FUND"):
            self.apply(
                self.visit(insurer, insurers=[insurer], patient=insurer),
                self.charge(f"{insurer}1", insurer, quantity=3, unit_price="33.33"),
                self.charge(f"{insurer}2", insurer, code="V1"),
            )
            self.discharge(insurer, patient=insurer)
            quick = self.invoices(insurer, health_part="payer")
            ordinary = quick.copy()
            self.assertEqual(quick.amount_total, ordinary.amount_total)
            names = ("display_type", "account_id", "partner_id", "balance", "amount_currency", "amount_residual",
                     "price_subtotal", "price_total", "date_maturity", "product_uom_id", "analytic_distribution",
                     "tax_ids", "currency_id", "debit", "credit")  # fmt: skip

            def content(move, names=names):
                lines = move.line_ids.sorted(lambda line: (line.display_type, line.balance))
                return [[str(line[name]) for name in names] for line in lines]

            self.assertEqual(content(quick), content(ordinary))
            quick.action_post()
            self.assertEqual(quick.amount_residual, quick.amount_total)

    def test_taxes_of_the_product_are_kept(self):
        tax = self.env["account.tax"].search(
            [("company_id", "=", self.company.id), ("type_tax_use", "=", "sale")], limit=1
        )
        self.xray.product_id.taxes_id = tax
        self.apply(self.visit(insurers=["FUND"]), self.charge(amount=100))
        self.discharge()
        self.assertEqual((self.invoices().amount_untaxed, self.invoices().amount_tax), (100, tax.amount))

    def test_a_batch_ends_with_the_visit_that_fills_it(self):
        for number in range(3):
            charges = [self.charge(f"L{number}{index}", f"L{number}") for index in range(3)]
            visit = {"patient": f"L{number}", "insurers": ["FUND"]}
            self.apply(
                self.visit(f"L{number}", **visit), *charges, self.visit(f"L{number}", event="discharge", **visit)
            )
        numbers = [len(self.env["health.billing"]._due_visits(limit)) for limit in (1, 3, 4, 6, 7, None)]
        self.assertEqual(numbers, [1, 1, 2, 2, 3, 3])

    # -- again -------------------------------------------------------------------

    def test_a_later_charge_joins_the_draft(self):
        self.apply(self.visit(insurers=["INS"]), self.charge("T1", amount=10))
        self.discharge()
        self.apply(self.charge("T2", amount=20))
        self.bill()
        self.assertEqual(len(self.invoices()), 2)
        self.assertEqual(self.invoices(health_part="payer").amount_total, 27)

    def test_a_later_charge_after_posting_opens_a_new_draft(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge("T1", amount=10))
        self.discharge()
        self.invoices().action_post()
        self.apply(self.charge("T2", amount=20))
        self.bill()
        self.assertEqual(self.invoices().mapped("state"), ["posted", "draft"])

    def test_running_twice_bills_once(self):
        self.apply(self.visit(insurers=["INS"]), self.charge())
        self.discharge()
        moves = self.invoices()
        self.bill()
        self.assertEqual(self.invoices(), moves)
        self.assertEqual(len(moves.invoice_line_ids), 2)

    def test_the_scheduled_action_bills_and_reports_done(self):
        self.apply(self.visit(insurers=["INS"]), self.charge(), self.visit(event="discharge"))
        self.assertEqual(self.env["health.billing"]._pending(), 1)
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["health.billing"]._cron_bill()
        self.env.invalidate_all()
        self.assertState("T1", "charged")
        self.assertEqual(self.env["health.billing"]._pending(), 0)

    def test_the_index_refuses_a_second_live_tie(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge())
        self.discharge()
        tie = self.found().billing_ids
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO health_charge_billing (charge_id, part, state, company_id)"
                " VALUES (%s, 'payer', 'active', %s)",
                [tie.charge_id.id, self.company.id],
                log_exceptions=False,
            )

    def test_a_run_killed_in_the_middle_leaves_nothing_behind(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge(), self.visit(event="discharge"))
        engine = self.env["health.billing"].sudo()
        engine_class = self.registry["health.billing"]

        def killed(self, lines, amounts):
            raise KeyboardInterrupt

        self.patch(engine_class, "_tie", killed)
        with self.assertRaises(KeyboardInterrupt), self.env.cr.savepoint():
            engine._step_bill()
        self.env.invalidate_all()
        self.assertState("T1", "captured")
        self.assertFalse(self.invoices())

    # -- amendments and credits ------------------------------------------------------

    def test_an_amendment_of_a_drafted_charge_changes_the_line(self):
        self.apply(self.visit(insurers=["INS"]), self.charge("T1", amount=10), self.charge("T2", amount=5))
        self.discharge()
        moves = self.invoices()
        self.apply(self.charge("T1", amount=30))
        self.bill()
        self.assertEqual(self.invoices(), moves)
        self.assertEqual(self.invoices(health_part="payer").amount_total, 31.5)
        self.assertState("T1", "charged")
        self.assertBalanced()

    def test_an_amendment_of_a_posted_charge_makes_credit_note_and_new_draft(self):
        self.apply(self.visit(insurers=["INS"]), self.charge("T1", amount=10), self.charge("T2", amount=5))
        self.discharge()
        posted = self.invoices()
        posted.action_post()
        self.apply(self.charge("T1", amount=30))
        self.bill()
        refunds = self.invoices(move_type="out_refund")
        self.assertEqual(sorted(refunds.mapped("amount_total")), [1, 9])
        self.assertEqual(refunds.reversed_entry_id, posted)
        drafts = self.invoices(move_type="out_invoice") - posted
        self.assertEqual(sorted(drafts.mapped("amount_total")), [3, 27])
        self.assertEqual(sorted(self.found().billing_ids.mapped("state")), ["active"] * 2 + ["credited"] * 2)
        self.bill()
        self.assertEqual(len(self.invoices()), 6, "a second run changes nothing")

    def test_a_credit_removes_the_line_of_a_draft(self):
        self.apply(self.visit(insurers=["INS"]), self.charge("T1", amount=10), self.charge("T2", amount=5))
        self.discharge()
        self.apply(self.credit("T1"))
        self.bill()
        self.assertState("T1", "reversed")
        self.assertEqual(self.invoices(health_part="payer").amount_total, 4.5)

    def test_a_draft_without_lines_goes(self):
        self.apply(self.visit(insurers=["INS"]), self.charge("T1", amount=10))
        self.discharge()
        self.apply(self.credit("T1"))
        self.bill()
        self.assertFalse(self.invoices())

    def test_a_credit_after_posting_makes_a_credit_note(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge("T1", amount=10), self.charge("T2", amount=5))
        self.discharge()
        posted = self.invoices()
        posted.action_post()
        self.apply(self.credit("T1"))
        self.bill()
        refund = self.invoices(move_type="out_refund")
        self.assertEqual((refund.amount_total, refund.state, refund.reversed_entry_id), (10, "draft", posted))
        self.assertEqual(
            refund.invoice_line_ids.analytic_distribution, posted.invoice_line_ids[0].analytic_distribution
        )
        refund.action_post()
        self.assertEqual(posted.amount_residual, 5)

    # -- people --------------------------------------------------------------------

    def test_a_draft_that_a_person_deletes_is_not_lost(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge(amount=10))
        self.discharge()
        self.invoices().unlink()
        charge = self.assertState("T1", "quarantined", "invoice_removed")
        self.assertEqual(charge.exception_id.amount, 10)
        self.bill()
        self.assertFalse(self.invoices(), "nobody fights with the person")
        charge.action_release()
        self.bill()
        self.assertState("T1", "charged")
        self.assertFalse(self.exceptions("invoice_removed"))

    def test_a_cancelled_draft_releases_only_its_part(self):
        self.apply(self.visit(insurers=["INS"]), self.charge(amount=10))
        self.discharge()
        self.invoices(health_part="patient").button_cancel()
        charge = self.assertState("T1", "quarantined", "invoice_removed")
        charge.action_release()
        self.bill()
        self.assertEqual(len(self.invoices(health_part="payer")), 1)
        self.assertEqual(self.invoices(health_part="patient").mapped("state"), ["cancel", "draft"])

    # -- trouble --------------------------------------------------------------------

    def test_a_company_without_sales_journal_raises_an_exception_and_bills_later(self):
        company = self.make_company("Bare", chart=False)
        facility = self.make_facility("BARE", company)
        self.apply(
            self.visit("B1").model_copy(update={"facility": "BARE"}),
            self.charge("T1", "B1", amount=9, facility="BARE"),
            self.visit("B1", event="discharge").model_copy(update={"facility": "BARE"}),
        )
        self.assertEqual(self.found().facility_id, facility)
        self.bill()
        self.assertState("T1", "captured")
        exception = self.exceptions("billing_setup")
        self.assertEqual((exception.company_id, exception.amount), (company, 9))
        self.bill()
        self.assertEqual(self.exceptions("billing_setup"), exception)
        self.env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
        self.bill()
        self.assertState("T1", "charged")
        self.assertEqual(exception.state, "resolved")

    def test_one_visit_s_trouble_does_not_stop_the_others(self):
        for number in ("V1", "V2", "V3"):
            self.apply(
                self.visit(number, patient=number, insurers=["FUND"]),
                self.charge(f"T{number}", number, code="V1" if number == "V2" else "X1"),
                self.visit(number, event="discharge", patient=number),
            )
        original = self.registry["health.billing"]._line_values

        def failing(engine, charge, amount, centers):
            if charge.service_id == self.visit_fee:
                raise ValueError("Testfamily")
            return original(engine, charge, amount, centers)

        with self.assertLogs("odoo.addons.health_revenue", "WARNING") as log:
            self.patch(self.registry["health.billing"], "_line_values", failing)
            self.bill()
        self.assertNotIn("Testfamily", "".join(log.output))
        self.assertState("TV1", "charged")
        self.assertState("TV3", "charged")
        exception = self.exceptions("billing_failed")
        self.assertTrue(self.assertState("TV2", "captured").billing_blocked)
        self.patch(self.registry["health.billing"], "_line_values", original)
        exception.sudo()._resolve("corrected")
        self.bill()
        self.assertState("TV2", "charged")
