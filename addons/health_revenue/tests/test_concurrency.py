from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, tagged

from odoo.addons.health_core.canonical import CaptureCharge, Entry, Identifier, RecordVisit, VisitRef

from .common import RevenueCase


@tagged("post_install", "-at_install")
class TestWake(RevenueCase):
    def triggers(self):
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.env.ref("health_revenue.cron_bill").id)])

    def test_billing_is_woken_once_per_transaction_and_only_when_needed(self):
        self.env.cr.precommit.clear()
        before = self.triggers()
        self.apply(self.charge())
        self.env.cr.precommit.run()
        self.assertEqual(self.triggers(), before, "a quarantined charge bills nothing")
        self.apply(self.visit(), self.charge("T2"), self.charge("T3"))
        self.apply(self.visit(event="discharge"))
        self.env.cr.precommit.run()
        self.assertEqual(self.triggers(), before + 1)


@tagged("post_install", "-at_install")
class TestConcurrency(TransactionCase):
    """Real transactions side by side; what they commit is removed again."""

    NOON = datetime(2026, 3, 2, 12, 0)
    CODE = "REVCON"

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '5s'")
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def setUp(self):
        super().setUp()
        self.addCleanup(self.remove)
        self.patch(self.registry["interop.link"], "_add", lambda links, rows: None)  # no messages here, no trail
        with self.transaction() as env:
            self.system_id = env["interop.system"].create({"name": self.CODE, "code": self.CODE, "kind": "ehr"}).id
            self.company_id = env["res.company"].search([], limit=1).id
            self.facility_id = (
                env["health.facility"]
                .create(
                    {
                        "name": self.CODE,
                        "code": self.CODE,
                        "company_id": self.company_id,
                        "code_ids": [(0, 0, {"system_id": self.system_id, "code": "*"})],
                    }
                )
                .id
            )
            service = env["health.service"].create({"code": self.CODE, "name": self.CODE, "list_price": 5})
            env["health.service.mapping"].create(
                {"system_id": self.system_id, "code": "S", "service_id": service.id}
            ).action_approve()
            self.service_id = service.id
            self.apply(env, self.visit("admit"))

    def remove(self):
        with self.transaction() as env:
            env.cr.execute("ALTER TABLE health_charge_capture DISABLE TRIGGER health_charge_capture_append_only")
            for table in ("health_charge", "health_charge_capture"):
                env.cr.execute(f"DELETE FROM {table} WHERE system_id = %s", [self.system_id])
            env.cr.execute("ALTER TABLE health_charge_capture ENABLE TRIGGER health_charge_capture_append_only")
            encounters = env["health.encounter"].search([("facility_id", "=", self.facility_id)])
            accounts = encounters.account_id
            encounters.unlink()
            accounts.unlink()
            env["health.service.mapping"].search([("system_id", "=", self.system_id)]).unlink()
            env["health.service"].browse(self.service_id).unlink()
            env["health.facility"].browse(self.facility_id).unlink()
            env["interop.exception"].search([("key", "like", f"{self.CODE}:")]).unlink()
            env["interop.audit.event"].flush_model()
            env["interop.system"].browse(self.system_id).unlink()

    def apply(self, env, *commands):
        env["health.intake"]._apply([Entry(0, self.system_id, 0, self.company_id, list(commands))])

    def visit(self, event):
        return RecordVisit(
            occurred_at=self.NOON,
            event=event,
            class_code="inpatient",
            visit=VisitRef(number="1"),
            identifiers=(Identifier(value="1"),),
        )

    def charge(self, amount=5):
        return CaptureCharge(
            occurred_at=self.NOON,
            transaction_id="T",
            visit=VisitRef(number="1"),
            service_code="S",
            service_date=date(2026, 3, 2),
            amount=Decimal(amount),
        )

    def charges(self):
        with self.transaction() as env:
            return env["health.charge"].search_read([("system_id", "=", self.system_id)], ["state", "amount"])

    def test_the_same_charge_in_two_transactions_is_one_charge(self):
        with self.transaction() as first, self.transaction() as second:
            for env in (first, second):
                env.cr.execute("SELECT count(*) FROM health_charge")  # both see the world before the charge
            self.apply(first, self.charge())
            first.cr.commit()
            with self.assertRaises(OperationalError):
                self.apply(second, self.charge())
            second.cr.rollback()
            second.invalidate_all(flush=False)
            self.apply(second, self.charge())
        self.assertEqual([(row["state"], row["amount"]) for row in self.charges()], [("captured", 5)])

    def test_two_amendments_at_once_do_not_lose_one(self):
        with self.transaction() as env:
            self.apply(env, self.charge(5))
        with self.transaction() as first, self.transaction() as second:
            for env in (first, second):
                env.cr.execute("SELECT count(*) FROM health_charge")
            self.apply(first, self.charge(6))
            first.cr.commit()
            with self.assertRaises(OperationalError):
                self.apply(second, self.charge(7))
            second.cr.rollback()
            second.invalidate_all(flush=False)
            self.apply(second, self.charge(7))
        self.assertEqual([row["amount"] for row in self.charges()], [7])

    def test_two_billing_runs_share_the_visits(self):
        with self.transaction() as env:
            self.apply(env, self.charge(), self.visit("discharge"))
        with self.transaction() as first, self.transaction() as second:
            mine = [("facility_id", "=", self.facility_id)]
            taken = first["health.billing"]._due_visits(100).filtered_domain(mine)
            self.assertEqual(len(taken), 1)
            left = second["health.billing"]._due_visits(100).filtered_domain(mine)
            self.assertFalse(left)

    def test_messages_about_a_visit_do_not_wait_for_its_billing(self):
        with self.transaction() as env:
            self.apply(env, self.charge(), self.visit("discharge"))
        with self.transaction() as billing, self.transaction() as messages:
            taken = billing["health.billing"]._due_visits(100)
            self.assertIn(self.facility_id, taken.facility_id.ids)
            self.apply(messages, self.visit("cancel_discharge"))
            self.apply(messages, self.charge(9))
