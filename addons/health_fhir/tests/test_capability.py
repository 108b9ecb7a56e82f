from odoo.tests import tagged

from odoo.addons.health_fhir.codec.validate import validate

from .common import FhirCase

#: Interaction -> how it is asked for; all with a body that is no resource, so that nothing happens.
CALLS = {
    "read": ("GET", "{type}/none"),
    "vread": ("GET", "{type}/none/_history/1"),
    "history-instance": ("GET", "{type}/none/_history"),
    "search-type": ("GET", "{type}?_count=1"),
    "create": ("POST", "{type}"),
    "update": ("PUT", "{type}/none"),
    "delete": ("DELETE", "{type}/none"),
}
#: What is asked for and never declared.
NEVER = (("GET", "{type}/_history"), ("PATCH", "{type}/none"), ("GET", "{type}/none/$everything"))


@tagged("post_install", "-at_install")
class TestCapability(FhirCase):
    def statement(self):
        response = self.url_open("/fhir/r4/metadata")  # nobody has to log in
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def resources(self):
        return {entry["type"]: entry for entry in self.statement()["rest"][0]["resource"]}

    def test_it_is_valid(self):
        self.assertEqual([issue for issue in validate(self.statement()) if issue.fails], [])

    def test_what_is_declared_works_and_nothing_else_does(self):
        for kind, declared in self.resources().items():
            codes = {entry["code"] for entry in declared["interaction"]}
            for code, (method, path) in CALLS.items():
                body = b"{}" if method in ("POST", "PUT") else None
                with self.subTest(type=kind, interaction=code):
                    response = self.ask(method, path.format(type=kind), body)
                    if code in codes:
                        self.assertIn(response.status_code, (200, 400, 404, 422), response.text)
                        self.assertNotIn("does not offer", response.text)
                    else:
                        self.outcome(response, 405, "not-supported")
            for method, path in NEVER:
                with self.subTest(type=kind, call=path):
                    response = self.ask(method, path.format(type=kind), b"{}" if method == "PATCH" else None)
                    self.assertIn(response.status_code, (404, 405), response.text)

    def test_types_that_are_not_declared_are_not_served(self):
        declared = self.resources()
        for kind in ("MedicationDispense", "Subscription", "ValueSet", "Binary", "Basic", "Nonsense"):
            self.assertNotIn(kind, declared)
            for method, path in CALLS.values():
                body = b"{}" if method in ("POST", "PUT") else None
                self.outcome(self.ask(method, path.format(type=kind), body), 404, "not-supported")

    def test_every_search_parameter_works_and_no_other(self):
        probes = {
            "token": "x",
            "string": "x",
            "date": "2020",
            "number": "1",
            "quantity": "1",
            "uri": "urn:x",
            "reference": "x",
        }
        for kind, declared in self.resources().items():
            for param in declared.get("searchParam", ()):
                value = probes[param["type"]]
                if param["type"] == "reference":
                    value = f"{self.target(kind, param['name'])}/x"
                with self.subTest(type=kind, param=param["name"]):
                    path = f"{kind}?{param['name']}={value}&_count=1"
                    self.assertEqual(self.ask("GET", path, Prefer="handling=strict").status_code, 200, path)
            response = self.ask("GET", f"{kind}?no-such=1", Prefer="handling=strict")
            self.outcome(response, 400, "not-supported")

    def target(self, kind, name):
        return self.env["health.fhir.search"]._definitions()[kind][name].targets[0]

    def test_includes_work(self):
        for kind, declared in self.resources().items():
            for name in declared.get("searchInclude", ()):
                with self.subTest(include=name):
                    response = self.ask("GET", f"{kind}?_include={name}&_count=1", Prefer="handling=strict")
                    self.assertEqual(response.status_code, 200, response.text)
            for name in declared.get("searchRevInclude", ()):
                with self.subTest(revinclude=name):
                    response = self.ask("GET", f"{kind}?_revinclude={name}&_count=1", Prefer="handling=strict")
                    self.assertEqual(response.status_code, 200, response.text)

    def test_kept_types_are_declared_while_they_are_on(self):
        self.assertIn("Observation", self.resources())
        self.env["health.fhir.kept.type"].search([("name", "=", "Observation")]).active = False
        self.assertNotIn("Observation", self.resources())
        self.outcome(self.ask("GET", "Observation/x"), 404, "not-supported")
