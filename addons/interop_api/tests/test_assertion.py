import base64
import json
import time
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.interop_api import assertion, gate, jwks, tokens

from . import keys
from .common import DoorCase


class KeyCase(DoorCase):
    """An account with an EC key and one with an RSA key; failures do not fill the buckets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        cls.keyed = cls.env["interop.service.account"].create(
            {
                "name": "Keyed",
                "client_id": "keyed",
                "interface_ids": [(6, 0, cls.interface.ids)],
                "scopes": "interop/invoice.read system/*.rs",
            }
        )
        cls.credential = cls.keyed._add_key(json.dumps(keys.public("ES384")))
        cls.url = tokens.token_url(cls.env)

    def assertion(self, algorithm="ES384", client_id="keyed", key=None, headers=None, **changes):
        claims = keys.assertion_claims(client_id, self.url, **changes)
        return keys.sign(claims, key or keys.pair(algorithm), **(headers or {}))

    def ask(self, token, **more):
        return self.url_open("/interop/oauth2/token", data=keys.assertion_form(token, **more))

    def assertRefused(self, token, code=None):
        response = self.ask(token)
        self.assertEqual((response.status_code, response.json()["error"]), (401, "invalid_client"), response.text)
        if code:
            self.assertEqual(response.json()["code"], code)
        return response


@tagged("post_install", "-at_install")
class TestAssertion(KeyCase):
    def test_a_token_by_es384_and_rs384(self):
        self.keyed._add_key(json.dumps(keys.public("RS384", "k2")))
        for token in (self.assertion(), self.assertion(key=keys.pair("RS384", "k2"))):
            response = self.ask(token)
            self.assertEqual(response.status_code, 200, response.text)
            answer = response.json()
            self.assertEqual(answer["scope"], "interop/invoice.read system/*.rs")
            headers = {"Authorization": f"Bearer {answer['access_token']}"}
            self.assertEqual(self.post(headers=headers).status_code, 202)

    def test_the_use_of_a_key_is_noted(self):
        gate._noted.clear()
        self.ask(self.assertion())
        self.credential.invalidate_recordset()
        self.assertTrue(self.credential.last_used_at)

    def test_each_assertion_counts_once(self):
        token = self.assertion(jti="once")
        self.assertEqual(self.ask(token).status_code, 200)
        self.assertRefused(token, "token.replayed")
        self.assertRefused(self.assertion(jti="once"), "token.replayed")

    def test_another_client_may_use_the_same_jti(self):
        other = self.env["interop.service.account"].create({"name": "Other", "client_id": "other-keyed"})
        other._add_key(json.dumps(keys.public("ES384")))
        self.assertEqual(self.ask(self.assertion(jti="same")).status_code, 200)
        self.assertEqual(self.ask(self.assertion(client_id="other-keyed", jti="same")).status_code, 200)

    def test_claims_are_checked(self):
        now = int(time.time())
        for changes in (
            {"aud": "https://elsewhere.example/token"},
            {"aud": self.url + "/"},
            {"aud": [self.url, "https://elsewhere.example/token"]},
            {"aud": tokens.base_url(self.env)},
            {"iss": "somebody"},
            {"sub": "somebody"},
            {"exp": now - 1},
            {"exp": now + 320},
            {"exp": None},
            {"jti": None},
            {"jti": ""},
            {"iat": now + 60},
            {"nbf": now + 60},
            {"exp": str(now + 60)},
        ):
            with self.subTest(changes):
                self.assertRefused(self.assertion(**changes))
        self.assertEqual(self.ask(self.assertion(aud=[self.url], iat=None)).status_code, 200)

    def test_keys_are_found_by_id_and_type(self):
        self.assertRefused(self.assertion(key=keys.pair("ES384", "k9")), "token.refused")
        self.assertRefused(self.assertion(key=keys.pair("RS384")), "token.refused")
        self.assertRefused(self.assertion(headers={"kid": None}), "token.header")
        stranger = keys.jose_guard.build_key(
            keys.jose_guard.new_jwk("ES384"), kid="k1", algorithm="ES384", private=True
        )
        self.assertRefused(self.assertion(key=stranger), "token.refused")

    def test_header_members_of_others_are_refused(self):
        for headers in (
            {"typ": "at+jwt"},
            {"crit": ["exp"]},
            {"jwk": keys.public("ES384")},
            {"jku": "https://evil.example/jwks.json"},
        ):
            with self.subTest(headers):
                self.assertRefused(self.assertion(headers=headers), "token.header")

    def test_other_algorithms_are_refused(self):
        weak = keys.jose_guard.build_key(keys.jose_guard.new_ec_jwk(), kid="k1", algorithm="ES256", private=True)
        self.assertRefused(self.assertion(key=weak))

        # "none", and an HMAC made with what is public.
        def encode(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        claims = encode(keys.assertion_claims("keyed", self.url))
        for algorithm in ("none", "HS384", "HS256"):
            self.assertRefused(f"{encode({'alg': algorithm, 'kid': 'k1', 'typ': 'JWT'})}.{claims}.AAAA")

    def test_the_client_id_beside_must_be_the_assertions(self):
        self.assertEqual(self.ask(self.assertion(), client_id="keyed").status_code, 200)
        self.assertEqual(self.ask(self.assertion(), client_id="tester").status_code, 400)
        self.assertEqual(self.ask(self.assertion(), client_secret="a-secret-for-tests").status_code, 400)
        form = keys.assertion_form(self.assertion())
        form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
        self.assertEqual(self.url_open("/interop/oauth2/token", data=form).status_code, 400)

    def test_a_revoked_or_expired_key_ends_its_tokens(self):
        token = self.ask(self.assertion()).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        self.assertEqual(self.post(headers=headers).status_code, 202)
        self.credential.action_revoke()
        self.assertEqual(self.post(headers=headers).status_code, 401)
        self.assertRefused(self.assertion(), "token.refused")

    def test_two_keys_are_valid_at_once_and_rotation_ends_the_first(self):
        self.keyed._add_key(json.dumps(keys.public("ES384", "k2")), overlap_days=7)
        self.assertTrue(self.credential.expires_at)
        for kid in ("k1", "k2"):
            self.assertEqual(self.ask(self.assertion(key=keys.pair("ES384", kid))).status_code, 200)
        with self.assertRaises(UserError):
            self.keyed._add_key(json.dumps(keys.public("ES384", "k3")))

    def test_what_partners_hand_over(self):
        self.credential.action_revoke()
        numbers = keys.jose_guard._decode_segment
        jwk = keys.public("ES384", "pem")
        point = [int.from_bytes(numbers(jwk[name], ""), "big") for name in "xy"]
        pem = (
            ec.EllipticCurvePublicNumbers(*point, ec.SECP384R1())
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        credential = self.keyed._add_key(pem.decode())
        self.assertEqual((credential.kid, credential.algorithm), (keys.jose_guard.thumbprint(jwk), "ES384"))
        for text in (
            "",
            "nonsense",
            "[]",
            json.dumps({"keys": [keys.public("ES384", "a"), keys.public("ES384", "b")]}),
            json.dumps(keys.private("ES384")),
            json.dumps({"kty": "oct", "k": "AAAA"}),
            json.dumps(keys.jose_guard.public_jwk(keys.jose_guard.new_ec_jwk())),
            json.dumps({**keys.public("ES384", "c"), "alg": "ES256"}),
            json.dumps({**keys.public("ES384", "d"), "use": "enc"}),
        ):
            with self.subTest(text[:20]), self.assertRaises(UserError):
                self.keyed._add_key(text)

    def test_the_same_work_for_clients_that_are_not_there(self):
        calls = []
        verify = assertion._verify

        def counting(*args):
            calls.append(1)
            return verify(*args)

        with patch.object(assertion, "_verify", counting):
            for token in (
                self.assertion(client_id="nobody"),
                self.assertion(key=keys.pair("ES384", "k9")),
                self.assertion(client_id="tester"),
            ):
                calls.clear()
                self.assertRefused(token)
                self.assertEqual(len(calls), 1)

    def test_used_ids_are_forgotten_when_the_assertion_is_over(self):
        self.ask(self.assertion(jti="old"))
        self.env.cr.execute("UPDATE interop_token_id SET until = 0")
        self.assertGreater(self.env["interop.token.id"]._sweep()[0], 0)


@tagged("post_install", "-at_install")
class TestKeySet(KeyCase):
    """Keys from the partner's own address."""

    def setUp(self):
        super().setUp()
        self.server = keys.KeyServer()
        self.addCleanup(self.server.close)
        self.env["ir.config_parameter"].set_param("interop_api.allowed_hosts", "127.0.0.1")
        self.credential.action_revoke()
        self.keyed.jwks_url = self.server.url
        self.server.publish(keys.public("ES384"), keys.public("RS384"))

    def test_keys_are_fetched_once_and_found_by_type(self):
        self.assertEqual(self.ask(self.assertion()).status_code, 200)
        self.assertEqual(self.ask(self.assertion("RS384")).status_code, 200)
        self.assertEqual(self.server.asked, 1)

    def test_cache_control_is_honoured(self):
        self.server.headers = {"Cache-Control": "no-store"}
        self.ask(self.assertion())
        self.ask(self.assertion())
        self.assertEqual(self.server.asked, 2)
        for control, age in (("max-age=60", 60), ("public, max-age=99999999", 3600), ("", 300), ("no-cache", 0)):
            self.assertEqual(jwks._age(control), age)

    def test_a_new_key_is_looked_for_but_not_at_every_request(self):
        self.ask(self.assertion())
        for _n in range(3):
            self.assertRefused(self.assertion(key=keys.pair("ES384", "k7")), "token.refused")
        self.assertEqual(self.server.asked, 1)
        jwks._sets[self.server.url].fetched -= 11
        self.server.publish(keys.public("ES384", "k7"))
        self.assertEqual(self.ask(self.assertion(key=keys.pair("ES384", "k7"))).status_code, 200)

    def test_two_keys_of_one_name_are_none(self):
        self.server.publish(keys.public("ES384"), keys.public("ES384"))
        self.assertRefused(self.assertion(), "token.refused")

    def test_the_header_may_name_the_registered_address_only(self):
        self.assertEqual(self.ask(self.assertion(headers={"jku": self.server.url})).status_code, 200)
        self.assertRefused(self.assertion(headers={"jku": self.server.url + "?x"}), "token.header")

    def test_tokens_end_with_the_address(self):
        headers = {"Authorization": "Bearer " + self.ask(self.assertion()).json()["access_token"]}
        self.assertEqual(self.post(headers=headers).status_code, 202)
        self.keyed.action_revoke_all()
        self.assertEqual(self.post(headers=headers).status_code, 401)

    def test_bad_answers_are_no_keys(self):
        for status, body in (
            (302, b'{"keys": []}'),
            (500, b""),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b'{"keys": 1}'),
            (200, b'{"keys": [1]}'),
            (200, b"[" * 70_000),
        ):
            with self.subTest(status=status, body=body[:10]):
                jwks.forget(self.server.url)
                self.server.status, self.server.body = status, body
                self.server.headers = {"Location": self.server.url} if status == 302 else {}
                self.assertRefused(self.assertion(), "token.refused")

    def test_a_slow_server_is_not_waited_for(self):
        self.server.delay = 4
        began = time.monotonic()
        self.assertRefused(self.assertion(), "token.refused")
        self.assertLess(time.monotonic() - began, 3.5)

    def test_the_administrator_can_try_it(self):
        self.assertEqual(self.keyed.action_check_jwks()["params"]["type"], "success")
        self.server.body = b"x"
        with self.assertRaises(UserError):
            self.keyed.action_check_jwks()
