from psycopg2 import DataError

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import HubCase


@tagged("post_install", "-at_install")
class TestSecurity(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.watcher = new_test_user(cls.env, "sec-watcher", "interop_hub.group_metadata")
        cls.reader = new_test_user(cls.env, "sec-reader", "interop_hub.group_payload")
        cls.operator = new_test_user(cls.env, "sec-operator", "interop_hub.group_operator")
        cls.nobody = new_test_user(cls.env, "sec-nobody", "base.group_user")

    def test_three_rights_are_three_rights(self):
        message = self.send({"id": "1", "patient": "x"})
        self.assertEqual(message.with_user(self.watcher).state, "received")
        with self.assertRaises(AccessError):
            message.with_user(self.watcher)._open_payload()
        with self.assertRaises(AccessError):
            message.with_user(self.operator)._open_payload()
        with self.assertRaises(AccessError):
            message.with_user(self.reader).action_discard("x")
        self.assertIn("patient", message.with_user(self.reader)._open_payload("a complaint")[message.id])
        with self.assertRaises(AccessError):
            message.with_user(self.nobody).mapped("state")

    def test_each_view_of_a_body_is_audited(self):
        message = self.send({"id": "1"})
        message.with_user(self.reader)._open_payload("a complaint")
        event = self.env["interop.audit.event"].search([("action", "=", "payload.view")], limit=1)
        self.assertEqual(
            (event.user_id, event.res_model, event.res_id, event.reason),
            (self.reader, "interop.message", message.id, "a complaint"),
        )

    def test_nobody_reads_bodies_by_the_orm(self):
        message = self.send({"id": "1"})
        payload = self.env["interop.payload"].search([("message_id", "=", message.id)])
        self.assertNotIn("sealed", payload._fields)
        for user in (self.reader, self.operator, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                payload.with_user(user).read(["size"])

    def test_messages_of_another_company_are_out_of_sight(self):
        other = self.env["res.company"].create({"name": "Other"})
        interface = self.make_interface("other-in", company_id=other.id)
        message = self.send({"id": "1"}, interface=interface)
        for model, record in (("interop.message", message), ("interop.interface", interface)):
            found = self.env[model].with_user(self.operator).search([("id", "=", record.id)])
            self.assertFalse(found)
        reader = self.reader
        with self.assertRaises(AccessError):
            message.with_user(reader)._open_payload()

    def test_nobody_writes_messages_by_hand(self):
        message = self.send({"id": "1"})
        with self.assertRaises(AccessError):
            message.with_user(self.env.ref("base.user_admin")).write({"state": "done"})

    def test_remote_calls_reach_only_what_is_meant_for_them(self):
        for model in ("interop.message", "interop.payload", "interop.lane", "interop.exception", "interop.interface"):
            own = {
                name
                for cls in type(self.env[model]).mro()
                if getattr(cls, "_module", None) == "interop_hub"
                for name, value in vars(cls).items()
                if callable(value) and not name.startswith("_") and name not in ("create", "write", "unlink", "init")
            }
            self.assertTrue(all(name.startswith("action_") for name in own), (model, own))

    def test_a_failing_statement_is_logged_without_its_values(self):
        with self.assertLogs("odoo.sql_db", "ERROR") as logs, self.assertRaises(DataError), self.cr.savepoint():
            self.cr.execute("SELECT %s::int", ["Jane O'Dowd"])
        self.assertIn("bad query: SELECT ?::int", logs.output[0])
        self.assertNotIn("Dowd", "".join(logs.output))
