from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import FhirCase

MODELS = ("health.fhir.resource", "health.fhir.version", "health.fhir.naming", "health.fhir.kept.type")


@tagged("post_install", "-at_install")
class TestRights(FhirCase):
    """Who may do what with the addon's own tables."""

    def test_without_a_group_nothing_is_seen(self):
        nobody = new_test_user(self.env, "fhir-nobody", groups="base.group_user")
        for model in MODELS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(nobody).search([])

    def test_no_person_writes_resources_or_versions(self):
        manager = new_test_user(self.env, "fhir-manager", groups="health_core.group_manager,interop_hub.group_admin")
        created = self.create(self.patient())
        row = self.env["health.fhir.resource"].search([("fhir_id", "=", created["id"])]).with_user(manager)
        self.assertEqual(row.version_ids.mapped("number"), [1])
        for records in (row, row.version_ids):
            with self.assertRaises(AccessError):
                records.write({"last_updated": "2000-01-01"})
            with self.assertRaises(AccessError):
                records.unlink()

    def test_no_api_hands_out_bodies(self):
        self.assertNotIn("sealed", self.env["health.fhir.version"]._fields)

    def test_methods_are_private(self):
        for name in ("engine", "store", "search", "capability", "party", "mapper", "handler"):
            model = type(self.env[f"health.fhir.{name}"])
            public = [
                method
                for cls in model.mro()
                if "health_fhir" in cls.__module__
                for method in vars(cls)
                if not method.startswith("_") and callable(getattr(cls, method))
            ]
            self.assertEqual(public, [], name)

    def test_other_companies_rows_are_hidden(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.create(self.patient())
        user = new_test_user(
            self.env,
            "fhir-other",
            groups="health_core.group_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.env["health.fhir.resource"].with_user(user).search([]))
        self.assertFalse(self.env["health.fhir.version"].with_user(user).search([]))


@tagged("post_install", "-at_install")
class TestScopes(FhirCase):
    """Function level: each interaction needs its own scope, in bundles and includes too."""

    def test_each_interaction_needs_its_letter(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        calls = {
            "c": ("POST", "Patient", self.patient("2")),
            "r": ("GET", path, None),
            "u": ("PUT", path, created),
            "s": ("GET", "Patient?_id=x", None),
        }
        for letter in calls:
            self.make_account(f"only-{letter}", f"system/Patient.{letter}")
        for letter in calls:
            for needed, (method, url, body) in calls.items():
                response = self.ask(method, url, body, client=f"only-{letter}")
                if letter == needed:
                    self.assertIn(response.status_code, (200, 201), response.text)
                else:
                    self.outcome(response, 403, "forbidden")
                    self.assertIn("insufficient_scope", response.headers["WWW-Authenticate"])

    def test_other_types_are_not_covered(self):
        self.make_account("patients", "system/Patient.cruds")
        self.outcome(self.ask("GET", "Encounter/x", client="patients"), 403, "forbidden")
        self.outcome(self.ask("GET", "Encounter?_id=x", client="patients"), 403, "forbidden")

    def test_conditions_need_search(self):
        self.make_account("creator", "system/Patient.cu")
        query = "identifier=https://mpi.example|1"
        self.outcome(
            self.ask("POST", "Patient", self.patient(), client="creator", If_None_Exist=query), 403, "forbidden"
        )
        self.outcome(self.ask("PUT", f"Patient?{query}", self.patient(), client="creator"), 403, "forbidden")

    def test_every_entry_of_a_bundle(self):
        self.make_account("patients", "system/Patient.cruds")
        entries = [
            {"request": {"method": "POST", "url": "Patient"}, "resource": self.patient("9")},
            {"request": {"method": "GET", "url": "Encounter/x"}},
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        issue = self.outcome(self.ask("POST", "", bundle, client="patients"), 403, "forbidden")
        self.assertEqual(issue["expression"], ["Bundle.entry[1].request"])
        self.assertFalse(self.env["health.patient.identifier"].search([("value", "=", "9"), ("authority", "=", "MPI")]))
        answer = self.send("POST", "", bundle | {"type": "batch"}, 200, client="patients")
        self.assertEqual([e["response"]["status"][:3] for e in answer["entry"]], ["201", "403"])

    def test_includes_come_only_with_their_scope(self):
        patient = self.create(self.patient())["id"]
        visit = self.create(self.visit(patient))["id"]
        self.make_account("visits", "system/Encounter.rs")
        path = f"Encounter?_id={visit}&_include=Encounter:patient"
        found = self.send("GET", path, None, 200)
        self.assertIn("Patient", [e["resource"]["resourceType"] for e in found["entry"]])
        found = self.send("GET", path, None, client="visits")
        self.assertNotIn("Patient", [e["resource"]["resourceType"] for e in found.get("entry", ())])

    def test_an_account_without_the_interface(self):
        self.make_account("stranger", "system/*.cruds", interface_ids=[])
        self.outcome(self.ask("GET", "Patient/x", client="stranger"), 403, "forbidden")


@tagged("post_install", "-at_install")
class TestObjects(FhirCase):
    """Object level: ids of other companies and facilities lead nowhere, whatever the interaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "FHIR Elsewhere"})
        cls.foreign = cls.env["health.patient.account"].create(
            {
                "family": "Foreign",
                "company_id": cls.elsewhere.id,
                "identifier_ids": [(0, 0, {"authority": "MPI", "type": "MR", "value": "F1"})],
            }
        )
        cls.south = cls.env["health.facility"].create(
            {
                "name": "South",
                "code": "FTS",
                "company_id": cls.fhir.company_id.id,
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": "SOUTH"})],
            }
        )

    def test_foreign_ids_lead_nowhere(self):
        fhir_id = f"pat-{self.foreign.id}"
        path = f"Patient/{fhir_id}"
        nothing = self.ask("GET", "Patient/pat-2147483000").json()
        self.assertEqual(self.ask("GET", path).json(), nothing)
        for url in (f"{path}/_history", f"{path}/_history/1"):
            self.outcome(self.ask("GET", url), 404, "not-found")
        self.outcome(self.ask("PUT", path, self.patient(id=fhir_id)), 404, "not-found")
        self.outcome(self.ask("POST", "Encounter", self.visit(fhir_id)), 422, "not-found", "Encounter.subject")
        found = self.send("GET", f"Patient?_id={fhir_id}", None, 200)
        self.assertNotIn("entry", found)
        found = self.send("GET", "Patient?identifier=https://mpi.example|F1", None, 200)
        self.assertNotIn("entry", found)

    def test_a_create_cannot_reach_a_foreign_patient(self):
        response = self.ask("POST", "Patient", self.patient("F1", name=[{"family": "Usurper"}]))
        self.outcome(response, 202, "informational")
        self.assertNotIn("Foreign", response.text)
        self.foreign.invalidate_recordset()
        self.assertEqual(self.foreign.family, "Foreign")

    def test_an_account_of_one_facility(self):
        here = self.create(self.patient("H1"))["id"]
        there = self.create(self.patient("S1"))["id"]
        north = self.create(self.visit(here, "N1", serviceProvider={"identifier": {"value": "NORTH"}}))["id"]
        south = self.create(self.visit(there, "S1", serviceProvider={"identifier": {"value": "SOUTH"}}))["id"]
        note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        seen = self.create(note | {"subject": {"reference": f"Patient/{here}"}})["id"]
        hidden = self.create(note | {"subject": {"reference": f"Patient/{there}"}})["id"]
        self.make_account("northerner", "system/*.cruds", facility_ids=[(6, 0, self.facility.ids)])
        for path in (f"Encounter/{north}", f"Patient/{here}", f"Observation/{seen}"):
            self.send("GET", path, None, 200, client="northerner")
        for path in (
            f"Encounter/{south}",
            f"Patient/{there}",
            f"Observation/{hidden}",
            f"Observation/{hidden}/_history",
        ):
            self.outcome(self.ask("GET", path, client="northerner"), 404, "not-found")
        found = self.send("GET", "Encounter?status=in-progress", None, 200, client="northerner")
        self.assertEqual([e["resource"]["id"] for e in found["entry"]], [north])
        self.outcome(
            self.ask("PUT", f"Observation/{hidden}", note | {"id": hidden}, client="northerner"), 404, "not-found"
        )
        self.outcome(self.ask("DELETE", f"Observation/{hidden}", client="northerner"), 404, "not-found")

    def test_a_partner_finds_what_it_sent(self):
        self.make_account("northerner", "system/*.cruds", facility_ids=[(6, 0, self.facility.ids)])
        created = self.send("POST", "Patient", self.patient("N9"), 201, client="northerner")
        self.send("GET", f"Patient/{created['id']}", None, 200, client="northerner")

    def test_a_partner_admits_to_its_own_facilities_only(self):
        self.make_account("northerner", "system/*.cruds", facility_ids=[(6, 0, self.facility.ids)])
        patient = self.send("POST", "Patient", self.patient("N9"), 201, client="northerner")["id"]
        for provider in ({"identifier": {"value": "SOUTH"}}, {"reference": f"Organization/fac-{self.south.id}"}):
            sent = self.visit(patient, "X1", serviceProvider=provider)
            response = self.ask("POST", "Encounter", sent, client="northerner")
            self.assertIn(response.status_code, (202, 403, 422), response.text)
            self.assertFalse(self.env["health.encounter"].search([("number", "=", "X1")]))
