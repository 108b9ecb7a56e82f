from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.interop_hub import keyring

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestKept(FhirCase):
    """Types without objects of the suite."""

    @staticmethod
    def observation(patient, **more):
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "weight"},
            "subject": {"reference": f"Patient/{patient}"},
            "valueQuantity": {"value": 71, "unit": "kg"},
            **more,
        }

    def test_it_is_given_back_changed_and_deleted(self):
        patient = self.create(self.patient())["id"]
        sent = self.observation(patient)
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        path = f"Observation/{created['id']}"
        changed = self.send("PUT", path, created | {"status": "amended"}, 200)
        self.assertEqual((changed["status"], changed["meta"]["versionId"]), ("amended", "2"))
        self.assertEqual(self.ask("DELETE", path).status_code, 204)
        self.assertEqual(self.ask("DELETE", path).status_code, 204)
        self.outcome(self.ask("GET", path), 410, "deleted")
        self.outcome(self.ask("GET", f"{path}/_history/3"), 410, "deleted")
        self.assertEqual(self.send("GET", f"{path}/_history/2", None, 200)["status"], "amended")
        history = self.send("GET", f"{path}/_history", None, 200)
        self.assertEqual([entry["request"]["method"] for entry in history["entry"]], ["DELETE", "PUT", "PUT"])
        self.assertNotIn("resource", history["entry"][0])
        again = self.ask("PUT", path, created)
        self.assertEqual((again.status_code, again.headers["ETag"]), (201, 'W/"4"'))

    def test_conditional_delete(self):
        created = self.create(self.observation(self.create(self.patient())["id"]))
        self.assertEqual(self.ask("DELETE", f"Observation?_id={created['id']}").status_code, 204)
        self.outcome(self.ask("GET", f"Observation/{created['id']}"), 410, "deleted")
        self.assertEqual(self.ask("DELETE", "Observation?_id=never").status_code, 204)
        self.outcome(self.ask("DELETE", "Observation"), 400, "required")

    def test_what_never_was_cannot_be_deleted(self):
        self.outcome(self.ask("DELETE", "Observation/never"), 404, "not-found")

    def test_the_body_is_sealed(self):
        patient = self.create(self.patient())["id"]
        created = self.create(self.observation(patient, note=[{"text": "Zebedee was here"}]))
        row = self.env["health.fhir.resource"].search([("fhir_id", "=", created["id"])])
        self.env.cr.execute("SELECT sealed FROM health_fhir_version WHERE resource_id = %s", [row.id])
        self.assertNotIn(b"Zebedee", bytes(self.env.cr.fetchone()[0]))
        self.assertEqual(row.account_id.family, "Everywoman")

    def test_versions_take_part_in_key_rotation(self):
        created = self.create(self.observation(self.create(self.patient())["id"]))
        tables = [table for table, *_rest in self.env["interop.payload"]._sealed_tables()]
        self.assertIn("health_fhir_version", tables)
        self.env.cr.execute(
            """SELECT v.resource_id || ':' || v.number, v.key_id, v.sealed FROM health_fhir_version v
                 JOIN health_fhir_resource r ON r.id = v.resource_id WHERE r.fhir_id = %s""",
            [created["id"]],
        )
        aad, key_id, sealed = self.env.cr.fetchone()
        self.assertIn(b"weight", keyring.ring().decrypt(key_id, sealed, aad.encode()))

    def test_a_type_with_objects_need_not_be_kept(self):
        for name in ("Patient", "Nonsense", "Bundle"):
            with self.assertRaises(ValidationError):
                self.env["health.fhir.kept.type"].create({"name": name})
