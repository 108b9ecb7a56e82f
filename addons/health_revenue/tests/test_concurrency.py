from odoo.tests import tagged

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
