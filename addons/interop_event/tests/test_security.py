from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import EventCase


@tagged("post_install", "-at_install")
class TestSecurity(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nobody = new_test_user(cls.env, "event-nobody", groups="base.group_user")
        cls.reader = new_test_user(cls.env, "event-reader", groups="interop_hub.group_metadata")
        cls.operator = new_test_user(cls.env, "event-operator", groups="interop_hub.group_operator")
        cls.manager = new_test_user(cls.env, "event-manager", groups="interop_event.group_manager")

    def test_rights(self):
        subscription = self.subscribe("https://a.example/")
        with self.assertRaises(AccessError):
            subscription.with_user(self.nobody).read(["name"])
        subscription.with_user(self.reader).read(["name", "health", "success_rate"])
        for user in (self.reader, self.operator):
            with self.assertRaises(AccessError):
                subscription.with_user(user).name = "Mine"
            with self.assertRaises(AccessError):
                subscription.with_user(user).action_rotate_secret()
            with self.assertRaises(AccessError):
                self.env["interop.subscription.secret"].with_user(user).search([])
        with self.assertRaises(AccessError):
            subscription.with_user(self.reader).action_pause()
        subscription.with_user(self.operator).action_pause()
        subscription.with_user(self.operator).action_resume()
        subscription.with_user(self.manager).name = "Ours"

    def test_sealed_columns_are_for_nobody(self):
        subscription = self.subscribe("https://a.example/")
        secret = subscription.secret_ids.with_user(self.manager)
        for name in ("sealed", "key_id"):
            with self.assertRaises(AccessError):
                secret.read([name])

    def test_revealing_leaves_an_audit_event(self):
        subscription = self.subscribe("https://a.example/")
        before = self.env["interop.audit.event"].search_count([("action", "=", "secret.reveal")])
        action = subscription.secret_ids.with_user(self.manager).action_reveal()
        shown = self.env[action["res_model"]].with_user(self.manager).browse(action["res_id"])
        self.assertTrue(shown.value.startswith("whsec_"))
        self.assertEqual(self.env["interop.audit.event"].search_count([("action", "=", "secret.reveal")]), before + 1)

    def test_events_and_deliveries_are_written_by_nobody(self):
        self.subscribe("https://a.example/")
        self.happen(1)
        self.env["interop.event"]._fan_out()
        for model in ("interop.event", "interop.delivery"):
            record = self.env[model].search([], limit=1)
            for user in (self.operator, self.manager):
                with self.assertRaises(AccessError):
                    record.with_user(user).write({"company_id": False})
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()

    def test_other_companies_stay_apart(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.subscribe("https://a.example/", company_id=company.id)
        self.happen(1, company_id=company.id)
        self.env["interop.event"]._fan_out()
        for model in ("interop.event", "interop.delivery", "interop.subscription"):
            found = self.env[model].with_user(self.reader).search([("company_id", "=", company.id)])
            self.assertFalse(found, model)

    def test_operators_send_again_and_readers_do_not(self):
        subscription = self.subscribe("https://a.example/")
        self.happen(1)
        self.env["interop.event"]._fan_out()
        delivery = self.deliveries(subscription)
        with self.assertRaises(AccessError):
            delivery.with_user(self.reader).action_discard()
        delivery.with_user(self.operator).action_discard()
        self.assertEqual(delivery.state, "discarded")
