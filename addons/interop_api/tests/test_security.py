import json

from odoo import fields
from odoo.exceptions import AccessError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import new_test_user, tagged

from .common import SECRET, DoorCase

MODELS = (
    "interop.service.account",
    "interop.service.credential",
    "interop.service.secret",
    "interop.service.key",
    "interop.signing.key",
    "interop.trusted.issuer",
    "interop.trusted.issuer.scope",
    "interop.route",
    "interop.call",
)


@tagged("post_install", "-at_install")
class TestSecurity(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nobody = new_test_user(cls.env, "api-nobody", groups="base.group_user")
        cls.viewer = new_test_user(cls.env, "api-viewer", groups="interop_hub.group_metadata")
        cls.operator = new_test_user(cls.env, "api-operator", groups="interop_hub.group_operator")
        cls.manager = new_test_user(cls.env, "api-manager", groups="interop_api.group_manager")
        cls.admin = new_test_user(cls.env, "api-admin", groups="interop_hub.group_admin")

    def test_who_may_read_what(self):
        self.env["interop.signing.key"]._signer()
        seen = {"interop.service.account", "interop.route", "interop.call"}
        expected = {
            self.nobody: set(),
            self.viewer: seen,
            self.operator: seen,
            self.manager: seen
            | {
                "interop.service.credential",
                "interop.service.secret",
                "interop.service.key",
                "interop.trusted.issuer",
                "interop.trusted.issuer.scope",
            },
            self.admin: set(MODELS),
        }
        for user, models in expected.items():
            readable = {model for model in MODELS if self.env[model].with_user(user).has_access("read")}
            self.assertEqual(readable, models, user.login)

    def test_who_may_change_what(self):
        for model in ("interop.service.credential", "interop.signing.key"):
            for operation in ("create", "write", "unlink"):
                self.assertFalse(self.env[model].with_user(self.admin).has_access(operation), (model, operation))
        for user in (self.nobody, self.viewer, self.operator):
            account = self.account.with_user(user)
            for call in (
                lambda account=account: account.write({"interface_ids": [(5,)]}),
                account.action_new_secret,
                account._add_secret,
                account.action_revoke_all,
                self.account.credential_ids.with_user(user).action_revoke,
            ):
                with self.assertRaises(AccessError):
                    call()
        self.assertEqual(self.account.valid_count, 1)
        self.account.with_user(self.manager)._add_secret()

    def test_the_fields_that_hold_secrets_are_for_nobody(self):
        for model, names in {
            "interop.service.credential": ["secret_hash"],
            "interop.signing.key": ["sealed", "key_ref"],
        }.items():
            for name in names:
                self.assertEqual(self.env[model]._fields[name].groups, fields.NO_ACCESS)
                with self.assertRaises(AccessError):
                    self.env[model].with_user(self.admin).search_read([], [name])

        with self.assertRaises(AccessError):
            self.env["interop.service.credential"].with_user(self.admin).search([("secret_hash", "like", "a")])

    def _rpc(self, model, method, **arguments):
        key = self.env["res.users.apikeys"].with_user(self.admin).sudo()._generate("rpc", "test", None)
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(arguments),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )

    def test_the_remote_api_gives_no_secret_to_an_administrator(self):
        self.env["interop.signing.key"]._signer()
        for model in ("interop.service.account", "interop.service.credential", "interop.signing.key"):
            response = self._rpc(model, "search_read", domain=[])
            self.assertEqual(response.status_code, 200, response.text)
            self.assertTrue(response.json())
            for text in (SECRET, "secret_hash", "sealed", '"d"', self.account.credential_ids.sudo().secret_hash):
                self.assertNotIn(text, response.text)
        credential = {"ids": self.account.credential_ids.ids, "fields": ["secret_hash"]}
        self.assertEqual(self._rpc("interop.service.credential", "read", **credential).status_code, 403)

    def test_private_methods_are_not_remote(self):
        for model, method in (
            ("interop.service.account", "_add_secret"),
            ("interop.signing.key", "_signer"),
            ("interop.message", "_state_for_partner"),
        ):
            self.assertGreaterEqual(self._rpc(model, method).status_code, 400)

    def test_public_methods_are_the_ones_meant(self):
        for name in MODELS:
            model = self.registry[name]
            own = {
                attribute
                for cls in model.mro()
                if cls.__module__.startswith("odoo.addons.interop_api")
                for attribute, value in vars(cls).items()
                if callable(value) and not attribute.startswith("_")
            }
            self.assertLessEqual(
                own,
                {
                    "create",
                    "write",
                    "unlink",
                    "action_new_secret",
                    "action_new_key",
                    "action_add_key",
                    "action_check_jwks",
                    "action_open_list",
                    "action_revoke_all",
                    "action_revoke",
                    "action_create_secret",
                    "action_rotate",
                },
                name,
            )

    def test_accounts_of_other_companies_are_out_of_sight(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["interop.service.account"].create(
            {"name": "foreign", "client_id": "foreign", "company_id": company.id}
        )
        foreign._add_secret()
        for records in (foreign, foreign.credential_ids):
            self.assertFalse(records.with_user(self.admin).search([("id", "in", records.ids)]))
        with self.assertRaises(AccessError):
            foreign.with_user(self.manager)._add_secret()

    def test_a_copy_of_the_database_lets_nobody_in(self):
        self.env["interop.signing.key"]._signer()
        self.env.flush_all()
        for query in get_neutralization_queries(["interop_api"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.account.active)
        self.assertEqual(self.account.with_context(active_test=False).valid_count, 0)
        self.assertFalse(self.env["interop.signing.key"].search_count([]))
        self.assertEqual(self.post().status_code, 401)

    def test_every_machine_route_keeps_no_session(self):
        rules = [
            rule
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if rule.endpoint.routing["type"] == "interop" or str(rule).startswith("/interop")
        ]
        self.assertGreaterEqual(len(rules), 6)
        for rule in rules:
            self.assertEqual(rule.endpoint.routing["type"], "interop", rule)
            self.assertIs(rule.endpoint.routing["save_session"], False, rule)
