from ast import literal_eval

from lxml import etree

from odoo.tests import Form, new_test_user, tagged

from .common import CareCase


@tagged("post_install", "-at_install")
class TestViews(CareCase):
    """Every screen opens for those who may see it, and its filters work."""

    def test_screens_render_and_filters_are_valid(self):
        user = new_test_user(self.env, "care_views", "health_core.group_manager")
        self.apply(self.visit(coverages=(self.cover(),), point_of_care="4W-1", person={"family": "Doe"}))
        actions = self.env["ir.actions.act_window"].search([("res_model", "=like", "health.%")])
        own = actions.filtered(lambda action: (action.get_external_id()[action.id] or "").startswith("health_core."))
        self.assertEqual(len(own), 11)
        for action in own:
            model = self.env[action.res_model].with_user(user)
            views = [(False, mode) for mode in action.view_mode.split(",")] + [(False, "search")]
            with self.subTest(action.res_model):
                found = model.get_views(views)
                names = {
                    node.get("name")
                    for view in found["views"].values()
                    for node in etree.fromstring(view["arch"]).xpath("//field[not(ancestor::field)]")
                }
                model.search([]).read(sorted(names & set(model._fields)))
                self.assertTrue(action.help)
                search = found["views"]["search"]["arch"]
                for domain in self.domains(search):
                    model.search_count(domain)

    @staticmethod
    def domains(arch):
        for node in etree.fromstring(arch).iter("filter"):
            if node.get("domain"):
                yield literal_eval(node.get("domain"))

    def test_a_facility_is_set_up_on_its_form(self):
        with Form(self.env["health.facility"]) as form:
            form.name = "Clinic"
            form.code = "CL"
            with form.code_ids.new() as code:
                code.system_id = self.system
                code.code = "CLINIC"
        self.assertEqual(form.record.code_ids.code, "CLINIC")

    def test_smart_buttons_lead_to_records(self):
        self.apply(self.visit(coverages=(self.cover(),)))
        visit = self.encounter()
        self.assertEqual(visit.action_open_account()["res_id"], visit.account_id.id)
        for record in (visit.account_id, visit.primary_coverage_id, self.facility):
            action = record.action_open_encounters()
            self.assertIn(visit, self.env["health.encounter"].search(action["domain"]))
        self.assertEqual(self.payer.coverage_count, 1)
        self.assertEqual(self.facility.encounter_count, 1)
        self.assertEqual(visit.account_id.encounter_count, 1)
