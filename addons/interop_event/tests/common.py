"""Helpers for tests of events."""

from odoo.tests import TransactionCase

from odoo.addons.interop_event import relay
from odoo.addons.interop_event.emission import Happened
from odoo.addons.interop_event.listen import ListenerDrain
from odoo.addons.interop_event.relay import RelayDrain


class EventCase(TransactionCase):
    """An event type, and the relay run by hand in transactions of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["interop.subscription"].search([]).write({"state": "draft"})
        cls.env.cr.execute("DELETE FROM interop_event")
        cls.env.cr.execute("DELETE FROM interop_event_subject")
        cls.lane = cls.env.ref("interop_event.lane_events")
        cls.lane.write({"parallelism": 1, "paused": False})
        cls.listeners_lane = cls.env.ref("interop_event.lane_listeners")
        cls.listeners_lane.write({"parallelism": 1, "paused": False})
        cls.type = cls.make_type("thing.made")
        cls.partner = cls.env["res.partner"].create({"name": "Receiver"})

    def setUp(self):
        super().setUp()
        self.addCleanup(self.close_relay)

    def close_relay(self):
        state = relay._states.pop((self.env.cr.dbname, self.lane.id, 0), None)
        for served in state.endpoints.values() if state else ():
            served.endpoint.close()

    @classmethod
    def make_type(cls, code, **values):
        return cls.env["interop.event.type"].create(
            {
                "code": code,
                "name": code,
                "description": f"It happens when {code}",
                "object": code.split(".")[0],
                "schema": {"type": "object", "properties": {"color": {"type": "string"}, "n": {"type": "integer"}}},
                "example": {"color": "red"},
                "path": "/interop/v1/things/{id}",
                **values,
            }
        )

    def subscribe(self, url="", activate=True, **values):
        subscription = self.env["interop.subscription"].create(
            {
                "name": "Test",
                "patterns": "thing.*",
                "url": url,
                "trusted": url.startswith("http://"),
                "timeout": 2,
                **values,
            }
        )
        if activate:
            subscription.action_activate()
        return subscription

    def listen(self, method, **values):
        return self.subscribe(kind="listener", listener_model="res.partner", listener_method=method, **values)

    def happen(self, *numbers, type="thing.made", subject=None, **values):
        """One event per number, all about the same record unless ``subject`` is given."""
        self.env["interop.event"]._emit(
            [
                Happened(
                    type,
                    ("res.partner", subject or self.partner.id),
                    values.get("company_id", self.env.company.id),
                    values.get("facility"),
                    {"n": number, **values.get("attributes", {})},
                )
                for number in numbers
            ]
        )
        self.env.flush_all()

    def relay(self, budget=8.0):
        """Run the relay as a scheduled action does."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            left = RelayDrain(self.env(cr=cr), self.lane.id, 0).run(budget)
        self.env.invalidate_all()
        return left

    def run_listeners(self, budget=8.0):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            left = ListenerDrain(self.env(cr=cr), self.listeners_lane.id, 0).run(budget)
        self.env.invalidate_all()
        return left

    def due(self):
        """Let every wait be over."""
        self.env.cr.execute("UPDATE interop_delivery SET next_attempt = now() - interval '1 day' WHERE state = 'retry'")
        self.env.cr.execute("UPDATE interop_subscription_health SET blocked_until = NULL")
        self.env.invalidate_all()

    def deliveries(self, subscription):
        return self.env["interop.delivery"].search([("subscription_id", "=", subscription.id)], order="position")
