from odoo.tests import tagged

from odoo.addons.interop_api.rest import query, reader
from odoo.addons.interop_api.rest.resource import REGISTRY, installed

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestRead(ApiCase):
    def test_a_record_has_its_fields_in_the_words_of_the_schema(self):
        record = self.get(f"encounters/{self.token(self.v1)}").json()
        self.assertEqual(record["number"], "V1")
        self.assertEqual(record["status"], "in_progress")
        self.assertEqual(record["admitted_at"], "2025-03-04T12:00:00Z")
        self.assertEqual(record["facility"], self.token(self.facility))
        self.assertEqual(record["facility_code"], "GH")
        self.assertEqual(record["account"], self.token(self.v1.account_id))
        self.assertIsNone(record["discharged_at"])
        self.assertEqual(record["diagnoses"], [])

    def test_every_resource_lists_all_its_fields(self):
        for name, resource in installed(self.env).items():
            question = query.Question(tuple(resource.fields()), limit=2)
            for record in reader.read_page(self.env, resource, question).records:
                resource.read.model_validate(record)
                self.assertEqual(list(record), ["id", *resource.fields()], name)

    def test_rows_of_a_record_come_in_order_and_to_their_own(self):
        self.apply(
            self.visit(
                "update",
                "V1",
                ("1",),
                minutes=5,
                diagnoses=[{"sequence": 2, "code": "B"}, {"sequence": 1, "code": "A"}],
            ),
            self.visit("update", "V2", ("2",), minutes=5, facility="SECOND", diagnoses=[{"code": "C"}]),
        )
        rows = {row["id"]: [d["code"] for d in row["diagnoses"]] for row in self.found("encounters?fields=diagnoses")}
        self.assertEqual(rows[self.token(self.v1)], ["A", "B"])
        self.assertEqual(rows[self.token(self.v2)], ["C"])

    def test_a_page_costs_the_same_number_of_queries_whatever_its_size(self):
        resource = REGISTRY["encounters"]
        env = self.env(user=self.partner.user_id.id, su=False, context={})
        question = query.Question(tuple(resource.fields()), limit=1)
        reader.read_page(env, resource, question)
        with self.assertQueryCount(3):  # visits, coverages, diagnoses
            reader.read_page(env, resource, question)
        question.limit = 500
        with self.assertQueryCount(3):
            reader.read_page(env, resource, question)

    def test_fields_are_those_that_are_asked_for(self):
        row = self.found("encounters?fields=status,facility_code&limit=1")[0]
        self.assertEqual(list(row), ["id", "status", "facility_code"])
        record = self.get(f"encounters/{self.token(self.v1)}?fields=status").json()
        self.assertEqual(record, {"id": self.token(self.v1), "status": "in_progress"})
        self.assertProblem(self.get("encounters?fields=nothing"), 400, "parameters")

    def test_pages_follow_each_other_without_gap_or_repetition(self):
        self.apply(*[self.visit("admit", f"P{n}", (f"p{n}",)) for n in range(7)])
        expected = [row["id"] for row in self.found("encounters?limit=500")]
        for extra in ("", "&updated_since=2020-01-01T00:00:00Z"):
            seen, path = [], f"/interop/v1/encounters?limit=2&fields=status{extra}"
            while path:
                response = self.url_open(path, headers=self.basic("partner"))
                seen += [row["id"] for row in response.json()["data"]]
                link = response.headers.get("Link", "")
                self.assertEqual(bool(link), bool(response.json()["next_cursor"]))
                path = link.split(">")[0].removeprefix("<") if link else ""
            self.assertEqual(len(seen), len(set(seen)))
            self.assertEqual(set(seen), set(expected))
        self.assertEqual(seen[-1] in {self.token(self.v1)}, False)

    def test_new_records_do_not_move_those_of_a_page(self):
        first = self.get("encounters?limit=1").json()
        self.apply(self.visit("admit", "LATER", ("later",)))
        second = self.get(f"encounters?limit=1&cursor={first['next_cursor']}").json()
        self.assertNotEqual(second["data"][0]["id"], first["data"][0]["id"])
        self.assertNotIn(self.token(self.encounter("LATER")), [row["id"] for row in second["data"]])

    def test_filters(self):
        self.apply(self.visit("discharge", "V2", ("2",), minutes=60, facility="SECOND"))
        mine = {self.token(self.v1): "V1", self.token(self.v2): "V2"}

        def numbers(query_text):
            return {mine[row["id"]] for row in self.found(f"encounters?limit=500&{query_text}") if row["id"] in mine}

        self.assertEqual(numbers("status=finished"), {"V2"})
        self.assertEqual(numbers("status.in=finished,in_progress"), {"V1", "V2"})
        self.assertEqual(numbers("facility_code=GH"), {"V1"})
        self.assertEqual(numbers(f"facility={self.token(self.second)}"), {"V2"})
        self.assertEqual(numbers(f"account.in={self.token(self.v1.account_id)}"), {"V1"})
        self.assertEqual(numbers("facility=nonsense"), set())
        body = {"admitted_at.gte": "2025-03-04T11:00:00Z", "admitted_at.lt": "2025-03-04T13:00:00+01:00"}
        self.assertEqual(self.post("encounters/$search", body).json()["data"], [])
        body["admitted_at.lt"] = "2025-03-04T13:00:01+01:00"
        self.assertIn(self.token(self.v1), [row["id"] for row in self.post("encounters/$search", body).json()["data"]])
        rows = self.post("patient-accounts/$search", {"identifier": "1"}).json()["data"]
        self.assertIn(self.token(self.v1.account_id), [row["id"] for row in rows])

    def test_bad_filters_are_named(self):
        for text in (
            "status=bogus",
            "bogus=1",
            "status=planned&status=planned",
            "updated_since=yesterday",
            "status.gte=a",
        ):
            document = self.assertProblem(self.get(f"encounters?{text}"), 400, "parameters")
            self.assertEqual(document["errors"][0]["parameter"], text.split("=")[0])

    def test_unknown_parameters_are_ignored_when_that_is_preferred(self):
        answer = self.get("encounters?bogus=1", headers={"Prefer": "handling=lenient"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Preference-Applied"], "handling=lenient")

    def test_who_follows_changes_sees_what_was_archived(self):
        self.payer.active = False
        self.env.flush_all()
        token = self.token(self.payer)
        self.assertNotIn(token, [row["id"] for row in self.found("payers?limit=500")])
        changed = self.found("payers?limit=500&updated_since=2020-01-01T00:00:00Z")
        self.assertIn((token, False), [(row["id"], row["active"]) for row in changed])
        self.assertEqual(self.found("payers?limit=500&updated_since=2100-01-01T00:00:00Z"), [])

    def test_money_is_exact(self):
        service = self.env["health.service"].create({"code": "T-1", "name": "Test", "list_price": 180.1})
        self.assertEqual(self.get(f"services/{self.token(service)}").json()["list_price"], "180.1")

    def test_unchanged_answers_are_not_sent_again(self):
        for path in (f"encounters/{self.token(self.v1)}", "encounters?limit=1"):
            tag = self.get(path).headers["ETag"]
            again = self.get(path, headers={"If-None-Match": f'"other", {tag}'})
            self.assertEqual((again.status_code, again.content), (304, b""))
            self.assertEqual(again.headers["ETag"], tag)
            self.assertEqual(self.get(path, headers={"If-None-Match": '"other"'}).status_code, 200)

    def test_long_answers_are_compressed_for_who_takes_that(self):
        self.apply(*[self.visit("admit", f"Z{n}", (f"z{n}",)) for n in range(10)])
        path = "encounters?limit=10"
        packed = self.get(path, headers={"Accept-Encoding": "gzip"})
        plain = self.get(path, headers={"Accept-Encoding": "identity"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertLess(int(packed.headers["Content-Length"]), len(plain.content) / 2)
        self.assertEqual(packed.json()["data"], plain.json()["data"])
        tag = self.get(path, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
        self.assertTrue(tag.endswith('-gzip"'))
        self.assertEqual(self.get(path, headers={"If-None-Match": tag}).status_code, 304)
        self.assertNotIn("Content-Encoding", self.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers)

    def test_what_is_nowhere_is_told_in_the_apis_own_way(self):
        self.assertProblem(self.get("nothing"), 404, "route")
        self.assertProblem(self.get(f"nothing/{'0' * 32}"), 404, "route")
        self.assertProblem(self.get("encounters/what-is-this"), 404, "record")
        self.assertProblem(self.url_open("/interop/v1/encounters"), 401, "auth.missing")
