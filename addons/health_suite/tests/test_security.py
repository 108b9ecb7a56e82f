from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestSecurity(TransactionCase):
    """What the demo's people may and may not see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["health.suite.demo"]._load()
        users = cls.env["res.users"].search([("login", "in", ("operator", "biller", "steward", "viewer"))])
        cls.users = {user.login: user for user in users}

    def may(self, login, model, operation="read"):
        return self.env[model].with_user(self.users[login]).has_access(operation)

    def test_loading_is_no_remote_call(self):
        with self.assertRaises(AccessError):
            get_public_method(self.env["health.suite.demo"], "_load")

    def test_everybody_sees_metadata_and_few_see_patients(self):
        for login in self.users:
            self.assertTrue(self.may(login, "interop.message"), login)
        self.assertEqual(
            {login for login in self.users if self.may(login, "health.patient.account")}, {"operator", "biller"}
        )

    def test_only_the_operator_opens_bodies_and_operates(self):
        for group, logins in (
            ("interop_hub.group_payload", {"operator"}),
            ("interop_hub.group_operator", {"operator"}),
            ("interop_hub.group_admin", set()),
        ):
            self.assertEqual({login for login, user in self.users.items() if user.has_group(group)}, logins, group)

    def test_the_steward_keeps_the_catalog_and_sees_no_charges(self):
        self.assertTrue(self.may("steward", "health.service.mapping", "create"))
        self.assertFalse(self.may("biller", "health.service.mapping", "create"))
        self.assertFalse(self.may("steward", "health.charge"))
        self.assertTrue(self.may("biller", "health.charge"))

    def test_nobody_of_them_manages_clients(self):
        for login in self.users:
            self.assertFalse(self.may(login, "interop.service.account", "write"), login)

    def test_authority_rules_say_who_owns_what(self):
        rules = self.env["interop.authority"].search([])
        owners = {rule.model_name: rule.system_id.code or "Odoo" for rule in rules}
        self.assertEqual(owners.get("health.patient.account"), "EHR")
        self.assertEqual(owners.get("health.encounter"), "EHR")
        self.assertEqual(owners.get("health.service"), "Odoo")
        self.assertEqual(owners.get("account.move"), "Odoo")
