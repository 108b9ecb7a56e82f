"""Helpers for the tests of the partner API: two companies, three facilities, partners with different limits."""

import json

from odoo.tests import HttpCase

from odoo.addons.health_core.tests.common import CareCase
from odoo.addons.interop_api.rest import ids
from odoo.addons.interop_api.tests.common import SECRET, DoorCase

ALL = "interop/*.cruds interop/*.phi"


class ApiCase(CareCase, HttpCase):
    """Facilities GH and SH of one company and XH of another, a visit in each, and partners named by what limits them."""

    assertProblem = DoorCase.assertProblem
    basic = staticmethod(DoorCase.basic)
    captured_log = DoorCase.captured_log

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other Health Group"})
        cls.second = cls._facility("Second Hospital", "SH", "SECOND", cls.env.company)
        cls.foreign = cls._facility("Foreign Hospital", "XH", "FOREIGN", cls.other_company)
        cls.rest = cls.make_interface("test-rest", handler="interop.rest.handler")
        # Rules of ownership of the database are not what is tested here.
        cls.env["interop.authority"].search([]).write({"active": False})
        cls.partner = cls.make_partner("partner", ALL)
        cls.one_facility = cls.make_partner("one-facility", ALL, facility_ids=[(6, 0, cls.facility.ids)])
        cls.no_phi = cls.make_partner("no-phi", "interop/*.cruds")
        cls.reader = cls.make_partner("reader", "interop/encounter.read")
        cls.stranger = cls.make_partner("stranger", ALL, company=cls.other_company)
        case = cls()
        case.apply(
            case.visit(
                "admit", "V1", ("1",), person={"family": "Ahlgren", "given": "Mira"}, admitted_at="2025-03-04T12:00:00Z"
            ),
            case.visit("admit", "V2", ("2",), facility="SECOND"),
            case.visit("admit", "V3", ("3",), facility="FOREIGN"),
        )
        cls.v1, cls.v2, cls.v3 = case.encounter("V1"), case.encounter("V2", "SH"), case.encounter("V3", "XH")

    @classmethod
    def _facility(cls, name, code, sent, company):
        return cls.env["health.facility"].create(
            {
                "name": name,
                "code": code,
                "company_id": company.id,
                "patient_authority": f"{code}-MPI",
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": sent})],
            }
        )

    @classmethod
    def make_partner(cls, client_id, scopes, company=None, **values):
        account = cls.env["interop.service.account"].create(
            {
                "name": client_id,
                "client_id": client_id,
                "company_id": (company or cls.env.company).id,
                "scopes": scopes,
                "interface_ids": [] if company else [(6, 0, cls.rest.ids)],
                **values,
            }
        )
        account._add_secret(secret=SECRET)
        return account

    @staticmethod
    def token(record):
        """The wire id of a record."""
        return ids.encode(record._name, record.id)

    def call(self, method, path, body=None, client="partner", headers=None, **more):
        """Call ``/interop/v1/<path>`` as a partner; a dict goes as JSON."""
        headers = {**self.basic(client), **(headers or {})}
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return self.url_open(f"/interop/v1/{path}", data=body, headers=headers, method=method, **more)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def change(self, path, body, client="partner", headers=None):
        """Read for the ETag, then PATCH."""
        tag = self.get(path, client=client).headers["ETag"]
        return self.call("PATCH", path, body, client=client, headers={"If-Match": tag, **(headers or {})})

    def found(self, path, client="partner"):
        response = self.get(path, client=client)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["data"]
