from odoo.tests import tagged

from odoo.addons.health_hl7v2.tests.common import hl7

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestEncounter(FhirCase):
    def test_an_admission_is_a_visit(self):
        patient = self.create(self.patient())
        sent = self.visit(patient["id"], type=[{"text": "kept"}])
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        visit = self.record(created)
        self.assertEqual((visit.authority, visit.number), ("FT", "V1"))
        self.assertEqual((visit.status, visit.class_code), ("in_progress", "outpatient"))
        self.assertEqual(str(visit.admitted_at), "2026-03-05 10:13:00")
        self.assertEqual(visit.account_id, self.record(patient))
        self.assertEqual(visit.facility_id, self.facility)

    def test_the_same_number_is_the_same_visit(self):
        patient = self.create(self.patient())
        first = self.create(self.visit(patient["id"]))
        again = self.create(self.visit(patient["id"], status="finished"), 200)
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(self.record(first).status, "finished")

    def test_what_an_update_means_for_the_visit(self):
        patient = self.create(self.patient())
        created = self.create(self.visit(patient["id"], status="planned"))
        visit = self.record(created)
        path = f"Encounter/{created['id']}"
        for status, state in (
            ("arrived", "in_progress"),
            ("finished", "finished"),
            ("in-progress", "in_progress"),
            ("cancelled", "cancelled"),
        ):
            self.send("PUT", path, created | {"status": status}, 200)
            visit.invalidate_recordset()
            self.assertEqual(visit.status, state, status)

    def test_a_discharge_has_its_time(self):
        patient = self.create(self.patient())
        period = {"start": "2026-03-05T10:00:00+01:00", "end": "2026-03-07"}
        created = self.create(self.visit(patient["id"], status="finished", period=period))
        visit = self.record(created)
        self.assertEqual(
            (str(visit.admitted_at), str(visit.discharged_at)), ("2026-03-05 09:00:00", "2026-03-07 00:00:00")
        )
        self.assertEqual(created["period"], period)

    def test_a_visit_needs_a_patient_who_is_there(self):
        response = self.ask("POST", "Encounter", self.visit("nobody"))
        self.outcome(response, 422, "not-found", "Encounter.subject")

    def test_an_unknown_provider_waits_for_a_steward(self):
        patient = self.create(self.patient())
        sent = self.visit(patient["id"], serviceProvider={"identifier": {"value": "ELSEWHERE"}})
        response = self.ask("POST", "Encounter", sent)
        issue = self.outcome(response, 202, "informational")
        message = self.env["interop.message"].search([("uuid", "=", response.headers["Interop-Message"])])
        self.assertIn(message.uuid, issue["diagnostics"])
        self.assertEqual((message.state, message.exception_id.type), ("quarantined", "unknown_facility"))
        self.assertFalse(self.env["health.encounter"].search([("number", "=", "V1")]))
        self.env["health.facility.code"].create(
            {"facility_id": self.facility.id, "system_id": self.system.id, "code": "ELSEWHERE"}
        )
        self.drain()
        message.invalidate_recordset()
        self.assertEqual(message.state, "done")
        self.assertTrue(self.env["health.encounter"].search([("number", "=", "V1"), ("authority", "=", "FT")]))

    def drain(self):
        """Process what was let go, as the drain does."""
        messages = self.env["interop.message"].search(
            [("interface_id", "=", self.fhir.id), ("state", "=", "received")], order="id"
        )
        self.env["health.fhir.handler"].sudo()._process(self.fhir, messages)
        self.env.cr.execute("UPDATE interop_message SET state = 'done' WHERE id = ANY(%s)", [messages.ids])

    def test_places_practitioners_and_diagnoses(self):
        ward = self.env["health.location"].create({"name": "Ward 4", "code": "W4", "facility_id": self.facility.id})
        doctor = self.env["health.practitioner"].create({"family": "House", "given": "Greg"})
        patient = self.create(self.patient())
        sent = self.visit(
            patient["id"],
            serviceProvider={"reference": f"Organization/fac-{self.facility.id}"},
            participant=[{"individual": {"reference": f"Practitioner/prac-{doctor.id}"}}],
            location=[{"location": {"reference": f"Location/loc-{ward.id}"}}],
            contained=[
                {
                    "resourceType": "Condition",
                    "id": "c1",
                    "code": {
                        "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J45", "display": "Asthma"}]
                    },
                    "subject": {"reference": f"Patient/{patient['id']}"},
                }
            ],
            diagnosis=[{"condition": {"reference": "#c1"}, "rank": 1}],
        )
        created = self.create(sent)
        self.assertEqual(self.content(created), sent)
        visit = self.record(created)
        self.assertEqual(visit.attending_id, doctor)
        self.assertEqual(visit.location_id, ward)
        self.assertEqual(visit.diagnosis_ids.mapped(lambda d: (d.code, d.description)), [("J45", "Asthma")])


@tagged("post_install", "-at_install")
class TestSameAsHl7(FhirCase):
    """The same admission by either road gives the same record."""

    FIELDS = (
        "authority", "number", "account_id", "facility_id", "company_id", "system_id", "class_code", "status",
        "admitted_at", "discharged_at", "location_id", "location_label", "account_number",
    )  # fmt: skip

    def setUp(self):
        super().setUp()
        if "health.hl7v2.handler" not in self.env:
            self.skipTest("HL7 v2 is not installed")

    def by_hl7(self, mrn, visit):
        interface = self.env["interop.interface"].create(
            {
                "name": "HL7",
                "code": f"fhir-test-hl7-{visit.lower()}",
                "system_id": self.system.id,
                "lane_id": self.fhir.lane_id.id,
                "company_id": self.fhir.company_id.id,
                "handler": "health.hl7v2.handler",
                "state": "active",
            }
        )
        body = hl7(control=f"C{visit}", mrn=mrn, visit=visit, letter="I", place="4E").replace(b"^^^NORTH", b"^^^MPI")
        body = body.replace(f"{visit}^^^MPI^VN".encode(), f"{visit}^^^FT^VN".encode())
        handler = self.env["health.hl7v2.handler"]
        message = self.env["interop.message"]._receive(interface, body).results[0]
        handler._process(interface, self.env["interop.message"].browse(message.message_id))
        return self.env["health.encounter"].search([("number", "=", visit), ("authority", "=", "FT")])

    def by_fhir(self, mrn, visit):
        patient = {
            "resourceType": "Patient",
            "identifier": [{"system": "https://mpi.example", "value": mrn}],
            "name": [{"use": "official", "family": "Everyman", "given": ["Adam", "J"]}],
            "gender": "male",
            "birthDate": "1961-06-15",
            "address": [
                {
                    "line": ["1200 N Elm Street"],
                    "city": "Greensboro",
                    "state": "NC",
                    "postalCode": "27401",
                    "country": "USA",
                }
            ],
        }
        created = self.send("POST", "Patient", patient)
        sent = self.visit(
            created["id"],
            visit,
            location=[{"location": {"identifier": {"value": "4E"}}}],
            serviceProvider={"identifier": {"value": "NORTH"}},
        )
        sent["class"] = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
        return self.record(self.send("POST", "Encounter", sent))

    def said(self, visit):
        account = visit.account_id
        record = {name: visit[name] for name in self.FIELDS if name not in ("number", "account_id")}
        record["segments"] = visit.location_ids.mapped(lambda row: (row.unit, row.label, row.from_at, row.to_at))
        for name in ("family", "given", "middle", "birth_date", "sex", "street", "city", "state_code", "zip"):
            record[name] = account[name]
        record["country"] = account.country_code
        record["identifiers"] = account.identifier_ids.mapped(lambda row: (row.authority, row.type))
        record["company"] = account.company_id
        return record

    def test_two_admissions_give_equal_records(self):
        first, second = self.by_hl7("100", "VH"), self.by_fhir("200", "VF")
        self.assertTrue(first and second)
        self.assertNotEqual(first.account_id, second.account_id)
        self.assertEqual(self.said(first), self.said(second))

    def test_one_admission_sent_by_both_roads_is_one_record(self):
        first = self.by_hl7("100", "V9")
        before = self.said(first)
        second = self.by_fhir("100", "V9")
        first.invalidate_recordset()
        self.assertEqual(first, second)
        self.assertEqual(self.said(first), before)
        self.assertEqual(len(self.env["interop.link"]._messages(first)), 2)

    def test_what_hl7_says_later_shows_in_fhir(self):
        visit = self.by_fhir("100", "V9")
        fhir_id = (
            self.env["health.fhir.resource"]
            .search([("res_model", "=", "health.encounter"), ("res_id", "=", visit.id)])
            .fhir_id
        )
        self.by_hl7("100", "V9")
        visit.write({"class_code": "emergency"})
        read = self.send("GET", f"Encounter/{fhir_id}", None, 200)
        self.assertEqual(read["class"]["code"], "EMER")
        self.assertEqual(read["location"], [{"location": {"identifier": {"value": "4E"}}}])
