import time
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.interop_api import gate, jose_guard, throttle, tokens

from . import keys
from .common import SECRET, DoorCase

GRANT = {"grant_type": "client_credentials"}


@tagged("post_install", "-at_install")
class TestTokens(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        cls.account.scopes = "interop/invoice.read interop/payment.* system/Patient.rs"
        cls.other_account = cls.make_account("other", cls.interface)

    def ask(self, client_id="tester", **form):
        return self.url_open("/interop/oauth2/token", data={**GRANT, **form}, headers=self.basic(client_id))

    def bearer(self, token):
        return self.post(headers={"Authorization": f"Bearer {token}"})

    def introspect(self, token, client_id="tester"):
        return self.url_open("/interop/oauth2/introspect", data={"token": token}, headers=self.basic(client_id))

    def revoke(self, token, client_id="tester"):
        return self.url_open("/interop/oauth2/revoke", data={"token": token}, headers=self.basic(client_id))

    def test_scopes_are_narrowed_to_what_the_account_has(self):
        self.assertEqual(self.ask().json()["scope"], "interop/invoice.read interop/payment.* system/Patient.rs")
        for wish, granted in {
            "interop/invoice.r": "interop/invoice.r",
            "system/*.rs openid": "system/Patient.rs",
            "interop/invoice.*": "interop/invoice.rs",
        }.items():
            self.assertEqual(self.ask(scope=wish).json()["scope"], granted)
        for wish in ("interop/journal.read", "nonsense", "system/Patient.sr"):
            response = self.ask(scope=wish)
            self.assertEqual((response.status_code, response.json()["error"]), (400, "invalid_scope"))
        self.assertNotIn("scope", self.ask("other").json())

    def test_a_token_gives_what_it_carries_as_far_as_the_account_still_has_it(self):
        def grant(token):
            presented = gate.Presented("", token=token)
            return str(gate.identify(self.env, presented, "127.0.0.1").grant)

        narrow = self.ask(scope="interop/invoice.r").json()["access_token"]
        wide = self.ask().json()["access_token"]
        self.assertEqual(grant(narrow), "interop/invoice.r")
        self.account.scopes = "interop/payment.c"
        self.assertEqual((grant(narrow), grant(wide)), ("", "interop/payment.c"))
        self.account.scopes = "interop/*.* system/*.*"
        self.assertEqual(grant(narrow), "interop/invoice.r")

    def test_the_signature_is_verified_once_and_everything_else_every_time(self):
        token = self.token()
        calls = []
        verify = jose_guard.verify

        def counting(*args, **more):
            calls.append(1)
            return verify(*args, **more)

        with patch.object(jose_guard, "verify", counting):
            for _n in range(3):
                self.assertEqual(self.bearer(token).status_code, 202)
            self.assertEqual(len(calls), 1)
            with patch.object(throttle, "clock", lambda: time.time() + 301):
                self.assertEqual(self.bearer(token).status_code, 401)
            self.account.active = False
            self.assertEqual(self.bearer(token).status_code, 401)
            self.account.active = True
            self.env["ir.config_parameter"].set_param("interop_api.public_url", "https://moved.example")
            self.assertEqual(self.bearer(token).status_code, 401)

    def test_what_is_remembered_is_bounded(self):
        with patch.object(tokens, "MAX_REMEMBERED", 3):
            for _n in range(6):
                self.assertEqual(self.bearer(self.token()).status_code, 202)
            self.assertLessEqual(len(tokens._remembered), 3)

    def test_introspection_tells_the_client_itself(self):
        token = self.ask(scope="interop/invoice.r").json()["access_token"]
        answer = self.introspect(token).json()
        self.assertEqual(
            (answer["active"], answer["scope"], answer["client_id"]), (True, "interop/invoice.r", "tester")
        )
        self.assertAlmostEqual(answer["exp"], time.time() + 300, delta=10)

    def test_introspection_tells_others_with_the_scope_only(self):
        token = self.token()
        self.assertEqual(self.introspect(token, "other").json(), {"active": False})
        self.other_account.scopes = "interop/token.r"
        self.assertTrue(self.introspect(token, "other").json()["active"])

    def test_introspection_of_what_does_not_count(self):
        with patch.object(throttle, "clock", lambda: time.time() - 301):
            old = self.token()
        for token in ("nonsense", old, self.token()[:-4] + "AAAA"):
            response = self.introspect(token)
            self.assertEqual((response.status_code, response.json()), (200, {"active": False}))
        token = self.token("other")
        self.other_account.action_revoke_all()
        self.account.scopes = "interop/token.r"
        self.assertEqual(self.introspect(token).json(), {"active": False})
        self.assertEqual(self.url_open("/interop/oauth2/introspect", data={"token": token}).status_code, 401)
        self.assertEqual(
            self.url_open("/interop/oauth2/introspect", data={"x": "y"}, headers=self.basic()).status_code, 400
        )

    def test_a_revoked_token_is_refused_at_once(self):
        token, second = self.token(), self.token()
        self.assertEqual(self.bearer(token).status_code, 202)
        self.assertEqual(self.revoke(token).status_code, 200)
        self.assertEqual(self.bearer(token).status_code, 401)
        self.assertEqual(self.introspect(token).json(), {"active": False})
        self.assertEqual(self.bearer(second).status_code, 202)

    def test_nobody_revokes_the_tokens_of_others(self):
        token = self.token()
        self.assertEqual(self.revoke(token, "other").status_code, 200)
        self.assertEqual(self.revoke("nonsense", "other").status_code, 200)
        self.assertEqual(self.bearer(token).status_code, 202)

    def test_all_tokens_of_an_account_can_be_ended(self):
        token = self.token()
        self.account.tokens_from = "2199-01-01"
        self.assertEqual(self.bearer(token).status_code, 401)

    def test_an_assertion_is_not_an_access_token_and_the_reverse(self):
        now = int(time.time())
        signer = self.env["interop.signing.key"]._signer()
        claims = {
            "iss": tokens.issuer(self.env),
            "sub": "tester",
            "aud": tokens.AUDIENCE,
            "iat": now,
            "exp": now + 60,
            "jti": "x",
            "cid": self.account.credential_ids.id,
        }
        self.assertEqual(self.bearer(keys.sign(claims, signer, typ="at+jwt")).status_code, 202)
        self.assertEqual(self.bearer(keys.sign(claims, signer)).status_code, 401)
        self.assertEqual(self.bearer(keys.sign({**claims, "cid": "1"}, signer, typ="at+jwt")).status_code, 401)
        response = self.url_open("/interop/oauth2/token", data=keys.assertion_form(self.token()))
        self.assertEqual(response.status_code, 401)

    def test_metadata_never_follows_the_host_header(self):
        self.env["ir.config_parameter"].set_param("interop_api.public_url", "https://erp.example/")
        document = self.url_open(
            "/.well-known/oauth-authorization-server", headers={"Host": "evil.example", "Accept": "text/html"}
        )
        self.assertEqual(document.headers["Content-Type"], "application/json")
        metadata = document.json()
        self.assertEqual(metadata["issuer"], "https://erp.example")
        self.assertEqual(metadata["token_endpoint"], "https://erp.example/interop/oauth2/token")
        self.assertNotIn("evil", document.text)
        self.assertEqual(set(metadata["token_endpoint_auth_signing_alg_values_supported"]), {"RS384", "ES384"})
        for name in ("introspection_endpoint", "revocation_endpoint", "jwks_uri", "scopes_supported"):
            self.assertIn(name, metadata)

    def test_smart_configuration(self):
        document = self.url_open("/fhir/r4/.well-known/smart-configuration").json()
        for name in ("grant_types_supported", "token_endpoint", "capabilities", "code_challenge_methods_supported"):
            self.assertIn(name, document)
        self.assertIn("client-confidential-asymmetric", document["capabilities"])
        self.assertEqual(document["token_endpoint"], tokens.token_url(self.env))
        self.assertIn("S256", document["code_challenge_methods_supported"])

    def test_every_address_of_the_metadata_answers(self):
        document = self.url_open("/.well-known/oauth-authorization-server").json()
        base = tokens.base_url(self.env)
        for name, status in (
            ("jwks_uri", 200),
            ("token_endpoint", 405),
            ("introspection_endpoint", 405),
            ("revocation_endpoint", 405),
        ):
            self.assertEqual(self.url_open(document[name].removeprefix(base)).status_code, status, name)

    def test_the_key_set_has_two_keys_during_rotation(self):
        token = self.token()
        self.env["interop.signing.key"].action_rotate()
        published = self.url_open("/interop/oauth2/jwks.json").json()["keys"]
        self.assertEqual(len(published), 2)
        self.assertEqual(self.bearer(token).status_code, 202)
        self.assertEqual(self.bearer(self.token()).status_code, 202)
        self.assertNotEqual(jose_guard.peek(token).kid, jose_guard.peek(self.token()).kid)

    def test_a_paused_front_door_gives_no_tokens(self):
        self.env.ref("interop_api.interface_front_door").state = "paused"
        response = self.ask()
        self.assertEqual((response.status_code, response.json()["error"]), (503, "temporarily_unavailable"))

    def test_secrets_in_the_form_work_as_in_the_header(self):
        form = {**GRANT, "client_id": "tester", "client_secret": SECRET, "scope": "interop/invoice.r"}
        response = self.url_open("/interop/oauth2/token", data=form)
        self.assertEqual(response.json()["scope"], "interop/invoice.r")
