from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.interop_hub.tests.common import HubCase


@tagged("post_install", "-at_install")
class TestServiceAccount(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.env["interop.service.account"].create(
            {"name": "Partner", "client_id": "partner", "interface_ids": [(4, cls.interface.id)]}
        )

    def test_a_secret_is_kept_as_a_keyed_hash_only(self):
        secret = self.account._add_secret()
        self.assertGreaterEqual(len(secret), 43)
        self.env.cr.execute(
            "SELECT count(*) FROM interop_service_credential c WHERE to_jsonb(c)::text LIKE %s", [f"%{secret}%"]
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_two_are_valid_at_once_and_no_more(self):
        self.account._add_secret()
        self.account._add_secret()
        with self.assertRaises(UserError):
            self.account._add_secret()
        self.account.credential_ids[0].action_revoke()
        self.account._add_secret()
        self.assertEqual(self.account.valid_count, 2)

    def test_rotation_lets_the_present_one_expire(self):
        self.account._add_secret()
        self.account._add_secret(overlap_days=7)
        old, new = self.account.credential_ids.sorted("id")
        week = fields.Datetime.now() + timedelta(days=7)
        self.assertFalse(new.expires_at)
        self.assertAlmostEqual(old.expires_at, week, delta=timedelta(minutes=1))

    def test_rotation_never_prolongs(self):
        self.account._add_secret(days=1)
        self.account._add_secret(overlap_days=7)
        old = self.account.credential_ids.sorted("id")[0]
        self.assertLess(old.expires_at, fields.Datetime.now() + timedelta(days=2))

    def test_weak_secrets_are_refused(self):
        for secret in ("short", "with a space in it", "x" * 200, "percent%41percent"):
            with self.assertRaises(UserError):
                self.account._add_secret(secret=secret)

    def test_the_wizard_shows_the_secret_once_and_stores_it_nowhere(self):
        action = self.account.action_new_secret()
        wizard = self.env["interop.service.secret"].with_context(action["context"]).create({})
        shown = wizard.action_create_secret()
        self.assertFalse(wizard.exists())
        self.assertEqual(shown["context"]["default_client_id"], "partner")
        self.assertGreaterEqual(len(shown["context"]["default_secret"]), 43)
        self.assertEqual(self.account.valid_count, 1)

    def test_a_manager_sees_the_new_secret(self):
        manager = new_test_user(self.env, "secret-manager", groups="interop_api.group_manager")
        wizard = Form(
            self.env["interop.service.secret"].with_user(manager).with_context(default_account_id=self.account.id)
        )
        shown = wizard.save().action_create_secret()
        form = Form(self.env["interop.service.secret.show"].with_user(manager).with_context(shown["context"]))
        self.assertEqual((form.client_id, form.secret), ("partner", shown["context"]["default_secret"]))

    def test_client_ids_are_checked_and_fixed_once_used(self):
        for client_id in ("a", "has space", "colon:colon", "-dash", "x" * 65):
            with self.assertRaises(ValidationError):
                self.account.copy({"client_id": client_id})
        self.account.client_id = "renamed"
        self.account._add_secret()
        with self.assertRaises(UserError):
            self.account.client_id = "again"

    def test_outbound_and_foreign_interfaces_cannot_be_allowed(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        for values in ({"direction": "out"}, {"company_id": company.id}):
            interface = self.make_interface(f"x-{next(iter(values))[:3]}", **values)
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.account.interface_ids |= interface

    def test_what_matters_is_audited(self):
        self.account._add_secret()
        self.account.interface_ids = False
        self.account.action_revoke_all()
        self.env.cr.execute(
            "SELECT action, res_id FROM interop_audit_event WHERE res_model LIKE 'interop.service.%' ORDER BY id"
        )
        actions = [row[0] for row in self.env.cr.fetchall()]
        self.assertEqual(
            actions[-5:],
            ["account.create", "credential.create", "account.change", "credential.revoke", "account.identity"],
        )
