import json

from lxml import etree

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.interop_hub.exceptions import NeedsPerson, SetFailed
from odoo.addons.interop_hub.ownership import differs

from .common import HubCase


class OwnedTestModel(models.Model):
    """Something that two systems and people write to."""

    _name = "interop.test.owned"
    _inherit = ["interop.owned.mixin"]
    _description = "Owned Thing"
    _module = None

    name = fields.Char()
    phone = fields.Char(help="Reached by day")
    born = fields.Date()
    weight = fields.Float(digits=(8, 2))
    partner_id = fields.Many2one("res.partner")
    company_id = fields.Many2one("res.company")


@tagged("post_install", "-at_install")
class TestAuthority(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        add_to_registry(cls.registry, OwnedTestModel)
        cls.addClassCleanup(cls.registry.__delitem__, OwnedTestModel._name)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.registry.init_models(cls.env.cr, [OwnedTestModel._name], {"module": "interop_hub"})
        cls.model = cls.env["ir.model"]._get(OwnedTestModel._name)
        cls.env["ir.model.access"].create(
            {
                "name": "test",
                "model_id": cls.model.id,
                "group_id": cls.env.ref("base.group_user").id,
                **dict.fromkeys(("perm_read", "perm_write", "perm_create", "perm_unlink"), True),
            }
        )
        cls.lab = cls.env["interop.system"].create({"name": "Lab", "code": "LAB", "kind": "laboratory"})
        cls.clerk = new_test_user(cls.env, "authority-clerk", "base.group_user")
        cls.steward = new_test_user(
            cls.env, "authority-steward", "interop_hub.group_operator,interop_hub.group_payload"
        )
        cls.record = cls.env["interop.test.owned"].create({"name": "first", "phone": "1", "weight": 1.5})
        cls.authority = cls.env["interop.authority"]

    def rule(self, policy, names="", system=None, company=None):
        return self.authority.create(
            {
                "model_id": self.model.id,
                "field_names": names,
                "system_id": system and system.id,
                "policy": policy,
                "company_id": company and company.id,
            }
        )

    def screen(self, vals, system, message_id=None, record=None):
        record = self.record if record is None else record
        return self.authority._screen([(record, vals)], system and system.id, message_id)[0]

    def open_conflicts(self):
        return self.env["interop.authority.conflict"].search([("state", "=", "open")])

    # -- what a source may not write ------------------------------------------

    def test_without_a_rule_everything_passes(self):
        self.assertEqual(self.authority._owned("interop.test.owned", self.lab.id), {})
        vals = {"name": "x"}
        self.assertIs(self.screen(vals, self.lab), vals)

    def test_the_owner_is_not_limited(self):
        self.rule("refuse", "name", self.system)
        self.assertEqual(self.authority._owned("interop.test.owned", self.system.id), {})
        self.assertEqual(self.authority._owned("interop.test.owned", self.lab.id), {"name": "refuse"})
        self.assertEqual(self.authority._owned("interop.test.owned", None), {"name": "refuse"})

    def test_odoo_owns_where_no_system_is_named(self):
        self.rule("ignore", "phone")
        self.assertEqual(self.authority._owned("interop.test.owned", None), {})
        self.assertEqual(self.authority._owned("interop.test.owned", self.system.id), {"phone": "ignore"})

    def test_the_more_specific_rule_decides(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.rule("ignore", "", self.system)
        self.rule("refuse", "phone", self.lab)
        self.rule("flag", "phone", company=company)
        owned = self.authority._owned
        self.assertEqual(owned("interop.test.owned", self.lab.id).get("phone"), None)
        self.assertEqual(owned("interop.test.owned", self.lab.id)["name"], "ignore")
        self.assertEqual(owned("interop.test.owned", self.system.id), {"phone": "refuse"})
        self.assertEqual(owned("interop.test.owned", self.lab.id, company.id)["phone"], "flag")
        self.assertNotIn("phone", owned("interop.test.owned", None, company.id))

    def test_two_rules_of_one_rank_make_two_owners(self):
        self.rule("refuse", "name", self.system)
        self.rule("ignore", "name", self.lab)
        self.assertFalse(self.authority._owned("interop.test.owned", self.lab.id))
        self.assertEqual(self.authority._owned("interop.test.owned", None), {"name": "refuse"})

    def test_a_changed_rule_counts_at_once_and_is_audited(self):
        rule = self.rule("ignore", "name", self.system)
        self.assertEqual(self.authority._owned("interop.test.owned", None), {"name": "ignore"})
        rule.policy = "refuse"
        self.assertEqual(self.authority._owned("interop.test.owned", None), {"name": "refuse"})
        rule.unlink()
        self.assertEqual(self.authority._owned("interop.test.owned", None), {})
        actions = self.env["interop.audit.event"].search([("res_model", "=", "interop.authority")]).mapped("action")
        self.assertLessEqual({"authority.create", "authority.change", "authority.delete"}, set(actions))

    def test_asking_again_costs_no_query(self):
        self.rule("ignore", "name", self.system)
        self.authority._owned("interop.test.owned", self.lab.id)
        self.authority._owned("res.partner", self.lab.id)
        with self.assertQueryCount(0):
            self.authority._owned("interop.test.owned", self.lab.id)
            self.authority._screen([(self.record, {"phone": "2"})] * 100, self.lab.id, 1)
            self.authority._screen([(self.env.user.partner_id, {"name": "2"})] * 100, self.lab.id, 1)

    def test_a_rule_takes_fields_of_its_model_only(self):
        with self.assertRaises(ValidationError):
            self.rule("ignore", "name,nonsense", self.system)

    # -- a system writes ---------------------------------------------------------

    def test_ignore_keeps_the_owners_value(self):
        self.rule("ignore", "name", self.system)
        self.assertEqual(self.screen({"name": "other", "phone": "2"}, self.lab), {"phone": "2"})
        self.assertFalse(self.open_conflicts())

    def test_flag_keeps_the_owners_value_and_shows_the_attempt(self):
        self.rule("flag", "name,born", self.system)
        message = self.send({"id": "1"})
        vals = {"name": "other", "born": fields.Date.to_date("2001-02-03"), "phone": "2"}
        self.assertEqual(self.screen(vals, self.lab, message.id), {"phone": "2"})
        conflicts = self.open_conflicts()
        self.assertEqual(set(conflicts.mapped("field_name")), {"name", "born"})
        self.assertEqual((conflicts.system_id, conflicts.message_id, conflicts.user_id.ids), (self.lab, message, []))
        exception = conflicts.exception_id
        self.assertEqual((exception.type, exception.state), ("authority_conflict", "open"))
        self.assertNotIn("other", exception.name + exception.key)

    def test_an_equal_value_is_no_conflict(self):
        partner = self.env["res.partner"].create({"name": "P"})
        self.record.write({"partner_id": partner.id, "born": "2001-02-03"})
        self.rule("refuse", "", self.system)
        same = {
            "name": "first",
            "weight": 1.5000001,
            "partner_id": partner.id,
            "born": "2001-02-03",
            "company_id": None,
        }
        self.assertEqual(self.screen(same, self.lab), same)
        for name, value in {"name": "", "weight": 1.6, "partner_id": False, "born": None}.items():
            with self.assertRaises(NeedsPerson, msg=name):
                self.screen({name: value}, self.lab)

    def test_only_commands_that_change_lines_conflict(self):
        one, two = self.env["res.partner.category"].create([{"name": "1"}, {"name": "2"}])
        partner = self.env["res.partner"].create({"name": "P", "category_id": one.ids})
        for commands in ([], [(4, one.id)], [(6, 0, one.ids)], [(3, two.id)], [(1, one.id, {})]):
            self.assertFalse(differs(partner, "category_id", commands), commands)
        for commands in (
            [(5,)],
            [(4, two.id)],
            [(6, 0, [])],
            [(3, one.id)],
            [(1, one.id, {"name": "x"})],
            [(0, 0, {})],
        ):
            self.assertTrue(differs(partner, "category_id", commands), commands)

    def test_refuse_stops_the_whole_write(self):
        self.rule("refuse", "name", self.system)
        with self.assertRaises(NeedsPerson) as caught:
            self.screen({"name": "Doe", "phone": "2"}, self.lab, 7)
        error = caught.exception
        self.assertEqual(error.exception_type, "authority_conflict")
        self.assertIn("name", error.text)
        self.assertNotIn("Doe", str(error))

    def test_a_set_names_the_messages_that_were_refused(self):
        self.rule("refuse", "name", self.system)
        entries = [(self.record, {"phone": "2"}), (self.record, {"name": "x"})]
        with self.assertRaises(SetFailed) as caught:
            self.authority._screen(entries, self.lab.id, [11, 12])
        self.assertEqual(list(caught.exception.failures), [12])

    def test_the_same_attempt_again_is_one_conflict(self):
        self.rule("flag", "name", self.system)
        for value in ("a", "b"):
            self.screen({"name": value}, self.lab)
        conflict = self.open_conflicts()
        self.assertEqual((len(conflict), conflict.count, json.loads(conflict.attempted)), (1, 2, "b"))
        self.assertEqual(conflict.exception_id.count, 2)

    def test_first_values_pass_but_a_refused_creation_does_not(self):
        empty = self.record.browse()
        self.rule("ignore", "name", self.system)
        vals = {"name": "new"}
        self.assertEqual(self.screen(vals, self.lab, record=empty), vals)
        self.rule("refuse", "", self.system)
        self.assertEqual(self.screen(vals, self.system, record=empty), vals)
        with self.assertRaises(NeedsPerson):
            self.screen(vals, self.lab, record=empty)

    # -- a person writes ------------------------------------------------------------

    def test_a_person_cannot_change_what_is_ignored(self):
        self.rule("ignore", "name", self.system)
        self.record.with_user(self.clerk).write({"name": "other", "phone": "2"})
        self.assertEqual((self.record.name, self.record.phone), ("first", "2"))

    def test_a_context_from_outside_does_not_open_the_door(self):
        self.rule("ignore", "name", self.system)
        self.record.with_user(self.clerk).with_context(interop_source=self.system.id).write({"name": "other"})
        self.assertEqual(self.record.name, "first")

    def test_a_flagged_value_of_a_person_waits_for_a_steward(self):
        self.rule("flag", "name", self.system)
        other = self.record.create({"name": "other"})
        (self.record | other).with_user(self.clerk).write({"name": "other", "phone": "2"})
        self.assertEqual(self.record.name, "first")
        self.assertEqual((self.record | other).mapped("phone"), ["2", "2"])
        conflict = self.open_conflicts()
        self.assertEqual((conflict.user_id, conflict.res_id), (self.clerk, self.record.id))

    def test_a_refused_write_of_a_person_changes_nothing(self):
        self.rule("refuse", "name", self.system)
        with self.assertRaises(UserError) as caught:
            self.record.with_user(self.clerk).write({"name": "other", "phone": "2"})
        self.assertIn(self.system.name, str(caught.exception))
        self.assertEqual(self.record.phone, "1")
        self.rule("refuse", "", self.system)
        with self.assertRaises(UserError):
            self.record.with_user(self.clerk).create({"name": "new"})

    def test_a_program_is_not_stopped(self):
        self.rule("refuse", "", self.system)
        self.record.with_user(self.clerk).sudo().write({"name": "other"})
        self.assertEqual(self.record.name, "other")

    # -- a steward decides -----------------------------------------------------------

    def test_accepting_writes_the_value_and_closes_the_exception(self):
        self.rule("flag", "name,born", self.system)
        self.screen({"name": "other", "born": "2001-02-03"}, self.lab)
        conflicts = self.open_conflicts()
        exception = conflicts.exception_id
        name = conflicts.filtered(lambda c: c.field_name == "name").with_user(self.steward)
        self.assertEqual((name.attempted_text, name.current_text), ("other", "first"))
        name.action_accept()
        self.assertEqual((self.record.name, name.state, name.decided_by_id), ("other", "accepted", self.steward))
        self.assertEqual(exception.state, "open")
        (conflicts - name).with_user(self.steward).action_dismiss()
        self.assertFalse(self.record.born)
        self.assertEqual(exception.state, "resolved")
        with self.assertRaises(UserError):
            name.action_dismiss()

    def test_accepting_needs_the_right_to_write_the_record(self):
        self.rule("flag", "name", self.system)
        self.screen({"name": "other"}, self.lab)
        self.env["ir.model.access"].search([("model_id", "=", self.model.id)]).perm_write = False
        with self.assertRaises(AccessError):
            self.open_conflicts().with_user(self.steward).action_accept()
        self.assertEqual((self.record.name, self.open_conflicts().state), ("first", "open"))

    def test_resolving_the_exception_leaves_the_owners_values(self):
        self.rule("flag", "name", self.system)
        self.screen({"name": "other"}, self.lab)
        conflict = self.open_conflicts()
        conflict.exception_id.with_user(self.steward).action_resolve()
        self.assertEqual((conflict.state, self.record.name), ("dismissed", "first"))

    def test_attempted_values_need_the_payload_right(self):
        self.rule("flag", "name", self.system)
        self.screen({"name": "other"}, self.lab)
        conflict = self.open_conflicts()
        watcher = new_test_user(self.env, "authority-watcher", "interop_hub.group_metadata")
        self.assertEqual(conflict.with_user(watcher).read(["field_label"])[0]["field_label"], "Name")
        for name in ("attempted", "attempted_text", "current_text"):
            with self.assertRaises(AccessError):
                conflict.with_user(watcher).read([name])
        with self.assertRaises(AccessError):
            conflict.with_user(watcher).action_accept()
        with self.assertRaises(AccessError):
            conflict.with_user(self.clerk).read(["field_label"])

    def test_only_an_administrator_changes_rules(self):
        rule = self.rule("flag", "name", self.system)
        with self.assertRaises(AccessError):
            rule.with_user(self.steward).policy = "ignore"

    # -- what forms show -------------------------------------------------------------

    def form(self):
        arch = """<form><group>
            <field name="name"/><field name="phone" readonly="weight"/><field name="born"/><field name="weight"/>
        </group></form>"""
        return self.env["ir.ui.view"].create({"name": "t", "model": "interop.test.owned", "type": "form", "arch": arch})

    def node(self, view, name):
        arch = self.env["interop.test.owned"].with_user(self.clerk).get_view(view.id, "form")["arch"]
        return etree.fromstring(arch).find(f".//field[@name='{name}']")

    def test_owned_fields_are_locked_on_forms_and_say_whose_they_are(self):
        view = self.form()
        self.assertIsNone(self.node(view, "name").get("readonly"))
        self.rule("refuse", "name,phone", self.system)
        self.rule("flag", "born", self.system)
        self.assertEqual(self.node(view, "name").get("readonly"), "id")
        self.assertEqual(self.node(view, "phone").get("readonly"), "(weight) or id")
        self.assertIn("o_interop_owned", self.node(view, "name").get("class"))
        self.assertIn(self.system.name, self.node(view, "name").get("help"))
        self.assertIn("Reached by day", self.node(view, "phone").get("help"))
        self.assertFalse(self.node(view, "born").get("readonly"))
        self.assertIn("o_interop_owned_flag", self.node(view, "born").get("class"))
        self.assertIsNone(self.node(view, "weight").get("readonly"))
        with Form(self.record.with_user(self.clerk), view) as form, self.assertRaises(AssertionError):
            form.name = "other"

    def test_locks_follow_the_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.clerk.company_ids |= company
        view = self.form()
        self.rule("ignore", "name", self.system, company)
        self.assertIsNone(self.node(view, "name").get("readonly"))
        self.clerk.company_id = company
        self.assertEqual(self.node(view, "name").get("readonly"), "id")
