from odoo.tests import tagged

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestConditions(ApiCase):
    def test_a_change_needs_the_tag_of_what_was_read(self):
        path = f"payers/{self.token(self.payer)}"
        tag = self.get(path).headers["ETag"]
        self.assertProblem(self.call("PATCH", path, {"patient_share": 1}), 428, "precondition.missing")
        changed = self.call("PATCH", path, {"patient_share": 1}, headers={"If-Match": tag})
        self.assertEqual(changed.status_code, 200, changed.text)
        self.assertProblem(
            self.call("PATCH", path, {"patient_share": 2}, headers={"If-Match": tag}), 412, "precondition"
        )
        self.assertProblem(
            self.call("PATCH", path, {"patient_share": 2}, headers={"If-Match": f"W/{changed.headers['ETag']}"}),
            412, "precondition",
        )  # fmt: skip
        self.assertEqual(self.get(path).headers["ETag"], changed.headers["ETag"])
        again = self.call("PATCH", path, {"patient_share": 2}, headers={"If-Match": changed.headers["ETag"]})
        self.assertEqual(again.json()["data"]["patient_share"], 2)
        self.assertEqual(self.call("PATCH", path, {"patient_share": 3}, headers={"If-Match": "*"}).status_code, 200)

    def test_a_repeated_creation_has_one_effect_and_the_same_answer(self):
        body, key = {"code": "EXM", "name": "Example"}, {"Idempotency-Key": '"k-1"'}
        first, again = self.post("payers", body, headers=key), self.post("payers", body, headers=key)
        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(first.json(), again.json())
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(first.headers["Interop-Message"], again.headers["Interop-Message"])
        self.assertEqual(self.env["health.payer"].search_count([("code", "=", "EXM")]), 1)

    def test_the_same_key_with_another_body_is_refused(self):
        key = {"Idempotency-Key": '"k-1"'}
        self.post("payers", {"code": "EXM", "name": "Example"}, headers=key)
        other = self.post("payers", {"code": "EXN", "name": "Example"}, headers=key)
        self.assertProblem(other, 422, "idempotency.conflict")
        self.assertFalse(self.env["health.payer"].search_count([("code", "=", "EXN")]))

    def test_keys_are_apart_by_account_and_resource(self):
        key = {"Idempotency-Key": '"k-1"'}
        self.assertEqual(self.post("payers", {"code": "A1", "name": "A"}, headers=key).status_code, 201)
        self.assertEqual(self.post("services", {"code": "A1", "name": "A"}, headers=key).status_code, 201)
        other = self.post("payers", {"code": "A2", "name": "A"}, headers=key, client="no-phi")
        self.assertEqual(other.status_code, 201)

    def test_a_repeated_change_is_answered_though_its_tag_is_old(self):
        path = f"payers/{self.token(self.payer)}"
        headers = {"If-Match": self.get(path).headers["ETag"], "Idempotency-Key": '"k-2"'}
        self.assertEqual(self.call("PATCH", path, {"patient_share": 1}, headers=headers).status_code, 200)
        again = self.call("PATCH", path, {"patient_share": 1}, headers=headers)
        self.assertEqual((again.status_code, again.headers["Idempotency-Replayed"]), (200, "true"))
        self.assertProblem(self.call("PATCH", path, {"patient_share": 2}, headers=headers), 412, "precondition")

    def test_a_refusal_is_repeated_as_well(self):
        self.post("payers", {"code": "EXM", "name": "Example"})
        key = {"Idempotency-Key": '"k-3"'}
        for _n in range(2):
            self.assertProblem(self.post("payers", {"code": "EXM", "name": "x"}, headers=key), 409, "exists")

    def test_bad_keys_are_refused(self):
        for key in ('""', '"' + "x" * 256 + '"', 'a"b', '"é"'.encode()):
            answer = self.post("payers", {"code": "EXM", "name": "x"}, headers={"Idempotency-Key": key})
            self.assertProblem(answer, 400, "idempotency.key")

    def test_the_representation_is_left_out_when_that_is_preferred(self):
        minimal = {"Prefer": "return=minimal"}
        created = self.post("payers", {"code": "EXM", "name": "x"}, headers=minimal)
        self.assertEqual((created.status_code, set(created.json())), (201, {"id", "created", "authority"}))
        self.assertEqual(created.headers["Preference-Applied"], "return=minimal")
        changed = self.change(created.headers["Location"].removeprefix("/interop/v1/"), {"name": "y"}, headers=minimal)
        self.assertEqual((changed.status_code, changed.content), (204, b""))
        self.assertIn("ETag", changed.headers)
        self.assertNotIn("Content-Type", changed.headers)

    def test_who_may_write_but_not_read_gets_no_representation(self):
        self.make_partner("writer", "interop/payer.write interop/payer.phi")
        answer = self.post("payers", {"code": "EXM", "name": "x"}, client="writer")
        self.assertEqual(answer.status_code, 201)
        self.assertNotIn("data", answer.json())

    def test_errors_point_to_their_place(self):
        body = {"facility": self.token(self.facility), "identifiers": [{"authority": "A"}], "sex": "x", "a/b": 1}
        document = self.assertProblem(self.post("patient-accounts", body), 422, "body.content")
        pointers = {error["pointer"] for error in document["errors"]}
        self.assertLessEqual({"/identifiers/0/value", "/sex", "/a~1b"}, pointers)
        self.assertProblem(
            self.post("payers", b"[1]", headers={"Content-Type": "application/json"}), 422, "body.object"
        )
        self.assertProblem(self.post("payers", b"{", headers={"Content-Type": "application/json"}), 400, "json.syntax")
        self.assertProblem(self.post("payers", b"{}", headers={"Content-Type": "text/plain"}), 415, "body.type")

    def test_what_a_person_must_decide_is_taken_in(self):
        one = {"authority": "P", "value": "A"}
        two = {"authority": "P", "value": "B"}
        base = {"facility": self.token(self.facility)}
        for identifier in (one, two):
            self.post("patient-accounts", {**base, "identifiers": [identifier]})
        both = self.post("patient-accounts", {**base, "identifiers": [one, two]})
        self.assertEqual((both.status_code, both.json()["state"]), (202, "quarantined"))
        state = self.url_open(both.headers["Location"], headers=self.basic("partner"))
        self.assertEqual(state.json()["state"], "quarantined")
