import json
import time

from odoo.tests import tagged

from . import receiver
from .common import EventCase
from .receiver import Receiver


@tagged("post_install", "-at_install")
class TestWebhook(EventCase):
    def test_an_event_reaches_its_receiver_signed(self):
        with Receiver() as hook:
            subscription = self.subscribe(hook.url)
            secret = subscription.secret_ids._open()
            self.happen(1, 2)
            self.relay()
        self.assertEqual(len(hook.requests), 2)
        try:
            from standardwebhooks.webhooks import Webhook
        except ImportError:
            Webhook = None
        for request in hook.requests:
            event = self.env["interop.event"].search([("uuid", "=", request.headers["webhook-id"])])
            self.assertEqual(json.loads(request.body)["data"]["subject"], event.aggregateid)
            if Webhook:
                told = Webhook(secret).verify(request.body, request.headers)
                self.assertEqual(told["type"], "thing.made")
        deliveries = self.deliveries(subscription)
        self.assertEqual(deliveries.mapped("state"), ["delivered"] * 2)
        self.assertEqual(deliveries.mapped("status"), [200] * 2)
        self.assertLess(abs(time.time() - int(request.headers["webhook-timestamp"])), 60)
        self.assertEqual(receiver.good(None, 0)[0], 200)
