from odoo.tests import tagged

from .common import FhirCase


def bundle(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method, url, resource=None, full_url=None, **request):
    made = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


PATIENT, VISIT = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"


@tagged("post_install", "-at_install")
class TestTransaction(FhirCase):
    def admission(self, number="1", visit="V1"):
        return bundle(
            entry("POST", "Encounter", self.visit(PATIENT, visit), VISIT),
            entry("POST", "Patient", self.patient(number), PATIENT),
            entry(
                "POST",
                "Observation",
                {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": "weight"},
                    "subject": {"reference": PATIENT},
                    "encounter": {"reference": VISIT},
                    "text": {
                        "status": "generated",
                        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{PATIENT}">Eve</a></div>',
                    },
                },
            ),
        )

    def test_temporary_ids_become_real_everywhere(self):
        answer = self.send("POST", "", self.admission(), 200)
        self.assertEqual(answer["type"], "transaction-response")
        visit, patient, observation = (part["resource"] for part in answer["entry"])
        self.assertEqual([part["response"]["status"] for part in answer["entry"]], ["201 Created"] * 3)
        self.assertEqual(visit["subject"]["reference"], f"Patient/{patient['id']}")
        self.assertEqual(observation["encounter"]["reference"], f"Encounter/{visit['id']}")
        self.assertIn(f'href="Patient/{patient["id"]}"', observation["text"]["div"])
        self.assertTrue(answer["entry"][0]["response"]["location"].endswith("/_history/1"))
        self.assertEqual(self.record(visit).account_id, self.record(patient))

    def test_it_is_one_message(self):
        before = self.env["interop.message"].search_count([("interface_id", "=", self.fhir.id)])
        self.send("POST", "", self.admission(), 200)
        messages = self.env["interop.message"].search([("interface_id", "=", self.fhir.id)])
        self.assertEqual(len(messages) - before, 1)
        self.assertEqual(messages[0].state, "done")

    def test_all_or_nothing(self):
        before = self.env["health.fhir.resource"].search_count([])
        wrong = self.admission()
        wrong["entry"].append(entry("PUT", "Patient/x1", self.patient("9", id="x1"), ifMatch='W/"7"'))
        self.outcome(self.ask("POST", "", wrong), 412, "conflict")
        self.assertFalse(self.env["health.encounter"].search([("number", "=", "V1"), ("authority", "=", "FT")]))
        self.assertEqual(self.env["health.fhir.resource"].search_count([]), before)
        invalid = self.admission()
        invalid["entry"][1]["resource"]["gender"] = "F"
        issue = self.outcome(self.ask("POST", "", invalid), 422, "code-invalid")
        self.assertEqual(issue["expression"], ["Bundle.entry[1].resource.gender"])

    def test_the_number_of_queries_does_not_grow_with_the_entries(self):
        def queries(count, offset):
            entries = []
            for number in range(offset, offset + count):
                patient = f"urn:uuid:11111111-1111-4111-8111-{number:012d}"
                entries.append(entry("POST", "Patient", self.patient(f"q{number}"), patient))
                entries.append(entry("POST", "Encounter", self.visit(patient, f"Q{number}")))
            before = self.env.cr.sql_log_count
            self.send("POST", "", bundle(*entries), 200)
            return self.env.cr.sql_log_count - before

        queries(1, 0)  # caches
        self.assertLessEqual(queries(40, 100), queries(2, 50) + 5)

    def test_order_of_effects_and_of_answers(self):
        kept = self.create({"resourceType": "Observation", "status": "final", "code": {"text": "a"}})
        answer = self.send(
            "POST",
            "",
            bundle(
                entry("GET", "Patient?identifier=https://mpi.example|44"),
                entry("PUT", "Patient/p44", self.patient("44", id="p44")),
                entry("DELETE", f"Observation/{kept['id']}"),
                entry("POST", "Patient", self.patient("45")),
            ),
            200,
        )
        self.assertEqual(
            [part["response"]["status"].split()[0] for part in answer["entry"]], ["200", "201", "204", "201"]
        )
        found = answer["entry"][0]["resource"]
        self.assertEqual([part["resource"]["id"] for part in found["entry"]], ["p44"])

    def test_absolute_urls_of_our_own(self):
        base = f"{self.base_url()}/fhir/r4/"
        patient = self.create(self.patient())["id"]
        visit = self.visit(f"{base}Patient/{patient}")
        answer = self.send("POST", "", bundle(entry("POST", f"{base}Encounter", visit)), 200)
        created = answer["entry"][0]["resource"]
        self.assertEqual(created["subject"]["reference"], f"{base}Patient/{patient}")
        self.assertEqual(self.record(created).account_id.family, "Everywoman")

    def test_conditions_inside(self):
        self.create(self.patient("60"))
        resource = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "weight"},
            "subject": {"reference": "Patient?identifier=https://mpi.example|60"},
        }
        first = bundle(
            entry("POST", "Patient", self.patient("60"), PATIENT, ifNoneExist="identifier=https://mpi.example|60"),
            entry("POST", "Observation", resource),
        )
        answer = self.send("POST", "", first, 200)
        self.assertEqual(answer["entry"][0]["response"]["status"], "200 OK")
        patient = answer["entry"][0]["response"]["location"].partition("/Patient/")[2].partition("/")[0]
        self.assertEqual(answer["entry"][1]["resource"]["subject"]["reference"], f"Patient/{patient}")
        resource["subject"]["reference"] = "Patient?identifier=https://mpi.example|nobody"
        self.outcome(self.ask("POST", "", bundle(entry("POST", "Observation", resource))), 412, "not-found")

    def test_one_identity_twice_is_refused(self):
        twice = bundle(
            entry("PUT", "Patient/a", self.patient("1", id="a")), entry("PUT", "Patient/a", self.patient("2", id="a"))
        )
        self.outcome(self.ask("POST", "", twice), 400, "duplicate")
        self.create(self.patient("1"))
        same = bundle(entry("POST", "Patient", self.patient("1")), entry("POST", "Patient", self.patient("1")))
        self.outcome(self.ask("POST", "", same), 400, "duplicate")

    def test_other_bundles_are_refused(self):
        self.outcome(self.ask("POST", "", bundle(kind="collection")), 400, "invalid", "Bundle.type")
        self.outcome(self.ask("POST", "", self.patient()), 400, "invalid")

    def test_too_many_entries(self):
        self.fhir.max_bundle = 2
        self.outcome(self.ask("POST", "", self.admission()), 413, "too-costly")

    def test_a_key_makes_it_happen_once(self):
        first = self.send("POST", "", self.admission(), 200, Idempotency_Key='"t1"')
        again = self.send("POST", "", self.admission(), 200, Idempotency_Key='"t1"')
        self.assertEqual(
            [part["response"]["location"] for part in first["entry"]],
            [part["response"]["location"] for part in again["entry"]],
        )

    def test_a_stored_transaction_can_be_replayed(self):
        answer = self.send("POST", "", self.admission(), 200)
        message = self.env["interop.message"].search([("interface_id", "=", self.fhir.id)], limit=1, order="id desc")
        self.env["health.fhir.handler"]._process(self.fhir, message)
        visit = answer["entry"][0]["resource"]
        self.assertEqual(
            self.env["health.encounter"].search_count([("number", "=", "V1"), ("authority", "=", "FT")]), 1
        )
        self.assertEqual(self.send("GET", f"Encounter/{visit['id']}", None, 200)["status"], "in-progress")


@tagged("post_install", "-at_install")
class TestBatch(FhirCase):
    def test_each_entry_by_itself(self):
        created = self.create(self.patient("1"))
        answer = self.send(
            "POST",
            "",
            bundle(
                entry("POST", "Patient", self.patient("2", gender="F")),
                entry("POST", "Patient", self.patient("3")),
                entry("GET", f"Patient/{created['id']}"),
                entry("GET", "Patient/nobody"),
                entry("DELETE", f"Patient/{created['id']}"),
                entry("GET", "Nonsense/1"),
                kind="batch",
            ),
            200,
        )
        self.assertEqual(answer["type"], "batch-response")
        self.assertEqual(
            [part["response"]["status"].split()[0] for part in answer["entry"]],
            ["422", "201", "200", "404", "405", "400"],
        )
        self.assertEqual(answer["entry"][0]["response"]["outcome"]["resourceType"], "OperationOutcome")
        self.assertEqual(answer["entry"][2]["resource"]["id"], created["id"])
