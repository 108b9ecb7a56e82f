"""Helpers for the tests of the door: an interface with a test-only handler, an account, requests."""

import base64
import contextlib
import json
import logging

from odoo import models
from odoo.orm.model_classes import add_to_registry
from odoo.tests import HttpCase

from odoo.addons.interop_hub.contract import Inbound, Split
from odoo.addons.interop_hub.tests.common import HubCase

SECRET = "a-secret-for-tests"
PROBLEM = "application/problem+json"


class LinesTestHandler(models.AbstractModel):
    """One JSON document per line."""

    _name = "interop.test.lines"
    _inherit = ["interop.test.handler"]
    _description = "Test Handler for Lines"
    _module = None
    _label = "Test Lines"
    _content_types = ("application/x-ndjson",)

    def _split(self, interface, body, content_type):
        return Split([line for line in body.splitlines() if line.strip()])


class TextTestHandler(models.AbstractModel):
    """A format that answers in its own way, as HL7 v2 does."""

    _name = "interop.test.text"
    _inherit = ["interop.handler"]
    _description = "Test Handler for Text"
    _module = None
    _label = "Test Text"
    _content_types = ("text/x-test",)
    _response_type = "text/x-test"

    def _identify(self, interface, body, content_type):
        return Inbound(body, body.decode())

    def _acknowledge(self, interface, inbound, error=None):
        return b"ACK"


class DoorCase(HubCase, HttpCase):
    """An account ``tester`` that may send to ``test-in``; ``test-other`` is not its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (LinesTestHandler, TextTestHandler):
            add_to_registry(cls.registry, model)
            cls.addClassCleanup(cls.registry.__delitem__, model._name)
        cls.registry._setup_models__(cls.env.cr, [])
        cls.lines = cls.make_interface("test-lines", handler="interop.test.lines")
        cls.text = cls.make_interface("test-text", handler="interop.test.text")
        cls.other = cls.make_interface("test-other")
        cls.account = cls.make_account("tester", cls.interface | cls.lines | cls.text)

    @classmethod
    def make_account(cls, client_id, interfaces, **values):
        account = cls.env["interop.service.account"].create(
            {"name": client_id, "client_id": client_id, "interface_ids": [(6, 0, interfaces.ids)], **values}
        )
        account._add_secret(secret=SECRET)
        return account

    @staticmethod
    def basic(client_id="tester", secret=SECRET):
        return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}

    def post(self, body=b'{"id": "1"}', code="test-in", content_type="application/json", headers=None, **more):
        """POST a body to the inbound route as ``tester``."""
        headers = {**self.basic(), "Content-Type": content_type, **(headers or {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.url_open(f"/interop/v1/inbound/{code}", data=body, headers=headers, method="POST", **more)

    def token(self, client_id="tester", secret=SECRET):
        response = self.url_open(
            "/interop/oauth2/token", data={"grant_type": "client_credentials"}, headers=self.basic(client_id, secret)
        )
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["access_token"]

    def assertProblem(self, response, status, code):
        """``response`` is the problem ``code`` with this status, and keeps to the form of RFC 9457."""
        self.assertEqual((response.status_code, response.headers["Content-Type"]), (status, PROBLEM), response.text)
        document = response.json()
        self.assertEqual(document["code"], code)
        self.assertEqual(document["status"], status)
        self.assertTrue(document["instance"].startswith("urn:uuid:"))
        self.assertNotIn("Traceback", response.text)
        self.assertNotIn("Set-Cookie", response.headers)
        return document

    def messages(self):
        """What came in by the interfaces of the test."""
        return self.env["interop.message"].search([("system_id", "=", self.system.id)])

    def count(self):
        return len(self.messages())

    @contextlib.contextmanager
    def captured_log(self):
        """Everything that is logged meanwhile, as one list of lines."""
        lines = []

        class Handler(logging.Handler):
            def emit(self, record):
                text = record.getMessage()
                if record.exc_info:
                    text += logging.Formatter().formatException(record.exc_info)
                lines.append(text)

        handler = Handler(level=logging.INFO)
        logging.getLogger().addHandler(handler)
        try:
            yield lines
        finally:
            logging.getLogger().removeHandler(handler)


def as_json(value) -> bytes:
    return json.dumps(value).encode()
