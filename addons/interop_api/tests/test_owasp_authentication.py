"""The second of the API risks of OWASP (2023): tokens, secrets and assertions that must not let anybody in."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.tests import tagged

from odoo.addons.interop_api import assertion, gate, jose_guard, throttle, tokens

from . import keys
from .common import SECRET
from .test_owasp import OwaspCase

GRANT = {"grant_type": "client_credentials"}


def b64(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@tagged("post_install", "-at_install")
class TestApi2Authentication(OwaspCase):
    def setUp(self):
        super().setUp()
        self.signer = self.env["interop.signing.key"]._signer()
        now = int(time.time())
        self.claims = {
            "iss": tokens.issuer(self.env),
            "sub": "tester",
            "aud": tokens.AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "jti": jose_guard.new_id(),
            "cid": self.account.credential_ids.id,
        }

    def forge(self, claims=None, key=None, **headers):
        headers.setdefault("typ", "at+jwt")
        merged = {**self.claims, **(claims or {})}
        merged = {name: value for name, value in merged.items() if value is not None}
        return keys.sign(merged, key or self.signer, **headers)

    def assertRefused(self, token):
        self.assertEqual(self.post(headers=self.bearer(token)).status_code, 401)

    def test_the_genuine_one_is_accepted(self):
        self.assertEqual(self.post(headers=self.bearer(self.forge())).status_code, 202)

    def test_algorithm_none(self):
        for algorithm in ("none", "None", "NONE"):
            unsigned = f"{b64({'alg': algorithm, 'kid': self.signer.kid, 'typ': 'at+jwt'})}.{b64(self.claims)}"
            self.assertRefused(unsigned + ".")
            self.assertRefused(unsigned + ".AAAA")

    def test_an_hmac_made_with_the_public_key(self):
        published = self.url_open("/interop/oauth2/jwks.json").json()["keys"][0]
        x, y = (int.from_bytes(base64.urlsafe_b64decode(published[name] + "=="), "big") for name in "xy")
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        secrets = [
            public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
            for encoding in (Encoding.PEM, Encoding.DER)
        ]
        secrets += [json.dumps(published).encode(), published["kid"].encode(), b""]
        for secret in secrets:
            signed = f"{b64({'alg': 'HS256', 'kid': self.signer.kid, 'typ': 'at+jwt'})}.{b64(self.claims)}"
            self.assertRefused(f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}")

    def test_a_wrong_missing_or_odd_key_id(self):
        for kid in ("other", "", "../../etc/passwd", "' OR 1=1 --", "x" * 5000):
            self.assertRefused(self.forge(kid=kid))
        self.assertRefused(self.forge(kid=None))

    def test_expired_future_endless_and_not_yet(self):
        now = int(time.time())
        for claims in (
            {"iat": now - 400, "exp": now - 100},
            {"iat": now + 100, "exp": now + 300},
            {"exp": now + 86400},
            {"nbf": now + 100},
            {"exp": None},
            {"iat": None},
            {"exp": "9999999999"},
            {"exp": 1e300},
        ):
            with self.subTest(claims):
                self.assertRefused(self.forge(claims))

    def test_a_foreign_issuer_audience_or_subject(self):
        for claims in (
            {"iss": "https://evil.example"},
            {"iss": tokens.issuer(self.env) + "/"},
            {"iss": [tokens.issuer(self.env)]},
            {"aud": "other"},
            {"aud": ["interop", "other"]},
            {"aud": tokens.token_url(self.env)},
            {"sub": "rival"},
            {"sub": "nobody"},
            {"sub": 7},
            {"cid": self.rival.credential_ids.id},
            {"cid": 0},
            {"cid": -1},
            {"cid": True},
        ):
            with self.subTest(claims):
                self.assertRefused(self.forge(claims))

    def test_a_key_brought_along(self):
        stranger = keys.pair("ES384")
        for headers in (
            {"jwk": keys.public("ES384")},
            {"jku": "https://evil.example/jwks.json"},
            {"x5u": "https://evil.example/cert.pem"},
            {"crit": ["b64"], "b64": False},
        ):
            self.assertRefused(self.forge(key=stranger, **headers))
            self.assertRefused(self.forge(**headers))

    def test_a_replayed_assertion(self):
        self.account._add_key(json.dumps(keys.public("ES384")))
        token = keys.sign(keys.assertion_claims("tester", tokens.token_url(self.env)), keys.pair("ES384"))
        ask = {"data": keys.assertion_form(token)}
        self.assertEqual(self.url_open("/interop/oauth2/token", **ask).status_code, 200)
        for _n in range(2):
            self.assertEqual(self.url_open("/interop/oauth2/token", **ask).status_code, 401)

    def test_an_assertion_for_another_server_or_of_another_client(self):
        self.account._add_key(json.dumps(keys.public("ES384")))
        url = tokens.token_url(self.env)
        for claims in (
            keys.assertion_claims("tester", "https://elsewhere.example/token"),
            keys.assertion_claims("rival", url),
            keys.assertion_claims("tester", url, iss="rival"),
        ):
            form = keys.assertion_form(keys.sign(claims, keys.pair("ES384")))
            self.assertEqual(self.url_open("/interop/oauth2/token", data=form).status_code, 401)

    def test_the_host_header_does_not_make_an_audience(self):
        self.account._add_key(json.dumps(keys.public("ES384")))
        claims = keys.assertion_claims("tester", "http://evil.example/interop/oauth2/token")
        form = keys.assertion_form(keys.sign(claims, keys.pair("ES384")))
        response = self.url_open("/interop/oauth2/token", data=form, headers={"Host": "evil.example"})
        self.assertEqual(response.status_code, 401)

    def test_every_bit_of_a_token_counts(self):
        token = self.forge()
        for position in range(0, len(token), 7):
            if token[position] != ".":
                changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
                with self.assertRaises(jose_guard.TokenError):
                    tokens.check(self.env, changed)

    def test_error_texts_do_not_tell_who_exists(self):
        self.make_account("bare", self.interface).credential_ids.action_revoke()
        self.make_account("gone", self.interface).active = False
        self.account._add_key(json.dumps(keys.public("ES384")))
        stranger = jose_guard.build_key(jose_guard.new_jwk("ES384"), kid="k1", algorithm="ES384", private=True)
        door, secrets, assertions = set(), set(), set()
        for client_id in ("tester", "rival", "nobody", "bare", "gone"):
            wrong = self.basic(client_id, "a-wrong-secret")
            door.add(self._text(self.post(headers=wrong)))
            secrets.add(self._text(self.url_open("/interop/oauth2/token", data=GRANT, headers=wrong)))
            token = keys.sign(keys.assertion_claims(client_id, tokens.token_url(self.env)), stranger)
            assertions.add(self._text(self.url_open("/interop/oauth2/token", data=keys.assertion_form(token))))
        self.assertEqual((len(door), len(secrets), len(assertions)), (1, 1, 1), door | secrets | assertions)

    def _text(self, response):
        document = {name: value for name, value in response.json().items() if name != "instance"}
        return f"{response.status_code} {json.dumps(document, sort_keys=True)}"

    def test_the_same_work_whoever_exists(self):
        """Digests, comparisons, signatures and queries; ``TestSameWork`` looks at secrets in detail."""
        self.account._add_key(json.dumps(keys.public("ES384")))
        stranger = jose_guard.build_key(jose_guard.new_jwk("ES384"), kid="k1", algorithm="ES384", private=True)
        work = []
        for client_id in ("nobody", "tester", "rival", "nobody"):  # the first also reads what a process reads once
            token = keys.sign(keys.assertion_claims(client_id, tokens.token_url(self.env)), stranger)
            presented = gate.Presented("", assertion=token)
            with patch.object(assertion, "_verify", wraps=assertion._verify) as verify, patch.object(throttle, "hit"):
                before = self.env.cr.sql_log_count
                with contextlib.suppress(gate.Problem):  # assertRaises would make a savepoint
                    gate.identify(self.env, presented, "127.0.0.1")
                work.append((verify.call_count, self.env.cr.sql_log_count - before))
        self.assertEqual(len(set(work[1:])), 1, work)
        self.assertEqual(work[1][0], 1)
        self.assertLessEqual(work[1][1], 1)  # whether there were failures, asked for all alike

    def test_guessing_is_stopped_by_address_and_client(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "3")
        self.env.cr.execute("DELETE FROM interop_throttle")
        seen = []
        with patch.object(throttle, "run_apart", lambda env, query, params: env.cr.execute(query, params) or [(1,)]):
            for n in range(5):
                try:
                    gate.identify(self.env, gate.Presented("tester", secret=f"guess-number-{n}"), "192.0.2.77")
                except gate.Problem as error:
                    seen.append(error.code)
            with self.assertRaises(gate.Problem) as caught:
                gate.identify(self.env, gate.Presented("tester", secret=SECRET), "192.0.2.77")
            # The owner elsewhere is not locked out.
            gate.identify(self.env, gate.Presented("tester", secret=SECRET), "198.51.100.1")
        self.assertEqual(seen, [401, 401, 401, 429, 429])
        self.assertEqual(caught.exception.code, 429)

    def test_credentials_in_the_url_mean_nothing(self):
        query = f"?client_id=tester&client_secret={SECRET}&access_token={self.token()}"
        self.assertEqual(self.post(code=f"test-in{query}", headers={"Authorization": None}).status_code, 401)
        self.assertEqual(self.url_open(f"/interop/oauth2/token{query}", data=GRANT).status_code, 400)
