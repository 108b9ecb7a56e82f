from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.interop_api.rest import ids
from odoo.addons.interop_api.rest.resource import installed

from .common import ApiCase

DRAIN = "odoo.addons.interop_hub.drain"


@tagged("post_install", "-at_install")
class TestObjects(ApiCase):
    """OWASP API1: what another partner, company or facility has looks like what does not exist."""

    def test_lists_hold_what_the_account_is_limited_to(self):
        def visits(client):
            mine = {self.token(v): v.number for v in (self.v1, self.v2, self.v3)}
            found = {mine.get(row["id"]) for row in self.found("encounters?limit=500&fields=status", client)}
            return found - {None}

        self.assertEqual(visits("partner"), {"V1", "V2"})
        self.assertEqual(visits("one-facility"), {"V1"})
        self.assertEqual(visits("stranger"), {"V3"})

    def test_a_foreign_id_reads_like_an_unknown_one(self):
        unknown = self.get(f"encounters/{'0' * 32}").json()
        for client, visit in (("partner", self.v3), ("one-facility", self.v2), ("stranger", self.v1)):
            document = self.assertProblem(self.get(f"encounters/{self.token(visit)}", client=client), 404, "record")
            self.assertEqual(document["detail"], unknown["detail"])

    def test_an_id_of_one_resource_opens_no_other(self):
        # The same number exists in both tables; the id is bound to its own.
        self.assertProblem(self.get(f"patient-accounts/{self.token(self.v1)}"), 404, "record")
        self.assertProblem(self.get(f"encounters/{self.v1.id}"), 404, "record")
        self.assertIsNone(ids.decode("health.patient.account", self.token(self.v1)))

    def test_patients_of_other_companies_and_facilities_are_hidden(self):
        for client, visit in (("partner", self.v3), ("one-facility", self.v2), ("stranger", self.v1)):
            path = f"patient-accounts/{self.token(visit.account_id)}"
            self.assertProblem(self.get(path, client=client), 404, "record")
        self.assertEqual(self.get(f"patient-accounts/{self.token(self.v1.account_id)}").status_code, 200)

    def test_a_patient_shared_by_other_companies_is_hidden_too(self):
        third = self.env["res.company"].create({"name": "Third"})
        self._facility("Third Hospital", "TH", "THIRD", third)
        self.apply(self.visit("admit", "V9", self.patient_of("V3"), facility="THIRD"))
        shared = self.v3.account_id
        shared.invalidate_recordset()
        self.assertFalse(shared.company_id)
        self.assertProblem(self.get(f"patient-accounts/{self.token(shared)}"), 404, "record")
        self.assertEqual(self.get(f"patient-accounts/{self.token(shared)}", client="stranger").status_code, 200)

    def patient_of(self, _number):
        from odoo.addons.health_core.canonical import Identifier

        row = self.v3.account_id.identifier_ids[0]
        return (Identifier(authority=row.authority, type=row.type, value=row.value),)

    def test_filters_by_foreign_records_find_nothing(self):
        self.assertEqual(self.found(f"encounters?facility={self.token(self.foreign)}"), [])
        self.assertEqual(self.found(f"charges?encounter={self.token(self.v3)}"), [])
        self.assertEqual(self.found("encounters?facility_code=SH", "one-facility"), [])

    def test_foreign_records_are_not_changed_or_referred_to(self):
        change = self.call(
            "PATCH", f"encounters/{self.token(self.v3)}", {"event": "discharge"}, headers={"If-Match": "*"}
        )
        self.assertProblem(change, 404, "record")
        body = {"facility": self.token(self.facility), "account": self.token(self.v3.account_id), "number": "N1"}
        errors = self.assertProblem(self.post("encounters", body), 422, "reference")["errors"]
        self.assertEqual([error["pointer"] for error in errors], ["/account"])
        body = {"facility": self.token(self.second), "account": self.token(self.v1.account_id), "number": "N1"}
        self.assertProblem(self.post("encounters", body, client="one-facility"), 422, "reference")
        self.assertEqual(self.v3.status, "in_progress")

    def test_a_known_identifier_is_no_way_into_a_strangers_account(self):
        row = self.v3.account_id.identifier_ids[0]
        body = {
            "facility": self.token(self.facility),
            "identifiers": [{"authority": row.authority, "type": row.type, "value": row.value}],
            "family": "Taken over",
        }
        self.assertProblem(self.post("patient-accounts", body), 409, "exists")
        self.v3.account_id.invalidate_recordset()
        self.assertNotEqual(self.v3.account_id.family, "Taken over")

    def test_a_strangers_job_is_not_there(self):
        job = self.post("encounters/$export").json()["job"]
        for path in (f"jobs/{job}", f"jobs/{job}/download", f"jobs/{job}/results"):
            self.assertProblem(self.get(path, client="one-facility"), 404, "job")
        self.assertProblem(self.call("DELETE", f"jobs/{job}", client="stranger"), 404, "job")

    def test_a_cursor_of_another_account_or_question_is_refused(self):
        cursor = self.get("encounters?limit=1").json()["next_cursor"]
        self.assertEqual(self.get(f"encounters?limit=1&cursor={cursor}").status_code, 200)
        for path, client in (
            (f"encounters?cursor={cursor}", "one-facility"),
            (f"encounters?status=finished&cursor={cursor}", "partner"),
            (f"charges?cursor={cursor}", "partner"),
            (f"encounters?cursor={cursor[:-2]}AA", "partner"),
        ):
            self.assertProblem(self.get(path, client=client), 400, "parameters")

    def test_an_account_limited_to_facilities_sees_nothing_that_belongs_to_none(self):
        company = self.env.company
        supplier = self.env["res.partner"].create({"name": "Supplier", "supplier_rank": 1, "company_id": company.id})
        product = self.env["product.product"].create({"name": "Gauze", "is_storable": True})
        order = self.env["purchase.order"].create({"partner_id": supplier.id, "company_id": company.id})
        place = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).lot_stock_id
        self.env["stock.quant"]._update_available_quantity(product, place, 5)
        token = self.token(order)
        self.assertEqual(self.get(f"purchase-orders/{token}").status_code, 200)
        self.assertProblem(self.get(f"purchase-orders/{token}", client="one-facility"), 404, "record")
        self.assertProblem(self.get(f"purchase-orders/{token}", client="stranger"), 404, "record")
        self.assertTrue(self.found(f"inventory-levels?product={self.token(product)}"))
        self.assertEqual(self.found(f"inventory-levels?product={self.token(product)}", "one-facility"), [])
        ward_place = self.env["stock.location"].create({"name": "Ward", "location_id": place.id, "usage": "internal"})
        self.env["stock.quant"]._update_available_quantity(product, ward_place, 2)
        self.ward.stock_location_id = ward_place
        self.one_facility.facility_ids = self.facility  # its limits are read again
        rows = self.found(f"inventory-levels?product={self.token(product)}", "one-facility")
        self.assertEqual([row["quantity"] for row in rows], ["2"])

    def test_patients_are_no_suppliers(self):
        self.v1.account_id._ensure_partners()
        partner = self.v1.account_id.partner_id
        self.assertProblem(self.get(f"suppliers/{self.token(partner)}"), 404, "record")

    def test_taking_a_facility_away_acts_at_once(self):
        path = f"encounters/{self.token(self.v1)}"
        self.assertEqual(self.get(path, client="one-facility").status_code, 200)
        self.one_facility.facility_ids = self.second
        self.assertProblem(self.get(path, client="one-facility"), 404, "record")


@tagged("post_install", "-at_install")
class TestProperties(ApiCase):
    """OWASP API3: nothing protected goes out without its scope, nothing undeclared comes in."""

    def test_protected_fields_are_absent_without_their_scope(self):
        for name in installed(self.env):
            resource = installed(self.env)[name]
            if not resource.phi_fields():
                continue
            for row in self.found(f"{name}?limit=5", "no-phi"):
                self.assertFalse(set(row) & resource.phi_fields(), name)
        record = self.get(f"encounters/{self.token(self.v1)}", client="no-phi")
        self.assertNotIn("V1", record.text)
        self.assertNotIn("admitted_at", record.json())

    def test_they_are_not_asked_or_filtered_for_either(self):
        self.assertProblem(self.get("encounters?fields=number", client="no-phi"), 403, "scope")
        self.assertProblem(self.get("encounters?number=V1", client="no-phi"), 403, "scope")
        self.assertProblem(self.post("encounters/$search", {"number": "V1"}, client="no-phi"), 403, "scope")
        self.assertProblem(self.post("encounters/$export", {"fields": ["number"]}, client="no-phi"), 403, "scope")

    def test_they_are_not_written_either(self):
        body = {"event": "discharge", "discharged_at": "2025-03-05T12:00:00Z"}
        answer = self.change(f"encounters/{self.token(self.v1)}", body, client="no-phi")
        self.assertEqual(self.assertProblem(answer, 403, "scope")["errors"][0]["pointer"], "/discharged_at")

    def test_an_interface_that_is_not_for_protected_information_gives_none(self):
        self.env["interop.interface"]._by_code("rest-encounters").classification = "internal"
        self.assertNotIn("number", self.get(f"encounters/{self.token(self.v1)}").json())

    def test_protected_filters_never_stand_in_urls(self):
        document = self.assertProblem(self.get("encounters?number=V1"), 400, "parameters")
        self.assertEqual(document["errors"][0]["code"], "filter.url")
        rows = self.post("encounters/$search", {"number": "V1"}).json()["data"]
        self.assertEqual([row["id"] for row in rows], [self.token(self.v1)])

    def test_undeclared_fields_are_refused(self):
        for extra in ({"state": "approved"}, {"company_id": 1}, {"id": "x"}, {"partner_id": 1}, {"create_uid": 1}):
            body = {"code": "T1", "name": "Test payer", **extra}
            document = self.assertProblem(self.post("payers", body), 422, "body.content")
            self.assertEqual(document["errors"][0]["pointer"], f"/{next(iter(extra))}")
        document = self.assertProblem(
            self.change(f"payers/{self.token(self.payer)}", {"code": "X"}), 422, "body.content"
        )
        self.assertEqual(document["errors"][0]["pointer"], "/code")

    def test_a_mapping_is_a_proposal_whatever_is_sent(self):
        answer = self.post("payer-mappings", {"code": "NEW", "payer": self.token(self.payer)})
        self.assertEqual(answer.json()["data"]["state"], "draft")
        self.assertNotIn("NEW", self.env["health.payer.mapping"]._resolve_codes(self.system.id, {"NEW"}))

    def test_errors_and_logs_hold_no_value(self):
        with self.captured_log() as lines:
            self.post("patient-accounts", {"facility": "nonsense", "identifiers": [{"value": "SECRET-1"}], "family": 7})
            self.post("encounters/$search", {"number": "SECRET-2", "birth_date": "SECRET-3"})
            answer = self.post("patient-accounts", {"family": "SECRET-4", "birth_date": "SECRET-5"})
        self.assertNotIn("SECRET", "\n".join(lines) + answer.text)


@tagged("post_install", "-at_install")
class TestFunctions(ApiCase):
    """OWASP API5: scopes name resource and verb."""

    def test_a_scope_gives_its_own_resource_and_verb_only(self):
        self.assertEqual(self.get("encounters", client="reader").status_code, 200)
        self.assertProblem(self.get("charges", client="reader"), 403, "scope")
        self.assertProblem(self.post("encounters", {}, client="reader"), 403, "scope")
        path = f"encounters/{self.token(self.v1)}"
        self.assertProblem(self.call("PATCH", path, {}, client="reader"), 403, "scope")
        self.assertProblem(self.post("charges/$export", client="reader"), 403, "scope")
        self.assertProblem(self.post("encounters/$bulk", b"{}", client="reader"), 403, "scope")
        self.assertProblem(
            self.get(f"patient-accounts/{self.token(self.v1.account_id)}/$balance", client="reader"), 403, "scope"
        )

    def test_what_is_read_only_is_not_written(self):
        for name in ("customer-invoices", "payments", "journal-items", "lots"):
            self.assertProblem(self.post(name, {}), 405, "method")
            self.assertProblem(self.call("DELETE", f"{name}/{'0' * 32}"), 405, "method")

    def test_writing_needs_an_interface_of_ones_own(self):
        alone = self.make_partner("alone", ALL_BUT_INTERFACE)
        alone.interface_ids = False
        body = {"code": "T1", "name": "Test payer"}
        self.assertProblem(self.post("payers", body, client="alone"), 403, "interface")

    def test_a_paused_interface_stops_its_resource_for_everybody(self):
        interface = self.env["interop.interface"]._by_code("rest-encounters")
        interface.state = "paused"
        self.assertProblem(self.get("encounters"), 503, "interface.paused")
        self.assertEqual(self.get("charges").status_code, 200)
        interface.state = "retired"
        self.assertProblem(self.get("encounters"), 410, "interface.retired")

    def test_a_paused_way_in_stops_the_writes_of_its_partner_only(self):
        self.rest.state = "paused"
        self.assertProblem(self.post("payers", {"code": "T1", "name": "Test"}), 503, "interface.paused")
        self.assertEqual(self.get("payers").status_code, 200)

    def test_envelopes_do_not_come_in_by_the_general_way(self):
        body = (
            b'{"account": 1, "resource": "payers", "operation": "create", "id": "", "data": {"code": "X", "name": "X"}}'
        )
        answer = self.post("inbound/test-rest", body, headers={"Content-Type": "application/json"})
        self.assertEqual(answer.status_code, 415)

    def test_the_technical_user_cannot_write_or_see_the_machinery(self):
        env = self.env(user=self.partner.user_id.id, su=False)
        for model in ("health.encounter", "account.move", "res.partner", "stock.quant", "health.payer"):
            self.assertTrue(env[model].has_access("read"), model)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(env[model].has_access(operation), f"{operation} {model}")
        for model in (
            "interop.message",
            "interop.payload",
            "interop.service.account",
            "interop.rest.job",
            "res.users.apikeys",
        ):
            self.assertFalse(env[model].has_access("read"), model)


ALL_BUT_INTERFACE = "interop/*.cruds"


@tagged("post_install", "-at_install")
class TestLimits(ApiCase):
    """OWASP API4: pages, lists, bodies, depths and jobs have ends."""

    def test_pages_and_lists_have_a_largest_size(self):
        for query in ("limit=501", "limit=0", "limit=-1", "limit=x", f"status.in={','.join(['planned'] * 101)}"):
            self.assertProblem(self.get(f"encounters?{query}"), 400, "parameters")
        self.env["interop.interface"]._by_code("rest-encounters").max_page = 1
        self.assertEqual(len(self.found("encounters?limit=100")), 1)

    def test_bodies_and_depth_have_a_limit(self):
        self.env["interop.interface"]._by_code("rest-payers").write({"max_body_bytes": 1000, "max_json_depth": 5})
        self.assertProblem(self.post("payers", {"name": "x" * 2000}), 413, "body.too_large")
        self.assertProblem(self.post("payers", {"name": [[[[[[1]]]]]]}), 400, "json.depth")

    @mute_logger(DRAIN)
    def test_open_exports_are_limited_and_imports_are_none(self):
        account = self.env["interop.service.account"].search([("client_id", "=", "partner")])
        values = {"kind": "import", "resource": "payers", "state": "running", "account_id": account.id}
        self.env["interop.rest.job"].create([{**values, "expires_at": "2100-01-01 00:00:00"} for _n in range(6)])
        for _n in range(5):
            self.assertEqual(self.post("encounters/$export").status_code, 202)
        self.assertProblem(self.post("encounters/$export"), 429, "export.open")
