from odoo.tests import tagged

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestCreateAndRead(FhirCase):
    def test_a_created_patient_is_an_account_and_reads_back_as_sent(self):
        sent = self.patient(
            extension=[{"url": "http://x.example/weight", "valueDecimal": 71}],
            text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Eve</div>'},
            _birthDate={"extension": [{"url": "http://x.example/born", "valueString": "at noon"}]},
            maritalStatus={"text": "married"},
        )
        response = self.ask("POST", "Patient", sent)
        self.assertEqual(response.status_code, 201, response.text)
        created = response.json()
        self.assertEqual(response.headers["ETag"], 'W/"1"')
        self.assertTrue(response.headers["Location"].endswith(f"/fhir/r4/Patient/{created['id']}/_history/1"))
        self.assertIn("Last-Modified", response.headers)
        self.assertEqual(self.content(created), sent)
        self.assertEqual(self.content(self.send("GET", f"Patient/{created['id']}", None, 200)), sent)
        account = self.record(created)
        self.assertEqual((account.family, account.given, account.middle), ("Everywoman", "Eve", "E"))
        self.assertEqual((account.sex, str(account.birth_date)), ("female", "1961-06-15"))
        self.assertEqual(account.identifier_ids.mapped(lambda i: (i.authority, i.type, i.value)), [("MPI", "MR", "1")])

    def test_a_record_that_no_client_wrote_is_served(self):
        account = self.env["health.patient.account"].create({"family": "Screen", "company_id": self.fhir.company_id.id})
        read = self.send("GET", f"Patient/pat-{account.id}", None, 200)
        self.assertEqual(read["name"], [{"family": "Screen"}])
        self.assertEqual(read["meta"]["versionId"], "1")

    def test_a_change_by_another_road_shows_and_is_a_version(self):
        created = self.create(self.patient(maritalStatus={"text": "married"}))
        self.record(created).write({"family": "Changed"})
        response = self.ask("GET", f"Patient/{created['id']}")
        read = response.json()
        self.assertEqual(response.headers["ETag"], 'W/"2"')
        self.assertEqual(read["name"], [{"family": "Changed", "given": ["Eve", "E"]}])
        self.assertEqual(read["maritalStatus"], {"text": "married"})
        first = self.send("GET", f"Patient/{created['id']}/_history/1", None, 200)
        self.assertEqual(first["name"][0]["family"], "Everywoman")

    def test_the_id_and_meta_of_a_create_are_ignored(self):
        created = self.create(self.patient(id="mine", meta={"versionId": "9", "tag": [{"code": "t"}]}))
        self.assertNotEqual(created["id"], "mine")
        self.assertEqual(created["meta"]["versionId"], "1")
        self.assertEqual(created["meta"]["tag"], [{"code": "t"}])

    def test_what_is_unknown_is_not_found(self):
        self.outcome(self.ask("GET", "Patient/nobody"), 404, "not-found")
        self.outcome(self.ask("GET", "Patient/pat-2147483647"), 404, "not-found")
        self.outcome(self.ask("GET", "Medication1/x"), 404, "not-supported")
        self.outcome(self.ask("GET", "Patient/nobody/_history/1"), 404, "not-found")

    def test_not_modified(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        first = self.ask("GET", path)
        self.assertEqual(self.ask("GET", path, If_None_Match=first.headers["ETag"]).status_code, 304)
        self.assertEqual(self.ask("GET", path, If_None_Match='W/"7"').status_code, 200)
        later = "Fri, 01 Jan 2100 00:00:00 GMT"
        self.assertEqual(self.ask("GET", path, If_Modified_Since=later).status_code, 304)
        self.assertEqual(self.ask("GET", path, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status_code, 200)

    def test_conditional_create(self):
        condition = "identifier=https://mpi.example|77"
        first = self.create(self.patient("77"), If_None_Exist=condition)
        again = self.send("POST", "Patient", self.patient("77"), 200, If_None_Exist=condition)
        self.assertEqual(again["id"], first["id"])
        self.assertEqual(again["meta"]["versionId"], "1")

    def test_a_create_of_who_is_known_updates_that_patient(self):
        first = self.create(self.patient("5"))
        again = self.send("POST", "Patient", self.patient("5", name=[{"family": "Married"}]), 200)
        self.assertEqual((again["id"], again["meta"]["versionId"]), (first["id"], "2"))
        self.assertEqual(self.record(first).family, "Married")

    def test_prefer(self):
        minimal = self.ask("POST", "Patient", self.patient("1"), Prefer="return=minimal")
        self.assertEqual((minimal.status_code, minimal.content), (201, b""))
        self.assertIn("/_history/1", minimal.headers["Location"])
        told = self.send("POST", "Patient", self.patient("2"), 201, Prefer="return=OperationOutcome")
        self.assertEqual(told["resourceType"], "OperationOutcome")

    def test_an_idempotency_key_gives_the_first_answer_again(self):
        sent = self.patient()
        first = self.ask("POST", "Patient", sent, Idempotency_Key='"k1"')
        again = self.ask("POST", "Patient", sent, Idempotency_Key='"k1"')
        self.assertEqual((again.status_code, again.json()), (201, first.json()))
        self.assertEqual(again.headers["Location"], first.headers["Location"])
        other = self.ask("POST", "Patient", self.patient("other"), Idempotency_Key='"k1"')
        self.outcome(other, 422, "duplicate")


@tagged("post_install", "-at_install")
class TestUpdateAndDelete(FhirCase):
    def test_update_writes_the_record_and_a_version(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        changed = created | {"name": [{"family": "New", "given": ["Eve"]}]}
        response = self.ask("PUT", path, changed, If_Match='W/"1"')
        self.assertEqual((response.status_code, response.headers["ETag"]), (200, 'W/"2"'), response.text)
        account = self.record(created)
        self.assertEqual((account.family, account.middle), ("New", False))

    def test_what_an_update_leaves_out_is_deleted(self):
        created = self.create(self.patient(telecom=[{"system": "phone", "value": "1"}]))
        changed = {name: value for name, value in created.items() if name not in ("birthDate", "telecom")}
        read = self.send("PUT", f"Patient/{created['id']}", changed, 200)
        self.assertNotIn("birthDate", read)
        account = self.record(created)
        self.assertEqual((account.birth_date, account.phone), (False, False))

    def test_a_stale_etag_is_refused_and_changes_nothing(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        self.record(created).write({"family": "By HL7"})
        changed = created | {"gender": "male"}
        self.outcome(self.ask("PUT", path, changed, If_Match='W/"1"'), 412, "conflict", "http.If-Match")
        self.assertEqual(self.record(created).sex, "female")
        self.assertEqual(self.ask("PUT", path, changed, If_Match='W/"2"').status_code, 200)

    def test_the_id_must_be_that_of_the_url(self):
        created = self.create(self.patient())
        self.outcome(self.ask("PUT", f"Patient/{created['id']}", self.patient(id="other")), 400)
        self.outcome(self.ask("PUT", f"Patient/{created['id']}", self.patient()), 400)

    def test_a_client_may_choose_an_id(self):
        response = self.ask("PUT", "Patient/mine.1", self.patient(id="mine.1"))
        self.assertEqual(response.status_code, 201, response.text)
        self.assertEqual(self.send("GET", "Patient/mine.1", None, 200)["id"], "mine.1")
        self.assertEqual(self.ask("PUT", "Patient/mine.1", self.patient(id="mine.1")).status_code, 200)

    def test_ids_of_our_own_form_cannot_be_chosen(self):
        self.outcome(self.ask("PUT", "Patient/pat-99999999", self.patient(id="pat-99999999")), 404, "not-found")

    def test_if_none_match_star_only_creates(self):
        self.assertEqual(self.ask("PUT", "Patient/a1", self.patient(id="a1"), If_None_Match="*").status_code, 201)
        self.outcome(self.ask("PUT", "Patient/a1", self.patient(id="a1"), If_None_Match="*"), 412, "conflict")

    def test_conditional_update(self):
        path = "Patient?identifier=https://mpi.example|8"
        first = self.send("PUT", path, self.patient("8"), 201)
        again = self.send("PUT", path, self.patient("8", gender="male"), 200)
        self.assertEqual((again["id"], again["gender"]), (first["id"], "male"))
        self.outcome(self.ask("PUT", path, self.patient("8", id="other")), 400)
        self.outcome(self.ask("PUT", "Patient", self.patient("8")), 400)

    def test_conditional_update_of_several_is_refused(self):
        for number in ("21", "22"):
            self.create(self.patient(number, name=[{"family": "Twin"}]))
        response = self.ask("PUT", "Patient?family=Twin", self.patient("23"))
        self.outcome(response, 412, "multiple-matches")

    def test_patients_and_visits_are_not_deleted(self):
        created = self.create(self.patient())
        response = self.ask("DELETE", f"Patient/{created['id']}")
        self.outcome(response, 405, "not-supported")
        self.assertTrue(self.record(created).exists())

    def test_an_identifier_that_finds_patients_is_not_taken_away(self):
        created = self.create(self.patient("1"))
        other = created | {"identifier": [{"system": "https://other.example", "value": "x"}]}
        read = self.send("PUT", f"Patient/{created['id']}", other, 200)
        self.assertEqual([entry["value"] for entry in read["identifier"]], ["x", "1"])

    def test_a_merged_patient_leads_to_the_other(self):
        prior, survivor = self.create(self.patient("1")), self.create(self.patient("2"))
        accounts = self.record(survivor) | self.record(prior)
        self.env["health.intake"].sudo()._merge_accounts(accounts[0], accounts[1])
        read = self.send("GET", f"Patient/{prior['id']}", None, 200)
        link = {"other": {"reference": f"Patient/{survivor['id']}"}, "type": "replaced-by"}
        self.assertEqual((read["active"], read["link"]), (False, [link]))
        issue = self.outcome(self.ask("PUT", f"Patient/{prior['id']}", prior), 422, "business-rule", "Patient.id")
        self.assertIn(survivor["id"], issue["diagnostics"])
        visit = self.create(self.visit(prior["id"]))
        self.assertEqual(self.record(visit).account_id, accounts[0])

    def test_what_another_system_owns_keeps_its_value(self):
        owner = self.env["interop.system"].create({"name": "MPI", "code": "MPIX", "kind": "ehr"})
        created = self.create(self.patient())
        self.env["interop.authority"].create(
            {
                "model_id": self.env["ir.model"]._get_id("health.patient.account"),
                "field_names": "family",
                "system_id": owner.id,
                "policy": "ignore",
            }
        )
        changed = created | {"name": [{"family": "Usurper", "given": ["Eve", "E"]}], "gender": "male"}
        read = self.send("PUT", f"Patient/{created['id']}", changed, 200)
        self.assertEqual((read["name"][0]["family"], read["gender"]), ("Everywoman", "male"))
        told = self.send("PUT", f"Patient/{created['id']}", changed, 200, Prefer="return=OperationOutcome")
        self.assertEqual(told["issue"][0]["expression"], ["Patient.name"])

    def test_behind_a_write_that_waits_the_next_waits_too(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        owner = self.env["interop.system"].create({"name": "MPI", "code": "MPIX", "kind": "ehr"})
        rule = self.env["interop.authority"].create(
            {
                "model_id": self.env["ir.model"]._get_id("health.patient.account"),
                "field_names": "sex",
                "system_id": owner.id,
                "policy": "refuse",
            }
        )
        changed = created | {"gender": "male"}
        self.outcome(self.ask("PUT", path, changed), 202, "informational")
        rule.unlink()
        self.outcome(self.ask("PUT", path, changed), 202, "informational")
        self.assertEqual(self.record(created).sex, "female")
        messages = self.env["interop.message"].search([("interface_id", "=", self.fhir.id)], order="id desc", limit=2)
        self.assertEqual(messages.mapped("state"), ["received", "quarantined"])


@tagged("post_install", "-at_install")
class TestHistory(FhirCase):
    def test_history_lists_every_version_newest_first(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        self.send("PUT", path, created | {"gender": "male"}, 200)
        self.record(created).write({"family": "By hand"})
        bundle = self.send("GET", f"{path}/_history", None, 200)
        self.assertEqual((bundle["type"], bundle["total"]), ("history", 3))
        self.assertEqual([entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]], ["3", "2", "1"])
        self.assertEqual(bundle["entry"][2]["response"]["status"], "201 Created")

    def test_history_in_pages(self):
        created = self.create(self.patient())
        path = f"Patient/{created['id']}"
        self.send("PUT", path, created | {"gender": "male"}, 200)
        bundle = self.send("GET", f"{path}/_history?_count=1", None, 200)
        following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
        bundle = self.send("GET", following.partition("/fhir/r4/")[2], None, 200)
        self.assertEqual([entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]], ["1"])
        self.assertNotIn("next", [link["relation"] for link in bundle["link"]])
        future = self.send("GET", f"{path}/_history?_since=2100-01-01T00:00:00Z", None, 200)
        self.assertNotIn("entry", future)
        self.outcome(self.ask("GET", f"{path}/_history?_since=yesterday"), 400, "invalid", "http._since")
