import json

from odoo.tests import tagged

from odoo.addons.interop_event.tests.receiver import Receiver

from .common import HealthEventCase


@tagged("post_install", "-at_install")
class TestInvoice(HealthEventCase):
    def test_from_posting_to_a_signed_webhook(self):
        with Receiver() as hook:
            subscription = self.subscribe(hook.url, patterns="invoice.*", company_id=self.company.id, with_data=True)
            secret = subscription.secret_ids._open()
            self.apply(self.visit(insurers=["FUND"]), self.charge("T1"), self.visit(event="discharge"))
            self.bill()
            invoice = self.invoices()
            invoice.action_post()
            self.relay()
        told = [json.loads(request.body) for request in hook.requests]
        self.assertEqual(sorted(body["type"] for body in told), ["invoice.created", "invoice.posted"])
        posted = next(body for body in told if body["type"] == "invoice.posted")
        self.assertEqual(
            posted["data"]["attributes"],
            {"number": invoice.name, "amount": "80.00", "currency": invoice.currency_id.name, "part": "payer"},
        )
        self.assertEqual(posted["data"]["facility"], "MAIN")
        self.assertIn("/interop/v1/customer-invoices/", posted["data"]["links"]["self"])
        try:
            from standardwebhooks.webhooks import Webhook
        except ImportError:
            return
        for request in hook.requests:
            Webhook(secret).verify(request.body, request.headers)

    def test_paid_and_credited(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge("T1"), self.visit(event="discharge"))
        self.bill()
        invoice = self.invoices()
        invoice.action_post()
        self.forget()
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids).create(
            {}
        )._create_payments()
        if invoice.payment_state in ("paid", "in_payment"):
            self.assertEqual(self.happened("invoice.paid"), ["invoice.paid"])
        self.apply(self.credit("T1"))
        self.bill()
        self.invoices(move_type="out_refund").action_post()
        self.assertEqual(self.happened("credit_note.posted"), ["credit_note.posted"])

    def test_bills_and_entries_are_not_told(self):
        self.env["account.move"].create({"move_type": "entry", "company_id": self.company.id})
        self.assertFalse(self.events("invoice.created", "invoice.posted"))

    def test_posting_many_costs_two_statements_more(self):
        self.apply(
            *[self.visit(f"V{n}", patient=f"P{n}", insurers=["FUND"]) for n in range(20)],
            *[self.charge(f"T{n}", number=f"V{n}") for n in range(20)],
            *[self.visit(f"V{n}", patient=f"P{n}", event="discharge") for n in range(20)],
        )
        self.bill()
        invoices = self.env["account.move"].search([("health_encounter_id", "!=", False), ("state", "=", "draft")])
        self.assertEqual(len(invoices), 20)
        invoices.action_post()
        self.assertEqual(self.happened("invoice.posted"), ["invoice.posted"] * 20)
        self.env.invalidate_all()
        invoices.mapped("health_encounter_id.facility_id.code"), invoices.mapped("currency_id.name")
        with self.assertQueryCount(1):
            invoices._emit_events("invoice.posted")
            self.env.flush_all()
