import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessDenied, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.interop_hub.tests.common import HubCase

from . import keys


@tagged("post_install", "-at_install")
class TestCredential(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["interop.service.account"].create({"name": "Partner", "client_id": "partner"})
        cls.credentials = cls.env["interop.service.credential"]

    def test_the_responsible_is_told_before_the_last_one_expires_and_once(self):
        self.account._add_secret(days=10)
        self.assertEqual(self.credentials._warn_expiring(), 1)
        activity = self.account.activity_ids
        self.assertEqual((len(activity), activity.user_id), (1, self.account.owner_id))
        self.assertEqual(activity.date_deadline, self.account.next_expiry.date())
        self.assertTrue(self.account.expires_soon)
        self.assertEqual(self.credentials._warn_expiring(), 0)
        self.assertEqual(len(self.account.activity_ids), 1)

    def test_nobody_is_told_when_a_successor_is_there_or_time_enough(self):
        self.account._add_secret(days=10)
        self.account._add_secret(days=400)
        other = self.account.copy({"client_id": "other"})
        other._add_secret(days=100)
        self.assertEqual(self.credentials._warn_expiring(), 0)
        self.assertFalse(self.account.activity_ids)

    def test_a_key_is_no_successor_of_a_secret(self):
        self.account._add_secret(days=10)
        self.account._add_key(json.dumps(keys.public("ES384")))
        self.assertEqual(self.credentials._warn_expiring(), 1)
        self.assertEqual((self.account.valid_count, self.account.valid_key_count), (1, 1))

    def test_the_key_wizard_registers_and_rotates(self):
        action = self.account.action_new_key()
        form = Form(self.env["interop.service.key"].with_context(action["context"]))
        form.key = json.dumps(keys.public("ES384"))
        form.save().action_add_key()
        self.assertEqual(self.account.valid_key_count, 1)
        action = self.account.action_new_key()
        self.assertTrue(action["context"]["default_rotating"])
        wizard = (
            self.env["interop.service.key"]
            .with_context(action["context"])
            .create({"key": json.dumps(keys.public("ES384", "k2")), "overlap": "1"})
        )
        wizard.action_add_key()
        first = self.account.credential_ids.sorted("id")[0]
        self.assertLess(first.expires_at, fields.Datetime.now() + timedelta(days=2))

    def test_technical_users_cannot_log_in_or_rise(self):
        user = self.account.user_id
        self.assertEqual((user.active, user.has_group("base.group_user"), user.share), (False, False, True))
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", [user.id])
        self.assertEqual(self.env.cr.fetchone(), (None,))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            user.active = True
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            user.group_ids |= self.env.ref("base.group_user")
        user.password = "a password that somebody set"
        with self.assertRaises(AccessDenied):
            user.with_user(user)._check_credentials(
                {"type": "password", "password": "a password that somebody set"}, {"interactive": True}
            )

    def test_scopes_are_checked_when_they_are_written(self):
        self.account.scopes = "interop/invoice.read\nsystem/Patient.rs"
        self.assertEqual(self.account.scope_count, 2)
        for scopes in ("everything", "interop/invoice.sr", "x" * 5000):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.account.scopes = scopes

    def test_names_follow(self):
        self.account.name = "Renamed"
        self.assertIn("Renamed", self.account.user_id.name)
