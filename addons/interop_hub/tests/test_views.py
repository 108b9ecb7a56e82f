from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import HubCase


@tagged("post_install", "-at_install")
class TestViews(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.watcher = new_test_user(cls.env, "view-watcher", "interop_hub.group_metadata")
        cls.reader = new_test_user(cls.env, "view-reader", "interop_hub.group_payload")
        cls.operator = new_test_user(cls.env, "view-operator", "interop_hub.group_operator")
        cls.admin = new_test_user(cls.env, "view-admin", "interop_hub.group_admin")
        actions = cls.env["ir.model.data"].search(
            [("module", "=", "interop_hub"), ("model", "=", "ir.actions.act_window")]
        )
        cls.actions = cls.env["ir.actions.act_window"].browse(actions.mapped("res_id"))

    def message_form(self, user):
        return etree.fromstring(self.env["interop.message"].with_user(user).get_view(view_type="form")["arch"])

    def button(self, user, name):
        return self.message_form(user).xpath(f"//button[@name='{name}']")

    # -- every screen opens ------------------------------------------------------

    def test_every_action_opens_for_everybody_who_has_it_in_a_menu(self):
        self.assertGreater(len(self.actions), 8)
        self.send({"id": "1", "do": "permanent"}, {"id": "2"})
        self.drain()
        for user in (self.watcher, self.operator, self.admin):
            for action in self.actions:
                model = self.env[action.res_model].with_user(user)
                if not model.has_access("read"):
                    self.assertEqual(action.res_model, "interop.audit.event")
                    continue
                modes = [mode for mode in action.view_mode.split(",") if mode != "activity"]
                views = model.get_views([(False, mode) for mode in [*modes, "search"]])["views"]
                for mode in ("list", "form", "kanban"):
                    if mode not in views:
                        continue
                    names = {
                        node.get("name")
                        for node in etree.fromstring(views[mode]["arch"]).xpath("//field[not(ancestor::field)]")
                    }
                    model.search([], limit=5).web_read({name: {} for name in names})

    def test_every_filter_and_group_of_every_search_works(self):
        for action in self.actions:
            model = self.env[action.res_model].with_user(self.admin)
            arch = etree.fromstring(model.get_view(view_type="search")["arch"])
            for node in arch.iter("filter"):
                if node.get("domain"):
                    model.search_count(safe_eval(node.get("domain"), {"uid": self.admin.id}))
                group = safe_eval(node.get("context") or "{}").get("group_by")
                if group:
                    model.formatted_read_group([], [group], ["__count"])

    def test_menus_show_the_audit_trail_to_administrators_only(self):
        audit = self.env.ref("interop_hub.menu_audit")
        visible = self.env["ir.ui.menu"].with_user(self.operator)._visible_menu_ids()
        self.assertIn(self.env.ref("interop_hub.menu_overview").id, visible)
        self.assertNotIn(audit.id, visible)
        self.assertIn(audit.id, self.env["ir.ui.menu"].with_user(self.admin)._visible_menu_ids())

    # -- what a message shows --------------------------------------------------------

    def test_overdue_messages_are_found(self):
        old, new = self.send({"id": "1"}, {"id": "2"})
        self.env.cr.execute(
            "UPDATE interop_message SET received_at = received_at - interval '1 hour' WHERE id = %s", [old.id]
        )
        self.env.invalidate_all()
        found = self.env["interop.message"].search([("overdue", "=", True), ("interface_id", "=", self.interface.id)])
        self.assertEqual(found, old)
        self.assertEqual((old.overdue, new.overdue), (True, False))
        self.assertIn(new, self.env["interop.message"].search([("overdue", "=", False)]))

    def test_the_timeline_tells_what_happened(self):
        message = self.send({"id": "1", "do": "permanent"})
        self.drain()
        message.with_user(self.operator).action_discard("sent by mistake")
        message.invalidate_recordset()
        text = " ".join(etree.fromstring(f"<div>{message.timeline}</div>").itertext())
        for part in ("Accepted", "Dead", "test.bad", "Discarded", "sent by mistake", self.operator.name):
            self.assertIn(part, text)

    def test_linked_records_have_a_button_for_those_who_may_see_them(self):
        partner = self.env["res.partner"].create({"name": "Reached"})
        message = self.send({"id": str(partner.id)})
        self.drain()
        company = self.env["res.company"].create({"name": "Other"})
        hidden = self.make_interface("hidden", company_id=company.id)
        self.env["interop.link"]._add(
            [
                (message.id, "interop.audit.event", 1),
                (message.id, "gone.model", 1),
                (message.id, hidden._name, hidden.id),
            ]
        )
        message.invalidate_recordset()
        entries = message.with_user(self.watcher).linked
        self.assertEqual({entry["model"]: entry["count"] for entry in entries}, {"res.partner": 1, hidden._name: 1})
        action = message.with_user(self.watcher).with_context(linked_model="res.partner").action_open_linked()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", partner.id))
        names = dict(message.with_user(self.watcher).link_ids.mapped(lambda link: (link.res_model, link.record_name)))
        self.assertEqual(names.pop("res.partner"), "Reached")
        self.assertEqual(names, {"interop.audit.event": False, "gone.model": False, hidden._name: False})

    # -- rights -------------------------------------------------------------------------

    def test_buttons_follow_the_rights(self):
        payload = str(self.env.ref("interop_hub.action_payload").id)
        self.assertFalse(self.button(self.watcher, payload))
        self.assertFalse(self.button(self.watcher, "action_ask_replay"))
        self.assertTrue(self.button(self.reader, payload))
        self.assertFalse(self.button(self.reader, "action_ask_replay"))
        self.assertFalse(self.button(self.operator, payload))
        self.assertTrue(self.button(self.operator, "action_ask_replay"))

    def test_a_body_is_opened_with_the_right_and_a_reason_only(self):
        message = self.send({"id": "1", "patient": "somebody"})
        for user in (self.watcher, self.operator):
            with self.assertRaises(AccessError):
                message.with_user(user).action_open_payload("curious")
        with self.assertRaises(UserError):
            message.with_user(self.reader).action_open_payload("  ")
        events = [("action", "=", "payload.view"), ("res_id", "=", message.id)]
        self.assertFalse(self.env["interop.audit.event"].search(events))
        html = message.with_user(self.reader).action_open_payload("a complaint")["html"]
        self.assertIn("somebody", html)
        event = self.env["interop.audit.event"].search(events)
        self.assertEqual((event.user_id, event.reason), (self.reader, "a complaint"))

    def test_nothing_active_in_a_body_reaches_the_browser(self):
        def render(handler, interface, body):
            return "<table class='o_hl7'><tr><td onclick='x()'>kept<script>alert(1)</script></td></tr></table>"

        message = self.send({"id": "1"})
        self.patch(type(self.env["interop.test.handler"]), "_render", render)
        html = message.with_user(self.reader).action_open_payload("a complaint")["html"]
        self.assertIn("kept", html)
        self.assertIn("o_hl7", html)
        self.assertNotIn("script", html)
        self.assertNotIn("onclick", html)

    # -- the dialog that asks why ----------------------------------------------------------

    def dialog(self, action):
        return self.env["interop.reason"].with_user(self.operator).browse(action["res_id"])

    def test_discarding_asks_for_a_reason(self):
        messages = self.send({"id": "1", "do": "permanent"}, {"id": "2", "do": "permanent"})
        self.drain()
        dialog = self.dialog(messages.with_user(self.operator).action_ask_discard())
        self.assertEqual(dialog.count, 2)
        with self.assertRaises(UserError):
            dialog.action_confirm()
        with Form(dialog) as form:
            form.reason = "sent by mistake"
        dialog.action_confirm()
        self.assertEqual(set(messages.mapped("state")), {"discarded"})

    def test_replaying_finished_messages_is_warned_of(self):
        message = self.send({"id": "1"})
        self.drain()
        message.invalidate_recordset()
        dialog = self.dialog(message.with_user(self.operator).action_ask_replay())
        self.assertEqual((dialog.count, dialog.finished_count), (1, 1))
        dialog.action_confirm()
        self.assertEqual(message.state, "received")

    def test_all_that_match_are_replayed_but_finished_ones_are_not(self):
        bad, good, other = self.send({"id": "1", "do": "permanent"}, {"id": "2"}, {"id": "3", "do": "person"})
        self.drain()
        domain = [["interface_id", "=", self.interface.id], ["state", "in", ["dead", "done"]]]
        model = self.env["interop.message"].with_user(self.operator).with_context(active_domain=domain)
        dialog = self.dialog(model.action_ask_replay_matching())
        self.assertEqual(dialog.count, 1)
        dialog.action_confirm()
        self.env.invalidate_all()
        self.assertEqual((bad | good | other).mapped("state"), ["received", "done", "quarantined"])

    def test_only_operators_are_asked(self):
        message = self.send({"id": "1"})
        for name in ("action_ask_replay", "action_ask_discard", "action_ask_replay_matching"):
            with self.assertRaises(AccessError):
                getattr(message.with_user(self.reader), name)()

    def test_exceptions_are_resolved_and_dismissed_with_a_reason(self):
        message = self.send({"id": "1", "do": "person"})
        self.drain()
        message.invalidate_recordset()
        exception = message.exception_id
        self.assertRegex(exception.age, r"^\d+ s$")
        dialog = self.dialog(exception.with_user(self.operator).action_ask_dismiss())
        with self.assertRaises(UserError):
            dialog.action_confirm()
        dialog = self.dialog(exception.with_user(self.operator).action_ask_resolve())
        dialog.reason = "found the patient"
        dialog.action_confirm()
        self.assertEqual((exception.state, exception.resolution), ("resolved", "found the patient"))
        self.assertEqual(message.state, "received")
        with self.assertRaises(AccessError):
            exception.with_user(self.reader).action_ask_resolve()

    def test_a_retired_exception_keeps_the_age_that_it_reached(self):
        exception = self.env["interop.exception"]._open(
            [{"type": "other", "key": "k", "name": "n", "company_id": self.env.company.id}]
        )
        exception.resolved_at = exception.create_date + timedelta(hours=3)
        self.assertEqual(exception.age, "3 h")
        self.assertLess(exception.create_date, fields.Datetime.now() + timedelta(minutes=1))
