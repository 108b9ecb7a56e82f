import base64
import json

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import EventCase
from .receiver import Receiver


@tagged("post_install", "-at_install")
class TestSubscription(EventCase):
    def test_during_a_rotation_old_and_new_secrets_verify(self):
        with Receiver() as hook:
            subscription = self.subscribe(hook.url)
            old = subscription.secret_ids._open()
            new = subscription._add_secret()
            self.happen(1)
            self.relay()
            self.assertEqual(len(hook.requests[0].headers["webhook-signature"].split()), 2)
            self.verify(hook.requests[0], old, new)
            subscription.secret_ids.filtered("expires_at").action_revoke()
            self.happen(2)
            self.relay()
        self.assertEqual(len(hook.requests[1].headers["webhook-signature"].split()), 1)
        self.verify(hook.requests[1], new)

    def verify(self, request, *secrets):
        try:
            from standardwebhooks.webhooks import Webhook
        except ImportError:
            self.skipTest("standardwebhooks is not installed")
        for secret in secrets:
            Webhook(secret).verify(request.body, request.headers)

    def test_secrets_are_sealed_and_rotate_with_the_keyring(self):
        subscription = self.subscribe("https://a.example/")
        secret = subscription.secret_ids._open()
        self.env.cr.execute("SELECT sealed FROM interop_subscription_secret")
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        for (sealed,) in self.env.cr.fetchall():
            self.assertNotIn(raw, bytes(sealed))
            self.assertNotIn(secret.encode(), bytes(sealed))
        self.assertIn("interop_subscription_secret", [row[0] for row in self.env["interop.payload"]._sealed_tables()])

    def test_plain_http_needs_an_administrator(self):
        with self.assertRaises(ValidationError):
            self.subscribe("http://a.example/", trusted=False)
        manager = new_test_user(self.env, "event-manager", groups="interop_event.group_manager")
        with self.assertRaises(AccessError):
            self.env["interop.subscription"].with_user(manager).create(
                {"name": "x", "url": "http://10.0.0.1/", "trusted": True}
            )
        subscription = self.subscribe("http://a.example/")
        with self.assertRaises(ValidationError):
            subscription.url = "http://other.example/"  # the permission was for the former host

    def test_changed_addresses_take_effect(self):
        with Receiver() as first, Receiver() as second:
            subscription = self.subscribe(first.url)
            self.happen(1)
            self.relay()
            subscription.write({"url": second.url, "trusted": True})
            self.happen(2)
            self.relay()
            self.happen(3)
            self.relay()
        self.assertEqual((len(first.requests), len(second.requests)), (1, 2))

    def test_pause_keeps_and_resume_sends(self):
        with Receiver() as hook:
            subscription = self.subscribe(hook.url)
            subscription.action_pause()
            self.happen(1)
            self.relay()
            self.assertFalse(hook.requests)
            self.assertEqual(subscription.waiting_count, 1)
            subscription.action_resume()
            self.relay()
            self.assertEqual(len(hook.requests), 1)

    def test_replay_from_a_moment_and_a_position(self):
        with Receiver() as hook:
            self.happen(1, 2)
            self.relay()
            subscription = self.subscribe(hook.url, with_data=True)
            self.happen(3)
            self.relay()
            self.assertEqual(len(hook.requests), 1, "only what happened since")
            start = self.env["interop.event"].search([("type", "=", "thing.made")], order="position")[1].position
            wizard = self.env["interop.subscription.replay"].create(
                {"subscription_id": subscription.id, "start": "position", "position": start}
            )
            wizard.action_confirm()
            self.relay()
            self.assertEqual([self.number(request) for request in hook.requests], [3, 2])
            wizard = self.env["interop.subscription.replay"].create(
                {"subscription_id": subscription.id, "since": fields.Datetime.to_datetime("2000-01-01"), "again": True}
            )
            wizard.action_confirm()
            self.relay()
        self.assertEqual(sorted(self.number(request) for request in hook.requests), [1, 2, 2, 3, 3])
        self.assertEqual(len({request.headers["webhook-id"] for request in hook.requests}), 3)

    def number(self, request):
        return json.loads(request.body)["data"]["attributes"]["n"]

    def test_an_account_gets_what_its_scopes_allow(self):
        self.type.scope = "interop/thing.read"
        account = self.env["interop.service.account"].create(
            {"name": "Partner", "client_id": "event-partner", "scopes": "interop/other.read"}
        )
        subscription = self.subscribe("https://a.example/", account_id=account.id)
        self.assertFalse(subscription.type_ids)
        account.scopes = "interop/thing.rs"
        self.assertEqual(subscription.type_ids, self.type)
        account.active = False
        self.assertFalse(subscription.type_ids)

    def test_an_account_sees_its_companies_only(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        account = self.env["interop.service.account"].create({"name": "Partner", "client_id": "event-partner"})
        with self.assertRaises(ValidationError):
            self.subscribe("https://a.example/", account_id=account.id, company_id=company.id)
        with self.assertRaises(ValidationError):
            self.subscribe("https://a.example/", account_id=account.id, company_id=False)

    def test_figures(self):
        with Receiver(lambda _r, number: (500 if number == 0 else 200, {}, b"")) as hook:
            subscription = self.subscribe(hook.url)
            self.happen(1)
            self.relay()
            self.due()
            self.relay()
        self.assertEqual((subscription.success_rate, subscription.delivered_count), (0.5, 1))
        self.assertEqual((subscription.last_error, subscription.health), ("http.500", "good"))

    def test_the_form_of_a_new_one(self):
        form = Form(self.env["interop.subscription"])
        form.name = "New"
        form.patterns = "thing.*"
        form.url = "https://a.example/hook"
        self.assertEqual(form.save().health, "idle")

    def test_only_active_ones_can_be_tested(self):
        with self.assertRaises(UserError):
            self.subscribe("https://a.example/", activate=False).action_test()

    def test_nonsense_is_refused(self):
        for values in (
            {"patterns": "DROP TABLE"}, {"patterns": ""}, {"filter_text": "{"}, {"filter_text": "[1]"},
            {"url": "https://user:pw@a.example/"}, {"url": "ftp://a.example/"},
        ):  # fmt: skip
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.subscribe(**{"url": "https://a.example/", **values})
