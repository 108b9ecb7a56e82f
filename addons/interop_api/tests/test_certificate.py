import base64
import hashlib
from types import SimpleNamespace
from urllib.parse import quote

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.interop_api import certificate

from .common import DoorCase

DER = b"a certificate, as far as a thumbprint can tell"
HEX = hashlib.sha256(DER).hexdigest()
THUMB = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).rstrip(b"=").decode()
PEM = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(DER).decode()}\n-----END CERTIFICATE-----\n"


@tagged("post_install", "-at_install")
class TestCertificate(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("interop_api.failures_per_minute", "100000")
        parameters.set_param("interop_api.certificate_header", "X-Client-Cert")
        parameters.set_param("interop_api.trusted_proxies", "127.0.0.0/8")
        cls.parameters = parameters

    def test_all_forms_of_a_thumbprint(self):
        colons = ":".join(HEX[n : n + 2] for n in range(0, 64, 2)).upper()
        for text in (HEX, HEX.upper(), colons, THUMB, PEM, quote(PEM), f":{base64.b64encode(DER).decode()}:"):
            self.assertEqual(certificate.thumbprint_of(text), THUMB, text[:30])
        for text in ("", "x", "::", "-----BEGIN CERTIFICATE-----", ":%%:", HEX[:-1]):
            self.assertEqual(certificate.thumbprint_of(text), "", text)

    def test_an_account_with_certificates_needs_one(self):
        self.account.certificates = HEX
        self.assertEqual(self.account.certificates, THUMB)
        self.assertProblem(self.post(), 401, "auth.certificate")
        self.assertProblem(self.post(headers={"X-Client-Cert": "00" * 32}), 401, "auth.certificate")
        self.assertEqual(self.post(headers={"X-Client-Cert": quote(PEM)}).status_code, 202)

    def test_the_header_means_nothing_from_elsewhere(self):
        self.account.certificates = HEX
        self.parameters.set_param("interop_api.trusted_proxies", "192.0.2.1")
        self.assertProblem(self.post(headers={"X-Client-Cert": HEX}), 401, "auth.certificate")
        self.parameters.set_param("interop_api.trusted_proxies", "")
        self.assertProblem(self.post(headers={"X-Client-Cert": HEX}), 401, "auth.certificate")

    def test_behind_a_proxy_it_is_the_proxy_that_counts(self):
        def request(connected, client):
            environ = {"REMOTE_ADDR": client, "werkzeug.proxy_fix.orig": {"REMOTE_ADDR": connected}}
            return SimpleNamespace(headers={"X-Client-Cert": HEX}, environ=environ)

        self.assertEqual(certificate.presented(self.env, request("127.0.0.1", "198.51.100.7")), THUMB)
        self.assertEqual(certificate.presented(self.env, request("198.51.100.7", "127.0.0.1")), "")

    def test_a_token_is_bound_to_the_certificate_that_asked_for_it(self):
        response = self.url_open(
            "/interop/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={**self.basic(), "X-Client-Cert": HEX},
        )
        token = {"Authorization": "Bearer " + response.json()["access_token"]}
        self.assertProblem(self.post(headers=token), 401, "auth.certificate")
        self.assertProblem(self.post(headers={**token, "X-Client-Cert": "11" * 32}), 401, "auth.certificate")
        self.assertEqual(self.post(headers={**token, "X-Client-Cert": HEX}).status_code, 202)

    def test_nonsense_is_refused(self):
        with self.assertRaises(ValidationError):
            self.account.certificates = "no thumbprint"
