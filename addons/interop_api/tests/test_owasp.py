"""The ten API risks of OWASP (2023), as far as identity and policy answer them: one class per item.

What resources answer (their records, fields and flows) is tested beside the resources.
"""

import gzip
import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.interop_api import gate, jose_guard, jwks, tokens
from odoo.addons.interop_api.routes import interop_routes
from odoo.addons.interop_hub import net_guard

from . import keys
from .common import SECRET, DoorCase

GRANT = {"grant_type": "client_credentials"}
NOWHERE = "00000000-0000-0000-0000-000000000000"


class OwaspCase(DoorCase):
    """Two partners: ``tester``, and ``rival`` with an interface of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        cls.rival = cls.make_account("rival", cls.other)

    def bearer(self, token):
        return {"Authorization": f"Bearer {token}"}

    def status_of(self, uuid, headers):
        return self.url_open(f"/interop/v1/messages/{uuid}", headers=headers)

    def partner_env(self, account):
        caller = gate.identify(self.env, gate.Presented(account.client_id, secret=SECRET), "127.0.0.1")
        return gate.partner_env(self.env, caller)


@tagged("post_install", "-at_install")
class TestApi1ObjectLevel(OwaspCase):
    def test_messages_of_another_partner_look_like_none(self):
        uuid = self.post().json()["uuid"]
        self.assertEqual(self.status_of(uuid, self.basic()).status_code, 200)
        foreign, absent = (self.status_of(name, self.basic("rival")) for name in (uuid, NOWHERE))
        self.assertProblem(foreign, 404, "message")
        same = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in (foreign, absent)]
        self.assertEqual(*same)

    def test_an_interface_of_another_partner_looks_like_none(self):
        foreign = self.post(headers=self.basic("rival"))
        absent = self.post(code="no-such-interface", headers=self.basic("rival"))
        self.assertEqual(foreign.status_code, 403)
        same = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in (foreign, absent)]
        self.assertEqual(*same)

    def test_tokens_of_another_partner_cannot_be_looked_into_or_ended(self):
        token = self.token()
        ask = {"data": {"token": token}, "headers": self.basic("rival")}
        self.assertEqual(self.url_open("/interop/oauth2/introspect", **ask).json(), {"active": False})
        self.assertEqual(self.url_open("/interop/oauth2/revoke", **ask).status_code, 200)
        self.assertEqual(self.post(headers=self.bearer(token)).status_code, 202)

    def test_another_company_is_out_of_reach(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        env = self.partner_env(self.account)
        self.assertNotIn(elsewhere, env.companies)
        with self.assertRaises(AccessError):
            env["res.company"].with_context(allowed_company_ids=elsewhere.ids).env.company  # noqa: B018


@tagged("post_install", "-at_install")
class TestApi3PropertyLevel(OwaspCase):
    def test_a_client_cannot_write_claims_or_more_scope(self):
        self.account.scopes = "interop/invoice.read"
        form = {**GRANT, "sub": "rival", "aud": "x", "cid": "1", "exp": "9999999999", "client_id": "tester"}
        form["scope"] = "interop/*.* interop/*.phi system/*.*"
        answer = self.url_open("/interop/oauth2/token", data=form, headers=self.basic()).json()
        self.assertEqual(answer["scope"], "interop/invoice.rs")
        claims = jose_guard.peek(answer["access_token"]).claims
        self.assertEqual((claims["sub"], claims["aud"]), ("tester", "interop"))
        self.assertLessEqual(claims["exp"] - claims["iat"], 300)

    def test_nothing_secret_comes_back(self):
        for path in ("/interop/oauth2/jwks.json", "/.well-known/oauth-authorization-server"):
            text = self.url_open(path).text
            for word in ('"d"', SECRET, "secret_hash", "sealed"):
                self.assertNotIn(word, text)
        state = self.status_of(self.post().json()["uuid"], self.basic()).json()
        self.assertLessEqual(
            set(state),
            {"uuid", "interface", "type", "state", "received_at", "finished_at", "next_attempt_at", "attempts", "error",
             "trace_id"},
        )  # fmt: skip


@tagged("post_install", "-at_install")
class TestApi4Resources(OwaspCase):
    def test_bodies_are_bounded_before_and_after_decompression(self):
        self.interface.max_body_bytes = 1000
        self.assertProblem(self.post(b" " * 1001), 413, "body.too_large")
        bomb = gzip.compress(b" " * 10_000_000)
        self.assertLess(len(bomb), 10_000)
        self.interface.max_body_bytes = 20_000
        self.assertProblem(self.post(bomb, headers={"Content-Encoding": "gzip"}), 413, "body.too_large")

    def test_tokens_headers_and_forms_are_bounded(self):
        self.assertEqual(self.post(headers=self.bearer("A" * 9000)).status_code, 401)
        self.assertEqual(self.post(headers=self.basic("x" * 5000)).status_code, 401)
        big = self.url_open("/interop/oauth2/token", data={**GRANT, "x": "y" * 40_000}, headers=self.basic())
        self.assertEqual(big.status_code, 413)
        many = "&".join(f"a{n}=1" for n in range(30))
        headers = {**self.basic(), "Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.url_open("/interop/oauth2/token", data=many, headers=headers).status_code, 400)

    def test_what_processes_remember_is_bounded(self):
        for bound in (tokens.MAX_REMEMBERED, jwks.MAX_SETS, jwks.MAX_BYTES, jwks.MAX_KEYS):
            self.assertLess(bound, 100_000)

    def test_accounts_may_have_quotas_of_their_own(self):
        self.account.write({"max_body_bytes": 500, "max_page": 5, "max_bundle": 6})
        caller = gate.identify(self.env, gate.Presented("tester", secret=SECRET), "127.0.0.1")
        quota = gate.quota(self.interface, caller)
        self.assertEqual((quota.body, quota.page, quota.bundle), (500, 5, 6))


@tagged("post_install", "-at_install")
class TestApi5FunctionLevel(OwaspCase):
    def test_a_partner_is_nobody_on_the_other_doors(self):
        token = self.token()
        for proof in (self.basic(), self.bearer(token)):
            headers = {**proof, "Content-Type": "application/json"}
            response = self.url_open("/json/2/res.partner/search_read", data="{}", headers=headers)
            self.assertIn(response.status_code, (401, 403))
        self.assertEqual(
            self.url_open("/web/session/get_session_info", data="{}", headers=self.bearer(token)).status_code, 415
        )

    def test_technical_users_reach_nothing_of_the_hub(self):
        env = self.partner_env(self.account)
        for model in (
            "interop.service.account",
            "interop.service.credential",
            "interop.signing.key",
            "interop.message",
            "interop.payload",
            "interop.interface",
            "interop.call",
            "interop.trusted.issuer",
            "interop.audit.event",
            "ir.config_parameter",
            "res.users",
        ):
            for operation in ("read", "write", "create", "unlink"):
                if (model, operation) != ("res.users", "read"):
                    self.assertFalse(env[model].has_access(operation), (model, operation))

    def test_other_methods_are_refused(self):
        for method in ("PUT", "DELETE", "PATCH", "GET"):
            response = self.url_open("/interop/v1/inbound/test-in", headers=self.basic(), method=method)
            self.assertProblem(response, 405, "method")

    def test_methods_cannot_be_smuggled(self):
        headers = {**self.basic(), "X-HTTP-Method-Override": "POST", "Content-Type": "application/json"}
        self.assertProblem(self.url_open("/interop/v1/inbound/test-in", headers=headers, method="GET"), 405, "method")


@tagged("post_install", "-at_install")
class TestApi6Flows(OwaspCase):
    def test_a_burst_of_one_partner_leaves_the_others_alone(self):
        self.account.write({"rate_limit": 60, "rate_burst": 2})
        mine = [self.post().status_code for _n in range(4)]
        self.assertEqual(mine, [202, 202, 429, 429])
        self.assertEqual(self.post(code="test-other", headers=self.basic("rival")).status_code, 202)

    def test_a_paused_interface_stops_all_ways_to_it(self):
        token = self.token()
        self.interface.state = "paused"
        for headers in (self.basic(), self.bearer(token)):
            self.assertEqual(self.post(headers=headers).status_code, 503)


@tagged("post_install", "-at_install")
class TestApi7RequestForgery(OwaspCase):
    def test_key_sets_are_not_fetched_from_inside(self):
        for url in (
            "http://example.org/jwks.json",
            "https://127.0.0.1/jwks.json",
            "https://localhost/jwks.json",
            "https://[::1]/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://user@127.0.0.1/",
            "https://127.0.0.1:22/",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
        ):
            with self.subTest(url), self.assertRaises(jwks.Unavailable) as caught:
                jwks.download(url)
            self.assertNotIn("127.0.0.1", str(caught.exception))

    def test_a_name_that_leads_inside_is_no_way_around(self):
        inside = [(2, 1, 6, "", ("10.1.2.3", 443))]
        both = [(2, 1, 6, "", ("93.184.215.14", 443)), *inside]
        for answer in (inside, both):
            with self.assertRaises(net_guard.Forbidden):
                net_guard.resolve("https://keys.example/", lookup=lambda *args, answer=answer, **more: answer)

    def test_an_allowed_host_does_not_allow_its_neighbours_or_redirects(self):
        server = keys.KeyServer()
        self.addCleanup(server.close)
        inner = keys.KeyServer()
        self.addCleanup(inner.close)
        allow = frozenset({f"127.0.0.1:{server.server.server_port}"})
        server.publish(keys.public("ES384"))
        self.assertEqual(len(jwks.download(server.url, allow)[0]), 1)
        with self.assertRaises(jwks.Unavailable):
            jwks.download(inner.url, allow)
        server.status, server.headers = 302, {"Location": inner.url}
        with self.assertRaises(jwks.Unavailable):
            jwks.download(server.url, allow)
        self.assertEqual(inner.asked, 0)

    def test_a_token_cannot_make_us_call_anywhere(self):
        with patch.object(jwks, "download") as download:
            for header in ("jku", "x5u"):
                token = keys.sign(
                    keys.assertion_claims("tester", tokens.token_url(self.env)),
                    keys.pair("ES384"),
                    **{header: "https://evil.example/"},
                )
                self.assertEqual(self.post(headers=self.bearer(token)).status_code, 401)
                self.url_open("/interop/oauth2/token", data=keys.assertion_form(token))
        download.assert_not_called()


@tagged("post_install", "-at_install")
class TestApi8Configuration(OwaspCase):
    def test_answers_tell_nothing_of_the_inside(self):
        for response in (
            self.url_open("/interop/nothing"),
            self.post(headers={"Authorization": "Bearer \x7f"}),
            self.post(b"{", content_type="application/json"),
            self.url_open("/interop/v1/messages/%00", headers=self.basic()),
            self.url_open("/interop/oauth2/token", data="a=%ff", headers=self.basic()),
        ):
            self.assertLess(response.status_code, 500, response.text)
            for word in ("Traceback", "psycopg2", "odoo.", "/addons/", "SELECT"):
                self.assertNotIn(word, response.text)
            self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
            self.assertNotIn("Set-Cookie", response.headers)
            self.assertNotIn("Access-Control-Allow-Origin", response.headers)

    def test_tokens_are_not_to_be_cached(self):
        response = self.url_open("/interop/oauth2/token", data=GRANT, headers=self.basic())
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_a_session_of_the_web_client_opens_nothing_here(self):
        self.authenticate("admin", "admin")
        self.assertEqual(self.post(headers={"Authorization": None}).status_code, 401)


@tagged("post_install", "-at_install")
class TestApi9Inventory(OwaspCase):
    def test_no_route_is_open_that_is_not_meant_to_be(self):
        opened = {
            route.path for route in interop_routes(self.env) if route.auth == "none" and route.addon == "interop_api"
        }
        meant = {
            "/interop",
            "/interop/{rest}",
            "/interop/oauth2/token",
            "/interop/oauth2/introspect",
            "/interop/oauth2/revoke",
            "/interop/oauth2/jwks.json",
            "/.well-known/oauth-authorization-server",
            "/fhir/r4/.well-known/smart-configuration",
            "/interop/v1/openapi.json",
            "/interop/v1/docs",
        }
        self.assertFalse(
            {path for path in opened - meant if not path.startswith(("/interop/test/", "/interop/v1/docs/"))}
        )

    def test_a_retired_interface_is_gone(self):
        self.interface.state = "retired"
        self.assertProblem(self.post(), 410, "interface.retired")


@tagged("post_install", "-at_install")
class TestApi10UnsafeConsumption(OwaspCase):
    def test_odd_key_sets_are_no_keys(self):
        for content in (
            b"",
            b"null",
            b"1",
            b'"keys"',
            b'{"keys": {}}',
            b'{"keys": [[]]}',
            json.dumps({"keys": [{}] * 51}).encode(),
            b"\xff",
            b"[" * 100_000,
        ):
            with self.subTest(content[:20]), self.assertRaises(jwks.Unavailable):
                jwks.parse(content)

    def test_odd_keys_are_not_used(self):
        for jwk in (
            {},
            {"kid": "k1"},
            {"kid": "k1", "kty": "EC"},
            {"kid": "k1", "kty": "oct", "k": "AAAA"},
            {**keys.public("ES384"), "x": "AAAA"},
            {**keys.public("ES384"), "crv": "P-256"},
            {**keys.public("ES384"), "key_ops": "verify"},
            {**keys.public("ES384"), "use": "enc"},
            {**keys.public("ES384"), "x": 5},
        ):
            with self.subTest(jwk):
                self.assertIsNone(jwks.KeySet([jwk], 0, 0).find("k1", "ES384"))
        self.assertIsNotNone(jwks.KeySet([keys.public("ES384")], 0, 0).find("k1", "ES384"))
