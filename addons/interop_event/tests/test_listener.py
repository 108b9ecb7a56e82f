from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.interop_hub.exceptions import Permanent

from .common import EventCase

LOG = []


@tagged("post_install", "-at_install")
class TestListener(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Partner = cls.registry["res.partner"]

        def _on_good(self, events):
            LOG.append(("good", [event.payload["n"] for event in events]))
            self.create([{"name": f"Listened {event.payload['n']}"} for event in events])

        def _on_bad(self, events):
            self.create([{"name": "Must go away"}])
            if any(event.payload["n"] == 2 for event in events):
                raise ZeroDivisionError
            LOG.append(("bad", [event.payload["n"] for event in events]))

        def _on_hopeless(self, events):
            raise Permanent("test.no", "never")

        for method in (_on_good, _on_bad, _on_hopeless):
            setattr(Partner, method.__name__, method)
            cls.addClassCleanup(delattr, Partner, method.__name__)

    def setUp(self):
        super().setUp()
        LOG.clear()

    def test_listeners_fail_alone(self):
        good, bad, hopeless = (self.listen(f"_on_{name}") for name in ("good", "bad", "hopeless"))
        self.happen(1, 2, 3)
        self.relay()
        with mute_logger("odoo.addons.interop_hub.drain"):
            self.run_listeners()
        self.assertEqual(self.deliveries(good).mapped("state"), ["delivered"] * 3)
        self.assertEqual(self.deliveries(bad).mapped("state"), ["delivered", "failed", "delivered"])
        self.assertEqual(self.deliveries(hopeless).mapped("state"), ["failed"] * 3)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=like", "Listened %")]), 3)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Must go away")]), 2)
        self.assertEqual(
            self.env["interop.exception"].search_count(
                [("type", "=", "listener"), ("res_id", "in", (bad.id, hopeless.id))]
            ),
            2,
        )
        self.assertIn(("good", [1, 2, 3]), LOG)

    def test_in_order_followers_wait(self):
        bad = self.listen("_on_bad", ordering="subject")
        self.happen(1, 2, 3)
        self.relay()
        with mute_logger("odoo.addons.interop_hub.drain"):
            self.run_listeners()
        self.assertEqual(self.deliveries(bad).mapped("state"), ["delivered", "failed", "pending"])
        self.deliveries(bad)[1].action_discard()
        self.run_listeners()
        self.assertEqual(self.deliveries(bad).mapped("state"), ["delivered", "discarded", "delivered"])

    def test_only_listeners_can_be_named(self):
        for method in ("unlink", "_on_nothing", "_write"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.listen(method)
