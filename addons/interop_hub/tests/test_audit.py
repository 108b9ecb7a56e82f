import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestAudit(TransactionCase):
    def events(self, count):
        audit = self.env["interop.audit.event"]
        self.env.cr.execute(
            "ALTER TABLE interop_audit_event DISABLE TRIGGER ALL; DELETE FROM interop_audit_event;"
            "ALTER TABLE interop_audit_event ENABLE TRIGGER ALL"
        )
        for number in range(count):
            audit._record("test", self.env.user, f"reason {number}")
        self.env.cr.execute(
            "ALTER TABLE interop_audit_event DISABLE TRIGGER ALL;"
            "UPDATE interop_audit_event SET at = at - interval '1 hour';"
            "ALTER TABLE interop_audit_event ENABLE TRIGGER ALL"
        )
        audit.invalidate_model()
        return audit.search([])

    def test_events_cannot_be_changed_or_deleted(self):
        event = self.events(1)
        with self.assertRaises(AccessError):
            event.write({"reason": "x"})
        with self.assertRaises(AccessError):
            event.unlink()
        for query in (
            "UPDATE interop_audit_event SET reason = 'x'",
            "DELETE FROM interop_audit_event",
            "TRUNCATE interop_audit_event",
        ):
            with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.Error), self.env.cr.savepoint(flush=False):
                self.env.cr.execute(query)

    def test_the_chain_shows_a_later_change(self):
        events = self.events(5)
        self.assertEqual(self.env["interop.audit.event"]._seal_pending(), 5)
        self.assertIsNone(self.env["interop.audit.event"]._verify())
        self.env.cr.execute(
            "ALTER TABLE interop_audit_event DISABLE TRIGGER ALL;"
            "UPDATE interop_audit_event SET reason = 'nothing' WHERE id = %s;"
            "ALTER TABLE interop_audit_event ENABLE TRIGGER ALL",
            [events.sorted("id")[2].id],
        )
        self.assertEqual(self.env["interop.audit.event"]._verify(), events.sorted("id")[2].id)

    def test_only_administrators_read_the_trail(self):
        self.events(1)
        operator = new_test_user(self.env, "audit-operator", "interop_hub.group_operator")
        with self.assertRaises(AccessError):
            self.env["interop.audit.event"].with_user(operator).search([]).mapped("action")
