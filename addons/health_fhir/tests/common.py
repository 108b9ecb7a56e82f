"""A FHIR interface of a small hospital, a partner account, and requests over HTTP."""

import base64
import json
from decimal import Decimal

from odoo.tests import HttpCase

from odoo.addons.health_fhir.codec import jsonio

SECRET = "a-secret-for-tests"
TYPE = "application/fhir+json"
MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
AMB = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}


class FhirCase(HttpCase):
    """``self.send(method, path, resource)`` asks as the account ``fhir-tester``, which may do everything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fhir = cls.env.ref("health_fhir.interface_fhir_r4")
        cls.fhir.state = "active"
        cls.system = cls.env["interop.system"].create({"name": "FHIR Test EHR", "code": "FHIRT", "kind": "ehr"})
        cls.fhir.system_id = cls.system
        cls.facility = cls.env["health.facility"].create(
            {
                "name": "FHIR Test Hospital",
                "code": "FT",
                "company_id": cls.fhir.company_id.id,
                "patient_authority": "MPI",
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": "NORTH"})],
            }
        )
        # Whatever the database owns and names already is not the tests' affair.
        cls.env["interop.authority"].search([]).unlink()
        cls.env["health.fhir.naming"].search([]).unlink()
        cls.env["health.fhir.naming"].create(
            [
                {"uri": "https://mpi.example", "authority": "MPI"},
                {"uri": "https://visits.example", "authority": "FT"},
            ]
        )
        cls.account = cls.make_account("fhir-tester", "system/*.cruds")

    @classmethod
    def make_account(cls, client_id, scopes, **values):
        account = cls.env["interop.service.account"].create(
            {
                "name": client_id,
                "client_id": client_id,
                "company_id": cls.fhir.company_id.id,
                "interface_ids": [(6, 0, cls.fhir.ids)],
                "scopes": scopes,
                **values,
            }
        )
        account._add_secret(secret=SECRET)
        return account

    # --- requests -----------------------------------------------------------------

    def ask(self, method, path, body=None, client="fhir-tester", **headers):
        """One request; ``If_Match="…"`` becomes the header If-Match. Returns the response."""
        sent = {"Authorization": "Basic " + base64.b64encode(f"{client}:{SECRET}".encode()).decode()}
        if isinstance(body, dict):
            body = jsonio.dump(body)
        if body is not None:
            sent["Content-Type"] = TYPE
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        sent = {name: value for name, value in sent.items() if value is not None}
        url = path if path.startswith("http") else f"/fhir/r4/{path}"
        return self.url_open(url, data=body, headers=sent, method=method)

    def send(self, method, path, body=None, status=None, **headers):
        """As :meth:`ask`, but check the status and return the resource."""
        response = self.ask(method, path, body, **headers)
        if status is not None:
            self.assertEqual(response.status_code, status, response.text[:2000])
        return json.loads(response.content, parse_float=Decimal) if response.content else None

    def outcome(self, response, status, code=None, expression=None):
        """``response`` is an OperationOutcome with this status; returns its first issue."""
        self.assertEqual(response.status_code, status, response.text[:2000])
        self.assertTrue(response.headers["Content-Type"].startswith(TYPE), response.headers["Content-Type"])
        document = response.json()
        self.assertEqual(document["resourceType"], "OperationOutcome")
        issue = document["issue"][0]
        self.assertTrue(issue["diagnostics"])
        if code:
            self.assertEqual(issue["code"], code, issue)
        if expression is not None:
            self.assertEqual(issue.get("expression"), [expression])
        return issue

    # --- resources ------------------------------------------------------------------

    @staticmethod
    def patient(value="1", **more):
        return {
            "resourceType": "Patient",
            "identifier": [{"type": MR, "system": "https://mpi.example", "value": value}],
            "name": [{"family": "Everywoman", "given": ["Eve", "E"]}],
            "gender": "female",
            "birthDate": "1961-06-15",
            **more,
        }

    @staticmethod
    def visit(patient, number="V1", **more):
        return {
            "resourceType": "Encounter",
            "identifier": [{"system": "https://visits.example", "value": number}],
            "status": "in-progress",
            "class": AMB,
            "subject": {"reference": f"Patient/{patient}" if "/" not in patient and ":" not in patient else patient},
            "period": {"start": "2026-03-05T10:13:00Z"},
            **more,
        }

    def create(self, resource, status=201, **headers):
        return self.send("POST", resource["resourceType"], resource, status, **headers)

    @staticmethod
    def content(resource):
        """A resource without what the server sets."""
        return {name: value for name, value in resource.items() if name not in ("id", "meta")}

    def record(self, resource):
        """The record behind a resource."""
        row = self.env["health.fhir.resource"].search(
            [("type", "=", resource["resourceType"]), ("fhir_id", "=", resource["id"])]
        )
        row.invalidate_recordset()
        return self.env[row.res_model].browse(row.res_id) if row.res_model else None
