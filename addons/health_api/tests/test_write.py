from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestCommands(ApiCase):
    """Patients, insurance, visits and charges go the way of every message."""

    def test_a_patient_is_registered_by_a_message(self):
        body = {
            "facility": self.token(self.facility),
            "identifiers": [{"authority": "PARTNER", "type": "MR", "value": "X1"}],
            "family": "Ahlgren",
            "birth_date": "1984-05-17",
        }
        answer = self.post("patient-accounts", body)
        self.assertEqual(answer.status_code, 201, answer.text)
        account = self.account("X1", authority="PARTNER")
        self.assertEqual(answer.json()["id"], self.token(account))
        self.assertEqual(answer.headers["Location"], f"/interop/v1/patient-accounts/{self.token(account)}")
        self.assertEqual((account.family, str(account.birth_date)), ("Ahlgren", "1984-05-17"))
        message = self.env["interop.link"]._messages(account)
        self.assertEqual((message.uuid, message.state), (answer.headers["Interop-Message"], "done"))
        self.assertEqual(message.interface_id, self.rest)
        self.assertNotIn("Ahlgren", str(message.read()))

    def test_the_same_patient_again_is_a_change(self):
        body = {
            "facility": self.token(self.facility),
            "identifiers": [{"authority": "PARTNER", "value": "X1"}],
            "family": "One",
        }
        first = self.post("patient-accounts", body)
        again = self.post("patient-accounts", {**body, "family": "Two"})
        self.assertEqual((first.status_code, again.status_code), (201, 200))
        self.assertEqual(first.json()["id"], again.json()["id"])
        self.assertEqual(again.json()["data"]["family"], "Two")

    def test_null_clears_and_silence_leaves(self):
        path = f"patient-accounts/{self.token(self.v1.account_id)}"
        self.assertEqual(
            self.change(path, {"city": "Northfield", "sex": "female"}).json()["data"]["city"], "Northfield"
        )
        data = self.change(path, {"city": None}).json()["data"]
        self.assertEqual((data["city"], data["sex"], data["family"]), (None, "female", "Ahlgren"))

    def test_a_change_leaves_the_patient_with_its_company(self):
        account = self.v1.account_id
        self.foreign.code_ids.copy({"facility_id": self.foreign.id, "code": "AAA"})
        self.assertEqual(self.change(f"patient-accounts/{self.token(account)}", {"city": "X"}).status_code, 200)
        account.invalidate_recordset()
        self.assertEqual(account.company_id, self.env.company)

    def test_a_visit_is_admitted_and_discharged(self):
        body = {
            "facility": self.token(self.facility),
            "account": self.token(self.v1.account_id),
            "number": "N1",
            "event": "admit",
            "visit_class": "inpatient",
            "admitted_at": "2026-03-02T08:15:00+02:00",
            "point_of_care": {"unit": "4W", "room": "12"},
            "attending": {"value": "D1", "family": "Okonedo"},
            "diagnoses": [{"code": "I10"}],
        }
        data = self.post("encounters", body).json()["data"]
        self.assertEqual((data["status"], data["admitted_at"]), ("in_progress", "2026-03-02T06:15:00Z"))
        self.assertEqual(data["location"], self.token(self.ward))
        self.assertEqual([d["code"] for d in data["diagnoses"]], ["I10"])
        visit = self.encounter("N1")
        self.assertEqual(visit.account_id, self.v1.account_id)
        done = self.change(f"encounters/{data['id']}", {"event": "discharge", "discharged_at": "2026-03-04T11:00:00Z"})
        self.assertEqual(done.json()["data"]["status"], "finished")
        self.assertProblem(self.post("encounters", body), 409, "exists")

    def test_a_coverage_waits_for_its_payer_code(self):
        body = {"facility": self.token(self.facility), "account": self.token(self.v1.account_id), "member_id": "M9"}
        known = self.post("coverages", {**body, "source_payer_code": "EVG01"}).json()["data"]
        self.assertEqual((known["state"], known["payer"]), ("active", self.token(self.payer)))
        unknown = self.post("coverages", {**body, "source_payer_code": "NEW"}).json()["data"]
        self.assertEqual((unknown["state"], unknown["payer"]), ("quarantined", None))

    def test_a_charge_is_captured_amended_and_credited(self):
        body = {
            "facility": self.token(self.facility),
            "encounter": self.token(self.v1),
            "transaction": "T1",
            "source_service_code": "S1",
            "service_date": "2025-03-04",
            "amount": "125.10",
        }
        first = self.post("charges", body)
        self.assertEqual((first.status_code, first.json()["data"]["amount"]), (201, "125.1"))
        amended = self.post("charges", {**body, "amount": "130"})
        self.assertEqual(amended.json()["id"], first.json()["id"])
        self.assertEqual(amended.json()["data"]["amount"], "130")
        credited = self.post("charges", {**body, "action": "credit"})
        self.assertEqual(credited.json()["data"]["state"], "reversed")
        body["facility"] = self.token(self.second)
        self.assertProblem(self.post("charges", {**body, "transaction": "T2"}), 422, "facility")

    def test_a_system_without_a_code_for_the_facility_is_told(self):
        self.facility.code_ids.unlink()
        body = {"facility": self.token(self.facility), "identifiers": [{"authority": "P", "value": "X"}]}
        document = self.assertProblem(self.post("patient-accounts", body), 422, "facility.code")
        self.assertEqual(document["errors"][0]["pointer"], "/facility")


@tagged("post_install", "-at_install")
class TestMasterData(ApiCase):
    def test_a_payer_is_created_changed_and_archived(self):
        answer = self.post("payers", {"code": "EXM", "name": "Example Mutual", "patient_share": 12.5})
        self.assertEqual(answer.status_code, 201, answer.text)
        payer = self.env["health.payer"].search([("code", "=", "EXM")])
        self.assertEqual((payer.partner_id.name, payer.patient_share), ("Example Mutual", 12.5))
        self.assertEqual(payer.company_id, self.rest.company_id)
        path = f"payers/{answer.json()['id']}"
        self.assertFalse(self.change(path, {"active": False}).json()["data"]["active"])
        self.assertProblem(self.post("payers", {"code": "EXM", "name": "Again"}), 409, "exists")

    def test_each_kind_of_master_data_is_created(self):
        plan = self.env["account.analytic.plan"].search([], limit=1)
        bodies = {
            "services": {"code": "EX1", "name": "X-ray", "list_price": "180.50"},
            "service-mappings": {"code": "EX1"},
            "location-mappings": {"code": "EX1", "location": self.token(self.ward)},
            "practitioners": {"family": "Okonedo", "npi": "1990009991"},
            "locations": {"facility": self.token(self.facility), "code": "EX1", "name": "Ward"},
            "suppliers": {"code": "EX1", "name": "Supplier"},
            "cost-centers": {"code": "EX1", "name": "Center", "dimension": self.token(plan)},
        }
        for name, body in bodies.items():
            answer = self.post(name, body)
            self.assertEqual(answer.status_code, 201, (name, answer.text))
            data = answer.json()["data"]
            self.assertEqual(
                {key: data[key] for key in body if key != "list_price"},
                {k: v for k, v in body.items() if k != "list_price"},
            )

    def test_a_proposal_for_a_known_code_is_a_new_version(self):
        first = self.post("service-mappings", {"code": "EX1"}).json()["data"]
        second = self.post("service-mappings", {"code": "EX1"}).json()["data"]
        self.assertEqual((first["version"], second["version"], second["state"]), (1, 2, "draft"))

    def test_a_facility_is_renamed_but_not_created(self):
        self.assertProblem(self.post("facilities", {}), 405, "method")
        answer = self.change(f"facilities/{self.token(self.facility)}", {"name": "General"})
        self.assertEqual(answer.json()["data"]["name"], "General")

    def test_what_the_model_refuses_is_a_problem(self):
        document = self.assertProblem(
            self.post("payers", {"code": "EXM", "name": "x", "patient_share": 101}), 422, "body.content"
        )
        self.assertEqual(document["errors"][0]["pointer"], "/patient_share")


@tagged("post_install", "-at_install")
class TestAuthority(ApiCase):
    """Rules of ownership decide per field, and the answer says so."""

    def own(self, model, names, policy, system=None):
        owner = system or self.env["interop.system"].create({"name": "Owner", "code": f"OWN{policy}"})
        return self.env["interop.authority"].create(
            {
                "model_id": self.env["ir.model"]._get(model).id,
                "field_names": names,
                "system_id": owner.id,
                "policy": policy,
            }
        )

    def test_a_field_of_another_system_is_ignored_or_flagged(self):
        for policy, decision in (("ignore", "ignored"), ("flag", "flagged")):
            rule = self.own("health.payer", "name", policy)
            answer = self.change(f"payers/{self.token(self.payer)}", {"name": "Other", "patient_share": 7})
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertEqual(answer.json()["authority"], [{"pointer": "/name", "decision": decision}])
            self.assertEqual(answer.json()["data"]["name"], "Evergreen")
            self.assertEqual(answer.json()["data"]["patient_share"], 7)
            rule.unlink()
        self.assertEqual(self.env["interop.authority.conflict"].search_count([("res_model", "=", "health.payer")]), 1)

    def test_a_refused_field_refuses_the_whole_write(self):
        self.own("health.payer", "name", "refuse")
        answer = self.change(f"payers/{self.token(self.payer)}", {"name": "Other", "patient_share": 7})
        document = self.assertProblem(answer, 409, "authority.refused")
        self.assertEqual(document["errors"][0]["pointer"], "/name")
        self.payer.invalidate_recordset()
        self.assertEqual((self.payer.name, self.payer.patient_share), ("Evergreen", 0))

    def test_equal_values_are_no_conflict(self):
        self.own("health.payer", "name", "refuse")
        answer = self.change(f"payers/{self.token(self.payer)}", {"name": "Evergreen", "patient_share": 7})
        self.assertEqual((answer.status_code, answer.json()["authority"]), (200, []))

    def test_records_that_others_create_are_refused(self):
        self.own("health.payer", "", "refuse")
        self.assertProblem(self.post("payers", {"code": "EXM", "name": "x"}), 409, "authority.refused")

    def test_the_owner_writes(self):
        self.own("health.payer", "name", "refuse", system=self.system)
        answer = self.change(f"payers/{self.token(self.payer)}", {"name": "Other"})
        self.assertEqual(answer.json()["data"]["name"], "Other")

    def test_the_same_holds_for_patients_and_visits(self):
        self.own("health.patient.account", "family", "flag")
        answer = self.change(f"patient-accounts/{self.token(self.v1.account_id)}", {"family": "Else", "city": "Here"})
        self.assertEqual(answer.json()["authority"], [{"pointer": "/family", "decision": "flagged"}])
        self.assertEqual((answer.json()["data"]["family"], answer.json()["data"]["city"]), ("Ahlgren", "Here"))
        self.own("health.encounter", "class_code", "refuse")
        answer = self.change(f"encounters/{self.token(self.v1)}", {"visit_class": "emergency"})
        self.assertEqual(self.assertProblem(answer, 409, "authority.refused")["errors"][0]["pointer"], "/visit_class")
