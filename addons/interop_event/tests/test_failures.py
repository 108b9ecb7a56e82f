"""Receivers with bad manners: each is a real server."""

import asyncio
import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from . import receiver
from .common import EventCase
from .receiver import Receiver


@tagged("post_install", "-at_install")
class TestFailures(EventCase):
    def deliver_to(self, manner, **values):
        with Receiver(manner) as hook:
            subscription = self.subscribe(hook.url, **values)
            self.happen(1)
            self.relay()
        return hook, subscription, self.deliveries(subscription)

    def test_what_failed_is_tried_again_with_the_same_id(self):
        with Receiver(receiver.first_bad(2)) as hook:
            subscription = self.subscribe(hook.url)
            self.happen(1)
            for _attempt in range(3):
                self.relay()
                self.due()
        delivery = self.deliveries(subscription)
        self.assertEqual((delivery.state, delivery.attempts), ("delivered", 3))
        self.assertEqual(delivery.attempt_ids.mapped("error_code"), ["http.500"] * 2)
        self.assertEqual(len({request.headers["webhook-id"] for request in hook.requests}), 1)

    def test_no_answer_is_ambiguous(self):
        for manner, error in (
            (receiver.never, "timeout"),
            (receiver.hang_up, "connection"),
            (receiver.garbage, "answer"),
        ):
            with self.subTest(error):
                _hook, _subscription, delivery = self.deliver_to(manner, timeout=1)
                self.assertEqual((delivery.state, delivery.error_code, delivery.ambiguous), ("retry", error, True))

    def test_an_answer_that_trickles_is_cut(self):
        began = time.monotonic()
        _hook, _subscription, delivery = self.deliver_to(receiver.trickle, timeout=1)
        self.assertEqual((delivery.error_code, delivery.ambiguous), ("timeout", True))
        self.assertLess(time.monotonic() - began, 6)

    def test_nobody_there_is_not_ambiguous(self):
        with Receiver() as hook:
            url = hook.url
        subscription = self.subscribe(url)
        self.happen(1)
        self.relay()
        delivery = self.deliveries(subscription)
        self.assertEqual((delivery.state, delivery.error_code, delivery.ambiguous), ("retry", "connection", False))

    def test_a_redirect_is_a_failure_and_is_not_followed(self):
        with Receiver() as secret:
            hook, _subscription, delivery = self.deliver_to(receiver.redirect(secret.url))
        self.assertEqual((delivery.state, delivery.error_code), ("retry", "http.302"))
        self.assertEqual((len(hook.requests), len(secret.requests)), (1, 0))

    def test_gone_disables_at_once_and_says_so(self):
        _hook, subscription, delivery = self.deliver_to(receiver.status(410))
        self.assertEqual((subscription.state, delivery.state), ("disabled", "retry"))
        alert = self.env["interop.exception"].search([("type", "=", "subscription"), ("key", "=", subscription.uuid)])
        self.assertEqual((alert.state, alert.res_id), ("open", subscription.id))

    def test_retry_after_is_honoured(self):
        hook, subscription, delivery = self.deliver_to(receiver.status(429, Retry_After="3600"))
        self.assertGreater(delivery.next_attempt, fields.Datetime.now() + timedelta(minutes=50))
        self.happen(2)
        self.relay()
        self.assertEqual(len(hook.requests), 1, "the whole endpoint is left alone")
        self.assertTrue(subscription.blocked_until)

    def test_the_breaker_opens_and_a_success_calls_everything_in(self):
        ok = {"now": False}

        async def manner(_request, _number):
            await asyncio.sleep(0.05)
            return (200 if ok["now"] else 500), {}, b""

        with Receiver(manner) as hook:
            subscription = self.subscribe(hook.url, parallel=2)
            self.happen(*range(40))
            self.relay()
            opened = len(hook.requests)
            self.assertLess(opened, 30, "the breaker did not open")
            self.assertEqual(subscription.health, "failing")
            self.relay()
            self.assertEqual(len(hook.requests), opened, "it is left alone")
            self.env.cr.execute("UPDATE interop_subscription_health SET blocked_until = NULL")
            self.relay()
            self.assertEqual(len(hook.requests), opened + 1, "one probe")
            ok["now"] = True
            self.env.cr.execute("UPDATE interop_subscription_health SET blocked_until = NULL")
            self.relay()
            self.assertEqual(set(self.deliveries(subscription).mapped("state")), {"delivered"})
        self.assertEqual(subscription.health, "good")

    def test_failing_too_long_disables_and_recovery_replays_what_was_missed(self):
        ok = {"now": False}
        with Receiver(lambda _r, _n: (200 if ok["now"] else 500, {}, b"")) as hook:
            subscription = self.subscribe(hook.url)
            self.happen(1)
            self.relay()
            self.env.cr.execute(
                "UPDATE interop_subscription_health SET failing_since = now() - interval '6 days' RETURNING id"
            )
            self.due()
            self.relay()
            self.assertEqual(subscription.state, "disabled")
            alerts = [("type", "=", "subscription"), ("key", "=", subscription.uuid), ("state", "=", "open")]
            self.assertEqual(self.env["interop.exception"].search_count(alerts), 1)
            self.happen(2, 3)
            self.relay()
            self.assertEqual(len(self.deliveries(subscription)), 1, "nothing is handed out meanwhile")
            ok["now"] = True
            subscription.action_recover()
            self.relay()
        self.assertEqual(self.deliveries(subscription).mapped("state"), ["delivered"] * 3)
        self.assertFalse(self.env["interop.exception"].search_count(alerts))

    def test_the_last_attempt_ends_in_a_worklist(self):
        with Receiver(receiver.status(500)) as hook:
            subscription = self.subscribe(hook.url, ordering="subject")
            self.happen(1)
            self.relay()
            self.env.cr.execute("UPDATE interop_delivery SET attempts = 9")
            self.due()
            self.relay()
            delivery = self.deliveries(subscription)
            self.assertEqual(delivery.state, "failed")
            self.assertTrue(
                self.env["interop.exception"].search(
                    [("key", "=", f"{subscription.uuid}:failed"), ("state", "=", "open")]
                )
            )
            self.assertEqual(len(hook.requests), 2)
        with Receiver(port=hook.port) as repaired:
            delivery.action_send_again()
            self.due()
            self.relay()
        self.assertEqual((delivery.state, len(repaired.requests)), ("delivered", 1))

    def test_inside_addresses_are_refused_unless_allowed(self):
        subscription = self.subscribe("https://localhost/hook")
        self.happen(1)
        self.relay()
        delivery = self.deliveries(subscription)
        self.assertEqual((delivery.state, delivery.error_code, delivery.ambiguous), ("retry", "guard.address", False))

    def test_the_brake_stops_deliveries(self):
        with Receiver() as hook:
            self.subscribe(hook.url)
            self.happen(1)
            self.env["interop.lane"].action_brake()
            self.relay()
            self.assertFalse(hook.requests)
            self.env["interop.lane"].action_release_brake()
            self.relay()
        self.assertEqual(len(hook.requests), 1)

    def test_one_broken_receiver_delays_nobody(self):
        with Receiver(receiver.never) as hanging, Receiver() as hook:
            self.subscribe(hanging.url, timeout=2)
            good = self.subscribe(hook.url)
            self.happen(*range(50))
            began = time.time()
            self.relay()
        self.assertEqual(set(self.deliveries(good).mapped("state")), {"delivered"})
        self.assertLess(max(request.at for request in hook.requests) - began, 1.5)
