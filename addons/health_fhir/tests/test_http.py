import logging

from odoo.tests import tagged

from odoo.addons.health_fhir import access_log

from .common import FhirCase


@tagged("post_install", "-at_install")
class TestHttp(FhirCase):
    """Media types, methods, and errors of the door, always as OperationOutcomes."""

    def test_only_json(self):
        body = b"<Patient/>"
        self.outcome(self.ask("POST", "Patient", body, Content_Type="application/fhir+xml"), 415, "not-supported")
        self.outcome(self.ask("GET", "Patient", Accept="application/fhir+xml"), 406, "not-supported")
        self.outcome(self.ask("GET", "Patient?_format=xml"), 406, "not-supported", "http._format")
        self.assertEqual(self.ask("GET", "Patient?_format=json", Accept="text/html").status_code, 200)
        self.assertEqual(self.ask("POST", "Patient", self.patient(), Content_Type="application/json").status_code, 201)

    def test_a_byte_order_mark_is_tolerated(self):
        body = b'\xef\xbb\xbf{"resourceType":"Patient","gender":"male"}'
        self.assertEqual(self.ask("POST", "Patient", body).status_code, 201)

    def test_what_cannot_be_read_is_refused(self):
        self.outcome(self.ask("POST", "Patient", b"{"), 400, "invalid")
        self.outcome(self.ask("POST", "Patient", b""), 400, "required")
        self.outcome(self.ask("POST", "Patient", b'{"resourceType":"Patient","gender":"male","gender":"female"}'), 400)
        self.outcome(self.ask("POST", "Patient", {"resourceType": "Encounter"}), 400, "invalid")

    def test_what_is_wrong_is_named(self):
        self.outcome(self.ask("POST", "Patient", self.patient(gender="F")), 422, "code-invalid", "Patient.gender")
        issue = self.outcome(self.ask("POST", "Patient", self.patient(nickname="Eve")), 400)
        self.assertEqual(issue["expression"], ["Patient.nickname"])

    def test_no_error_repeats_a_value(self):
        secret = "Zebedee-1961"
        for wrong in ({"birthDate": secret}, {"gender": secret}, {"contact": secret}, {secret: "x"}):
            self.assertNotIn(secret, self.ask("POST", "Patient", self.patient(**wrong)).text)

    def test_criteria_do_not_reach_the_log(self):
        logger = logging.getLogger("werkzeug")
        cutters = [cutter for cutter in logger.filters if isinstance(cutter, access_log.WithoutQuery)]
        self.assertEqual(len(cutters), 1)
        line = "GET /fhir/r4/Patient?family=Zebedee HTTP/1.1"
        for message, args in ((line, ()), ('%s - - "%s" %s', ("1.2.3.4", line, 200))):
            record = logging.LogRecord("werkzeug", logging.INFO, "", 0, message, args, None)
            cutters[0].filter(record)
            self.assertIn("/fhir/r4/Patient?… HTTP/1.1", record.getMessage())
            self.assertNotIn("Zebedee", record.getMessage())

    def test_errors_of_the_door(self):
        self.outcome(self.ask("GET", "Patient/1", Authorization=None), 401, "login")
        self.outcome(self.ask("PATCH", "Patient/1", b"{}"), 405, "not-supported")
        self.outcome(self.ask("GET", "a/b/c/d/e"), 404, "not-supported")
        self.outcome(self.url_open("/fhir/dstu2/Patient"), 404, "not-supported")
        self.fhir.state = "paused"
        response = self.ask("GET", "Patient/1")
        self.outcome(response, 503, "transient")
        self.assertIn("Retry-After", response.headers)
        self.fhir.state = "retired"
        self.outcome(self.ask("GET", "Patient/1"), 410)

    def test_a_body_may_not_be_larger_than_the_interface_takes(self):
        self.fhir.max_body_bytes = 200
        self.outcome(self.ask("POST", "Patient", self.patient()), 413, "too-long")

    def test_head_is_get_without_a_body(self):
        created = self.create(self.patient())
        response = self.ask("HEAD", f"Patient/{created['id']}")
        self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertEqual(response.headers["ETag"], 'W/"1"')

    def test_validate(self):
        good = self.send("POST", "Patient/$validate", self.patient(), 200)
        self.assertEqual(good["issue"][0]["severity"], "information")
        bad = self.send("POST", "Patient/$validate", self.patient(gender="F"), 200)
        self.assertEqual(bad["issue"][0]["expression"], ["Patient.gender"])
        wrapped = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "mode", "valueCode": "create"},
                {"name": "resource", "resource": self.patient(gender="F")},
            ],
        }
        bad = self.send("POST", "Patient/$validate", wrapped, 200)
        self.assertEqual(bad["issue"][0]["severity"], "error")
        self.outcome(self.ask("POST", "Patient/$validate", b"{"), 400)
        created = self.create(self.patient())
        good = self.send("POST", f"Patient/{created['id']}/$validate", None, 200)
        self.assertEqual(good["issue"][0]["severity"], "information")
        self.assertEqual(self.env["health.patient.account"].search_count([("family", "=", "Everywoman")]), 1)
