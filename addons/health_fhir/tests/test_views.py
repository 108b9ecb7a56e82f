from odoo.tests import Form, new_test_user, tagged

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestViews(FhirCase):
    def test_the_record_leads_to_its_resource_and_back(self):
        created = self.create(self.patient())
        account = self.record(created)
        self.assertEqual(account.fhir_count, 1)
        action = account.action_open_fhir()
        row = self.env["health.fhir.resource"].search(action["domain"])
        self.assertEqual(row.address, f"Patient/{created['id']}")
        self.assertEqual(row.action_open_record()["res_id"], account.id)
        self.assertEqual(self.env["health.fhir.resource"].search([("address", "=", row.address)]), row)
        self.assertEqual(self.env["health.fhir.resource"].search([("address", "ilike", created["id"][:8])]), row)

    def test_the_forms_open(self):
        user = new_test_user(self.env, "fhir-viewer", groups="health_core.group_user,interop_hub.group_metadata")
        created = self.create(self.patient())
        row = self.env["health.fhir.resource"].search([("fhir_id", "=", created["id"])])
        with Form(row.with_user(user)) as form:
            self.assertEqual(form.version, 1)

    def test_a_message_can_be_read(self):
        created = self.create(self.patient())
        message = self.env["interop.link"]._messages(self.record(created))
        body = message._bodies()[message.id]
        self.assertIn("Everywoman", self.env["health.fhir.handler"]._render(self.fhir, body))

    def test_the_engine_answers_for_each_kind_of_row(self):
        kept = self.env["health.fhir.kept.type"].search([("name", "=", "Observation")])
        before = kept.resource_count
        self.create({"resourceType": "Observation", "status": "final", "code": {"text": "x"}})
        kept.invalidate_recordset()
        self.assertEqual(kept.resource_count, before + 1)
