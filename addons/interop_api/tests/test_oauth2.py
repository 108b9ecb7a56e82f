import time
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.interop_api import gate, jose_guard, throttle

from .common import SECRET, DoorCase

GRANT = {"grant_type": "client_credentials"}


@tagged("post_install", "-at_install")
class TestOAuth2(DoorCase):
    def ask(self, data=None, headers=None, path="/interop/oauth2/token"):
        return self.url_open(path, data=GRANT if data is None else data, headers=headers or {})

    def bearer(self, token):
        return self.post(headers={"Authorization": f"Bearer {token}"})

    def assertOAuthError(self, response, status, code, error="invalid_request"):
        self.assertEqual((response.status_code, response.headers["Content-Type"]), (status, "application/json"))
        document = response.json()
        self.assertEqual((document["code"], document["error"]), (code, error))
        self.assertEqual(document["error_description"], document["detail"])

    def test_a_token_by_basic_header(self):
        response = self.ask(headers=self.basic())
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual((response.json()["token_type"], response.json()["expires_in"]), ("Bearer", 300))
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(self.bearer(response.json()["access_token"]).status_code, 202)

    def test_a_token_by_form_body(self):
        response = self.ask({**GRANT, "client_id": "tester", "client_secret": SECRET})
        self.assertEqual(response.status_code, 200, response.text)

    def test_the_published_key_set_verifies_it_and_holds_no_private_part(self):
        token = self.token()
        keys = self.url_open("/interop/oauth2/jwks.json").json()["keys"]
        self.assertTrue(all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in keys))
        built = {key["kid"]: jose_guard.build_key(key, kid=key["kid"], algorithm=key["alg"]) for key in keys}
        claims = jose_guard.verify(token, built.get, audience="interop", issuer=gate.issuer(self.env), max_lifetime=300)
        self.assertEqual(claims["sub"], "tester")

    def test_wrong_credentials_are_401_invalid_client(self):
        for headers, data in (
            (self.basic(secret="wrong-secret"), GRANT),
            (self.basic("nobody"), GRANT),
            ({}, {**GRANT, "client_id": "tester", "client_secret": "wrong-secret"}),
            ({}, GRANT),
        ):
            response = self.ask(data, headers)
            self.assertEqual(response.status_code, 401, response.text)
            self.assertEqual(response.json()["error"], "invalid_client")
            self.assertIn("WWW-Authenticate", response.headers)

    def test_bad_requests_are_400(self):
        both = {**GRANT, "client_id": "tester", "client_secret": SECRET}
        for data, headers, error in (
            ({"grant_type": "password"}, self.basic(), "unsupported_grant_type"),
            ({"x": "y"}, self.basic(), "invalid_request"),
            (both, self.basic(), "invalid_request"),
            ({**GRANT, "client_id": "other"}, self.basic(), "invalid_request"),
            ("grant_type=client_credentials&grant_type=x", self.form(), "invalid_request"),
            (GRANT, {"Authorization": f"Bearer {self.token()}"}, "invalid_request"),
        ):
            with self.subTest(error=error):
                response = self.ask(data, headers)
                self.assertEqual((response.status_code, response.json()["error"]), (400, error))

    def form(self):
        return {**self.basic(), "Content-Type": "application/x-www-form-urlencoded"}

    def test_parameters_in_the_url_are_refused(self):
        response = self.ask(path="/interop/oauth2/token?client_id=tester", headers=self.basic())
        self.assertOAuthError(response, 400, "oauth2.query")

    def test_other_bodies_and_methods_are_refused(self):
        response = self.ask("{}", {**self.basic(), "Content-Type": "application/json"})
        self.assertOAuthError(response, 415, "body.type")
        self.assertOAuthError(self.ask("a=" + "b" * 40_000, self.form()), 413, "body.too_large")
        self.assertOAuthError(self.url_open("/interop/oauth2/token"), 405, "method")

    def test_a_token_dies_with_its_secret(self):
        token = self.token()
        self.assertEqual(self.bearer(token).status_code, 202)
        self.account._add_secret(secret="another-secret")
        self.account.credential_ids.filtered(lambda c: c.id == min(self.account.credential_ids.ids)).action_revoke()
        self.assertEqual(self.bearer(token).status_code, 401)
        self.assertEqual(self.bearer(self.token(secret="another-secret")).status_code, 202)

    def test_a_token_dies_with_its_account_and_its_key(self):
        token = self.token()
        self.account.active = False
        self.assertEqual(self.bearer(token).status_code, 401)
        self.account.active = True
        self.assertEqual(self.bearer(token).status_code, 202)
        self.env["interop.signing.key"].search([]).action_revoke()
        self.assertEqual(self.bearer(token).status_code, 401)

    def test_an_old_token_is_401(self):
        with patch.object(throttle, "clock", lambda: time.time() - 301):
            token = self.token()
        self.assertEqual(self.bearer(token).status_code, 401)

    def test_tokens_made_elsewhere_are_401(self):
        now = int(time.time())
        credential = self.account.credential_ids
        good = {
            "iss": gate.issuer(self.env),
            "sub": "tester",
            "aud": "interop",
            "iat": now,
            "exp": now + 300,
            "jti": "1",
            "cid": credential.id,
        }
        signer = self.env["interop.signing.key"]._signer()
        stranger = jose_guard.build_key(jose_guard.new_ec_jwk(), kid=signer.kid, algorithm="ES256", private=True)
        self.assertEqual(self.bearer(jose_guard.sign(good, signer)).status_code, 202)
        other = self.make_account("second", self.other)
        for claims, key in (
            (good, stranger),
            ({**good, "iss": "urn:uuid:other"}, signer),
            ({**good, "aud": "other"}, signer),
            ({**good, "cid": other.credential_ids.id}, signer),
            ({**good, "cid": str(credential.id)}, signer),
            ({**good, "sub": "second"}, signer),
        ):
            self.assertEqual(self.bearer(jose_guard.sign(claims, key)).status_code, 401)
