import re

from odoo.tests import tagged

from odoo.addons.interop_api.rest import openapi
from odoo.addons.interop_api.rest.resource import installed

from .common import ApiCase


@tagged("post_install", "-at_install")
class TestOpenApi(ApiCase):
    def document(self):
        response = self.url_open("/interop/v1/openapi.json")
        self.assertEqual(response.status_code, 200)
        return response.json()

    def test_it_is_public_and_describes_every_resource(self):
        document = self.document()
        self.assertEqual(document["openapi"], "3.1.0")
        for name, resource in installed(self.env).items():
            self.assertIn(f"/interop/v1/{name}", document["paths"])
            self.assertEqual("post" in document["paths"][f"/interop/v1/{name}"], resource.create is not None)
            self.assertEqual("patch" in document["paths"][f"/interop/v1/{name}/{{id}}"], resource.update is not None)
        self.assertIn("/interop/v1/supply-availability", document["paths"])

    def test_its_references_lead_somewhere(self):
        document = self.document()
        for reference in re.findall(r'"\$ref": ?"#/([^"]+)"', self.url_open("/interop/v1/openapi.json").text):
            at = document
            for part in reference.split("/"):
                at = at[part]

    def test_protected_fields_are_marked_and_scopes_named(self):
        document = self.document()
        fields = document["components"]["schemas"]["EncounterRead"]["properties"]
        self.assertTrue(fields["number"]["x-phi"])
        self.assertNotIn("x-phi", fields["status"])
        scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
        self.assertIn("interop/encounter.phi", scopes)
        self.assertNotIn("interop/lot.write", scopes)
        names = {
            parameter.get("name") for parameter in document["paths"]["/interop/v1/encounters"]["get"]["parameters"]
        }
        self.assertIn("status.in", names)
        self.assertNotIn("number", names)

    def test_its_examples_work(self):
        """Every example is sent; one that leads to another resource gets a record that was made before."""
        places = {
            "facilities": self.facility,
            "patient-accounts": self.v1.account_id,
            "encounters": self.v1,
            "locations": self.ward,
            "payers": self.payer,
            "services": self.env["health.service"].create({"code": "EX-S", "name": "Service"}),
            "dimensions": self.env["account.analytic.plan"].search([], limit=1),
        }
        for name, resource in installed(self.env).items():
            record = places.get(name)
            if resource.create:
                body = openapi.example(resource, "create", lambda other: self.token(places[other]))
                self.assertTrue(body, f"{name} has no example")
                answer = self.post(name, body)
                self.assertIn(answer.status_code, (200, 201), (name, answer.text))
                path = f"{name}/{answer.json()['id']}"
            else:
                path = f"{name}/{self.token(record)}" if record else ""
            if resource.update:
                body = openapi.example(resource, "update", lambda other: self.token(places[other]))
                answer = self.change(path, body)
                self.assertEqual(answer.status_code, 200, (name, answer.text))
                self.assertIn("data", answer.json(), (name, answer.text))
                said = {key: value for key, value in body.items() if key in answer.json()["data"]}
                given = answer.json()["data"]
                self.assertEqual({k: str(given[k]).rstrip("0").rstrip(".") for k in said},
                                 {k: str(v).rstrip("0").rstrip(".") for k, v in said.items()}, name)  # fmt: skip

    def test_the_page_needs_nothing_from_elsewhere(self):
        page = self.url_open("/interop/v1/docs")
        self.assertEqual(page.status_code, 200)
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            self.assertFalse(path.startswith(("http:", "https:", "//")), path)
            if path == "data:,":
                continue
            target = path if path.startswith("/") else f"/interop/v1/{path}"
            content = self.url_open(target)
            self.assertEqual(content.status_code, 200, path)
            self.assertNotIn("https://", content.text if path.endswith((".js", ".css")) else "")
