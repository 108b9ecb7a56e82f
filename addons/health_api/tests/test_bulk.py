import json
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import ApiCase

NDJSON = {"Content-Type": "application/x-ndjson"}


@tagged("post_install", "-at_install")
class TestImport(ApiCase):
    def bulk(self, name, *lines, client="partner", **headers):
        body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        return self.post(f"{name}/$bulk", body, client=client, headers={**NDJSON, **headers})

    def test_each_line_is_a_message_with_a_result(self):
        self.env["health.payer"].create({"name": "Known", "code": "B2", "partner_id": self.payer.partner_id.id})
        answer = self.bulk(
            "payers", {"code": "B1", "name": "One"}, {"code": "B2", "name": "Two"}, {"code": "B3"}, b"{no json",
            {"code": "B4", "name": "Four", "state": "x"},
        )  # fmt: skip
        self.assertEqual(answer.status_code, 202, answer.text)
        self.assertEqual(answer.json()["lines"], {"done": 0, "refused": 3, "person": 0, "waiting": 2})
        self.drain()
        job = self.get(answer.headers["Location"].removeprefix("/interop/v1/")).json()
        self.assertEqual((job["state"], job["lines"]["done"]), ("done", 2))
        results = [json.loads(line) for line in self.get(f"jobs/{job['job']}/results").text.splitlines()]
        self.assertEqual([row["line"] for row in results], [1, 2, 3, 4, 5])
        self.assertEqual([row["state"] for row in results], ["done", "done", "refused", "refused", "refused"])
        self.assertEqual([row.get("created") for row in results[:2]], [True, False])
        self.assertEqual(results[2]["errors"][0]["pointer"], "/name")
        record = self.env["interop.rest.job"].search([("token", "=", job["job"])])
        self.assertEqual(record.progress, "done")
        self.assertIn("/name: Field required", record.line_ids[2].reason)
        payers = self.env["health.payer"].search([("code", "in", ("B1", "B2"))])
        self.assertEqual(sorted(payers.mapped("name")), ["One", "Two"])

    def test_a_key_that_comes_twice_is_created_and_changed(self):
        lines = [{"code": "B1", "name": name} for name in ("One", "Two", "Three")]
        job = self.bulk("payers", *lines).json()["job"]
        self.drain()
        results = [json.loads(line) for line in self.get(f"jobs/{job}/results").text.splitlines()]
        self.assertEqual([row.get("created") for row in results], [True, False, False])
        self.assertEqual(self.env["health.payer"].search([("code", "=", "B1")]).name, "Three")

    def test_lines_prefer_a_batch_lane(self):
        lane = self.env["interop.lane"].create({"name": "Bulk", "code": "bulk", "latency_class": "batch"})
        batch = self.make_interface("test-rest-batch", handler="interop.rest.handler", lane_id=lane.id)
        self.partner.interface_ids |= batch
        self.bulk("payers", {"code": "B1", "name": "One"})
        message = self.env["interop.message"].search([("interface_id", "=", batch.id)])
        self.assertEqual(message.lane_id, lane)
        self.post("payers", {"code": "B2", "name": "Two"})
        self.assertEqual(self.env["interop.message"].search_count([("interface_id", "=", batch.id)]), 1)

    def test_what_is_sent_twice_with_its_key_has_one_effect(self):
        first = self.bulk("payers", {"code": "B1", "name": "One"}, **{"Idempotency-Key": '"b"'})
        again = self.bulk("payers", {"code": "B1", "name": "One"}, **{"Idempotency-Key": '"b"'})
        uuids = [
            json.loads(self.get(f"jobs/{answer.json()['job']}/results").text)["message"] for answer in (first, again)
        ]
        self.assertEqual(uuids[0], uuids[1])

    def test_lines_see_only_what_their_sender_sees(self):
        line = {"facility": self.token(self.second), "code": "B1", "name": "Ward"}
        job = self.bulk("locations", line, client="one-facility").json()["job"]
        self.drain()
        result = json.loads(self.get(f"jobs/{job}/results", client="one-facility").text)
        self.assertEqual((result["state"], result["errors"][0]["code"]), ("rejected", "reference"))

    def test_visits_and_their_charges_arrive_as_sets(self):
        account = self.token(self.v1.account_id)
        lines = [
            {"facility": self.token(self.facility), "account": account, "number": f"B{n}", "event": "admit"}
            for n in range(20)
        ]
        job = self.bulk("encounters", *lines).json()["job"]
        self.drain()
        self.assertEqual(self.get(f"jobs/{job}").json()["lines"]["done"], 20)
        self.assertEqual(
            self.env["health.encounter"].search_count([("number", "=like", "B%"), ("authority", "=", "GH")]), 20
        )

    def test_bodies_that_are_no_lines_are_refused(self):
        self.assertProblem(self.bulk("payers", b"\n\n"), 400, "body.empty")
        self.assertProblem(
            self.post("payers/$bulk", b"{}", headers={"Content-Type": "application/json"}), 415, "body.type"
        )
        self.assertProblem(self.bulk("payments", b"{}"), 405, "method")


@tagged("post_install", "-at_install")
class TestExport(ApiCase):
    def export(self, name="encounters", body=None, client="partner"):
        answer = self.post(f"{name}/$export", body, client=client)
        self.assertEqual(answer.status_code, 202, answer.text)
        return answer.json()["job"]

    def run_exports(self):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            for _n in range(5):
                self.env(cr=cr)["interop.rest.job"]._run_exports()

    def rows(self, job, client="partner"):
        answer = self.get(f"jobs/{job}/download", client=client)
        self.assertEqual(answer.status_code, 200, answer.text)
        return [json.loads(line) for line in answer.text.splitlines()]

    def test_an_export_holds_what_its_account_sees(self):
        jobs = {client: self.export(client=client) for client in ("partner", "one-facility", "stranger", "no-phi")}
        self.assertProblem(self.get(f"jobs/{jobs['partner']}/download"), 409, "job.state")
        self.run_exports()
        numbers = {client: {row.get("number") for row in self.rows(job, client)} for client, job in jobs.items()}
        self.assertTrue({"V1", "V2"} <= numbers["partner"])
        self.assertNotIn("V3", numbers["partner"])
        self.assertIn("V1", numbers["one-facility"])
        self.assertNotIn("V2", numbers["one-facility"])
        self.assertIn("V3", numbers["stranger"])
        self.assertEqual(numbers["no-phi"], {None})

    def test_filters_and_fields_hold(self):
        job = self.export(
            body={"number": "V1", "fields": ["number", "status"], "admitted_at.gte": "2025-03-04T00:00:00Z"}
        )
        self.run_exports()
        self.assertEqual(self.rows(job), [{"id": self.token(self.v1), "number": "V1", "status": "in_progress"}])

    def test_what_lies_there_is_sealed(self):
        job = self.export()
        self.run_exports()
        self.env.cr.execute("SELECT string_agg(sealed, ''::bytea) FROM interop_rest_chunk")
        self.assertNotIn(b"V1", bytes(self.env.cr.fetchone()[0]))
        record = self.env["interop.rest.job"].search([("token", "=", job)])
        self.env.cr.execute("SELECT question FROM interop_rest_job WHERE id = %s", [record.id])
        self.assertNotIn(b"names", bytes(self.env.cr.fetchone()[0]))

    def test_it_ends_when_it_is_deleted_or_expires(self):
        job, late = self.export(), self.export()
        self.run_exports()
        self.assertEqual(self.call("DELETE", f"jobs/{job}").status_code, 204)
        self.assertProblem(self.get(f"jobs/{job}/download"), 409, "job.state")
        record = self.env["interop.rest.job"].search([("token", "=", late)])
        record.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertProblem(self.get(f"jobs/{late}"), 404, "job")
        self.env["interop.rest.job"]._gc_expired()
        self.assertFalse(record.exists())

    def test_a_scope_that_was_taken_away_closes_the_download(self):
        job = self.export()
        self.run_exports()
        self.partner.scopes = "interop/encounter.read"
        self.assertProblem(self.get(f"jobs/{job}/download"), 403, "scope")

    def test_operators_see_and_delete_exports(self):
        job = self.export()
        self.run_exports()
        record = self.env["interop.rest.job"].search([("token", "=", job)])
        record.action_cancel()
        self.assertFalse(self.env["interop.rest.chunk"].search_count([("job_id", "=", record.id)]))
