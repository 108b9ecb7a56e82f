import json

from odoo.tests import tagged

from . import receiver
from .common import EventCase
from .receiver import Receiver


@tagged("post_install", "-at_install")
class TestOrder(EventCase):
    def arrived(self, hook):
        return [json.loads(request.body)["data"]["attributes"]["n"] for request in hook.requests]

    def test_in_order_per_subject_whatever_fails(self):
        other = self.env["res.partner"].create({"name": "Other"})
        blocked = {"on": True}

        def manner(request, _number):
            number = json.loads(request.body)["data"]["attributes"]["n"]
            return (500 if number == 2 and blocked["on"] else 200), {}, b""

        with Receiver(manner) as hook:
            subscription = self.subscribe(hook.url, ordering="subject", with_data=True, parallel=8)
            self.happen(1, 2, 3, 4)
            self.happen(11, 12, subject=other.id)
            self.relay()
            arrived = self.arrived(hook)
            self.assertEqual([n for n in arrived if n < 10], [1, 2], "followers of a failure wait")
            self.assertEqual([n for n in arrived if n > 10], [11, 12], "other subjects go on")
            self.relay()
            self.assertEqual(len(hook.requests), 4, "it is not due yet")
            blocked["on"] = False
            self.due()
            self.relay()
            self.assertEqual([n for n in self.arrived(hook) if n < 10], [1, 2, 2, 3, 4])
        self.assertEqual(set(self.deliveries(subscription).mapped("state")), {"delivered"})
        self.assertEqual(len({request.headers["webhook-id"] for request in hook.requests}), 6, "same id again")

    def test_many_of_one_subject_arrive_in_order(self):
        with Receiver() as hook:
            self.subscribe(hook.url, ordering="subject", with_data=True, parallel=8)
            self.happen(*range(300))
            self.relay()
        self.assertEqual(self.arrived(hook), list(range(300)))

    def test_without_order_in_parallel(self):
        with Receiver(receiver.slow(0.1)) as hook:
            self.subscribe(hook.url, parallel=16)
            self.happen(*range(64))
            self.relay(budget=5)
        self.assertEqual(len(hook.requests), 64)
        self.assertGreater(hook.connections, 8)
        self.assertLessEqual(hook.connections, 16, "connections are used again")
