from odoo.tests import tagged

from .common import RevenueCase


@tagged("post_install", "-at_install")
class TestMerge(RevenueCase):
    def account(self, patient):
        return self.env["health.patient.identifier"].search([("value", "=", patient)]).account_id

    def open_receivable(self, partner):
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("amount_residual"))

    def setUp(self):
        super().setUp()
        self.apply(
            self.visit("V1", patient="KEEP"),
            self.visit("V2", patient="GONE"),
            self.charge("T2", "V2", amount=50),
        )
        self.keep, self.gone = self.account("KEEP"), self.account("GONE")

    def test_open_charges_follow_the_survivor(self):
        self.apply(self.merge("KEEP", "GONE"))
        self.assertEqual(self.found("T2").account_id, self.keep)
        self.bill()
        self.assertFalse(self.keep.partner_id, "nothing was billed yet")
        self.apply(self.visit("V2", event="discharge", patient="KEEP"))
        self.bill()
        self.assertEqual(self.invoices("V2").partner_id, self.keep.partner_id)
        self.assertFalse(self.gone.partner_id)

    def test_drafts_follow_the_survivor(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        draft = self.invoices("V2")
        self.assertEqual(draft.partner_id, self.gone.partner_id)
        self.apply(self.merge("KEEP", "GONE"))
        self.bill()
        self.assertEqual(draft.partner_id, self.keep.partner_id)
        self.assertEqual(draft.line_ids.partner_id, self.keep.partner_id)
        self.apply(self.charge("T3", "V2", amount=1))
        self.bill()
        self.assertEqual((self.invoices("V2"), draft.amount_total), (draft, 51))

    def test_a_charge_billed_between_merge_and_transfer_joins_the_draft(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        draft = self.invoices("V2")
        self.apply(self.merge("KEEP", "GONE"), self.charge("T3", "V2", amount=1))
        engine = self.env["health.billing"].sudo()
        while engine._step_bill():
            pass
        self.assertEqual((self.invoices("V2"), draft.amount_total), (draft, 51))
        self.bill()
        self.assertEqual(draft.partner_id, self.keep.partner_id)

    def test_posted_receivables_are_transferred_by_a_balanced_entry(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        invoice = self.invoices("V2")
        invoice.invoice_date_due = "2026-12-31"
        invoice.action_post()
        former = self.gone.partner_id
        self.apply(self.merge("KEEP", "GONE"))
        self.bill()
        self.assertEqual(self.open_receivable(former), 0)
        self.assertEqual(self.open_receivable(self.keep.partner_id), 50)
        transfer = self.env["health.receivable.transfer"].search([("prior_id", "=", self.gone.id)])
        entry = transfer.entry_ids
        self.assertEqual((transfer.state, entry.state), ("done", "posted"))
        self.assertEqual(sum(entry.line_ids.mapped("balance")), 0)
        self.assertEqual(invoice.partner_id, former, "what is posted stays as it was booked")
        self.assertEqual(invoice.amount_residual, 0)
        opened = entry.line_ids.filtered(lambda line: line.partner_id == self.keep.partner_id)
        self.assertEqual(str(opened.date_maturity), "2026-12-31")
        self.bill()
        self.assertEqual(self.open_receivable(self.keep.partner_id), 50, "once")

    def test_each_company_transfers_its_own_receivables(self):
        other = self.make_company("Second")
        self.xray.product_id.taxes_id = False  # a new chart of accounts gives its tax to shared products
        self.make_facility("TWO", other)
        two = {"facility": "TWO"}
        self.apply(
            self.visit("V9", patient="X").model_copy(update=two),
            self.charge("T9", "V9", amount=30, facility="TWO"),
            self.visit("V9", event="discharge", patient="X").model_copy(update=two),
            self.visit("V2", event="discharge", patient="GONE"),
        )
        self.bill()
        self.invoices("V2").action_post()
        second = self.env["account.move"].search([("company_id", "=", other.id), ("move_type", "=", "out_invoice")])
        self.assertEqual(second.amount_total, 30)
        second.with_company(other).action_post()
        pairs = [(self.keep, self.gone), (self.keep, self.encounter("V9").account_id)]
        self.env["health.receivable.transfer"]._request(pairs)
        for survivor, prior in pairs:
            prior.sudo().merged_into_id = survivor
        self.bill()
        entries = self.env["account.move"].search([("health_transfer_id", "!=", False)])
        self.assertEqual(set(entries.company_id), {self.company, other})
        self.assertEqual(self.open_receivable(self.keep.partner_id), 80)

    def test_a_chain_of_merges_ends_at_the_last_survivor(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        self.invoices("V2").action_post()
        self.apply(self.visit("V3", patient="LAST"))
        self.apply(self.merge("KEEP", "GONE"), self.merge("LAST", "KEEP"))
        self.bill()
        self.assertEqual(self.open_receivable(self.account("LAST").partner_id), 50)
        self.assertFalse(self.keep.partner_id)

    def test_a_transfer_that_fails_waits_for_a_person(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        self.invoices("V2").action_post()
        self.apply(self.merge("KEEP", "GONE"))
        journals = self.env["account.journal"].search([("type", "=", "general"), ("company_id", "=", self.company.id)])
        journals.active = False
        with self.assertLogs("odoo.addons.health_revenue", "WARNING"):
            self.bill()
        exception = self.exceptions("receivable_transfer")
        self.assertEqual(len(exception), 1)
        self.assertEqual(exception.company_id, self.company)
        journals.active = True
        exception.sudo()._resolve("journal is back")
        self.bill()
        self.assertEqual(self.open_receivable(self.keep.partner_id), 50)

    def test_charges_of_a_merged_visit_are_billed_with_the_survivor(self):
        self.apply(
            self.visit("V4", patient="GONE"),
            self.charge("T4", "V4", amount=7),
            self.visit("V2", event="discharge", patient="GONE"),
        )
        self.bill()
        self.assertEqual(self.invoices("V2").amount_total, 50)
        self.apply(self.merge_visits("V4", "V2"))
        self.assertEqual(self.found("T2").encounter_id, self.encounter("V4"))
        self.apply(self.visit("V4", event="discharge", patient="GONE"))
        self.bill()
        self.assertEqual(self.invoices("V4").amount_total, 57)
        self.assertFalse(self.invoices("V2"))
        self.assertBalanced()

    def test_a_moved_visit_is_billed_to_its_new_patient(self):
        self.apply(self.visit("V2", event="discharge", patient="GONE"))
        self.bill()
        self.invoices("V2").action_post()
        self.apply(self.move_visit("V2", "KEEP"))
        self.bill()
        self.assertEqual(self.found("T2").account_id, self.keep)
        refund = self.invoices("V2", move_type="out_refund")
        self.assertEqual((refund.partner_id, refund.amount_total), (self.gone.partner_id, 50))
        draft = self.invoices("V2", state="draft", move_type="out_invoice")
        self.assertEqual((draft.partner_id, draft.amount_total), (self.keep.partner_id, 50))
