from urllib.parse import parse_qs, urlsplit

from odoo.tests import tagged

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestSearchOverHttp(FhirCase):
    def test_a_page_is_a_bundle_with_links(self):
        ids = [self.create(self.patient(f"P{n}", name=[{"family": "Pagefold"}]))["id"] for n in range(3)]
        page = self.send("GET", "Patient?family=pagefold&_count=2&favourite=1", None, 200)
        self.assertEqual([entry["search"]["mode"] for entry in page["entry"]], ["match", "match", "outcome"])
        links = {link["relation"]: link["url"] for link in page["link"]}
        self.assertNotIn("favourite", links["self"])
        self.assertEqual(parse_qs(urlsplit(links["next"]).query)["family"], ["pagefold"])
        rest = self.send("GET", links["next"].partition("/fhir/r4/")[2], None, 200)
        found = [entry["resource"]["id"] for entry in (*page["entry"][:2], *rest["entry"])]
        self.assertEqual(sorted(found), sorted(ids))
        self.assertNotIn("next", {link["relation"] for link in rest["link"]})

    def test_handling_and_parts(self):
        created = self.create(self.patient("H1"))["id"]
        self.outcome(
            self.ask("GET", "Patient?favourite=1", Prefer="handling=strict"), 400, "not-supported", "http.favourite"
        )
        part = self.send("GET", f"Patient?_id={created}&_elements=gender", None, 200)["entry"][0]["resource"]
        self.assertEqual(set(part), {"resourceType", "id", "meta", "gender"})
        self.assertEqual(part["meta"]["tag"][0]["code"], "SUBSETTED")
        counted = self.send("GET", f"Patient?_id={created}&_summary=count", None, 200)
        self.assertEqual((counted["total"], "entry" in counted), (1, False))

    def test_chains_do_not_tell_of_others_patients(self):
        """A patient of another company is no criterion, even for a visit that the caller sees."""
        elsewhere = self.env["res.company"].create({"name": "Search Elsewhere"})
        patient = self.create(self.patient("C1", name=[{"family": "Chainfold"}]))
        visit = self.create(self.visit(patient["id"], "CV1"))["id"]
        path = "Encounter?patient.family=chainfold&_include=Encounter:patient"
        found = self.send("GET", path, None, 200)
        self.assertEqual([entry["resource"]["resourceType"] for entry in found["entry"]], ["Encounter", "Patient"])
        self.record(patient).company_id = elsewhere
        self.assertNotIn("entry", self.send("GET", path, None, 200))
        found = self.send("GET", f"Encounter?_id={visit}&_include=Encounter:patient", None, 200)
        self.assertEqual([entry["resource"]["resourceType"] for entry in found["entry"]], ["Encounter"])

    def test_kept_resources_by_patient(self):
        patient = self.create(self.patient("K1"))["id"]
        note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        mine = self.create(note | {"subject": {"reference": f"Patient/{patient}"}})["id"]
        self.create(note)
        found = self.send("GET", f"Observation?patient={patient}", None, 200)
        self.assertEqual([entry["resource"]["id"] for entry in found["entry"]], [mine])
        found = self.send("GET", f"Patient?_id={patient}&_revinclude=Observation:patient", None, 200)
        self.assertEqual(found["entry"][1]["resource"]["id"], mine)

    def test_kept_resources_by_identifier(self):
        note = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
        system = "https://lab.example/results"
        made = self.create(note | {"identifier": [{"system": system, "value": "R-1"}]})
        self.create(note | {"identifier": [{"system": "https://other.example", "value": "R-2"}]})

        def found(token):
            page = self.send("GET", f"Observation?identifier={token}", None, 200)
            return [entry["resource"]["id"] for entry in page.get("entry", ())]

        self.assertEqual(found(f"{system}|R-1"), [made["id"]])
        self.assertEqual(found("R-1"), [made["id"]])
        for other in ("|R-1", f"{system}|R-2", f"{system}|", "r-1"):
            self.assertEqual(found(other), [], other)
        again = self.ask("POST", "Observation", note | {"status": "amended"}, If_None_Exist=f"identifier={system}|R-1")
        self.assertEqual((again.status_code, again.json()["id"]), (200, made["id"]))
        changed = self.send(
            "PUT", f"Observation?identifier={system}|R-1", note | {"identifier": [{"value": "R-9"}]}, 200
        )
        self.assertEqual((changed["id"], found("R-1"), found("|R-9")), (made["id"], [], [made["id"]]))
        self.send("PUT", f"Observation/{made['id']}", note | {"id": made["id"]}, 200)
        self.assertEqual(found("R-9"), [])
        self.env.cr.execute("SELECT string_agg(lookup_keys::text, '') FROM health_fhir_resource")
        self.assertNotIn("R-2", self.env.cr.fetchone()[0])
