from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HealthEventCase


@tagged("post_install", "-at_install")
class TestDischarge(HealthEventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.listeners = {
            name: cls.env.ref(f"health_event.listener_{name}")
            for name in ("billing_review", "inventory_reconciliation", "follow_up")
        }
        cls.env["interop.subscription"].browse([s.id for s in cls.listeners.values()]).write({"state": "active"})

    def states(self):
        self.env.invalidate_all()
        return {name: self.deliveries(record).mapped("state") for name, record in self.listeners.items()}

    def discharge(self):
        self.apply(self.visit(insurers=["FUND"]), self.charge("T1", code="NEW"), self.visit(event="discharge"))
        self.relay()

    def test_three_things_begin_side_by_side(self):
        self.discharge()
        self.run_listeners()
        self.assertEqual(set(map(tuple, self.states().values())), {("delivered",)})
        review = self.env["interop.exception"].search([("type", "=", "discharge_review")])
        self.assertEqual((review.res_id, review.amount), (self.encounter().id, 0.0))
        meeting = self.meetings()
        self.assertEqual(meeting.user_id, self.env.ref("base.user_admin"))
        self.assertNotIn("Testfamily", meeting.name)

    def meetings(self):
        domain = [("res_model", "=", "health.encounter"), ("res_id", "=", self.encounter().id)]
        return self.env["calendar.event"].search(domain)

    def test_each_fails_alone(self):
        for name in self.listeners:
            with self.subTest(name):
                self.env.cr.execute("DELETE FROM interop_event")
                model = type(self.env["health.discharge"])
                with (
                    patch.object(model, f"_on_{name}", side_effect=ZeroDivisionError),
                    mute_logger("odoo.addons.interop_hub.drain"),
                ):
                    self.apply(self.visit(event="cancel_discharge"))
                    self.apply(self.visit(event="discharge"))
                    self.relay()
                    self.run_listeners()
                expected = {other: ["failed" if other == name else "delivered"] for other in self.listeners}
                self.assertEqual(self.states(), expected)

    def test_again_makes_nothing_twice(self):
        self.discharge()
        self.run_listeners()
        self.apply(self.visit(event="cancel_discharge"))
        self.apply(self.visit(event="discharge"))
        self.relay()
        self.run_listeners()
        self.assertEqual(len(self.meetings()), 1)
        self.assertEqual(self.env["interop.exception"].search_count([("type", "=", "discharge_review")]), 1)
