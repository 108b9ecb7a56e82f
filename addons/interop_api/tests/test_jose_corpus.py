import base64
import json
import os
import re
import unittest
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.interop_api import jose_guard, tokens

from . import keys as partner_keys
from .common import DoorCase

CORPUS = Path(os.environ.get("INTEROP_CORPUS") or Path(__file__).resolve().parents[4] / "shared" / "data" / "open")


def strings(value):
    """Every string in a JSON document, and every string of three or five dot-separated parts it can make."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
        if {"protected", "payload", "signature"} <= value.keys():
            yield ".".join(str(value[name]) for name in ("protected", "payload", "signature"))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def keys(value):
    """Every JWK in a JSON document."""
    if isinstance(value, dict):
        if isinstance(value.get("kty"), str):
            yield value
        for item in value.values():
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def spoil(token: str):
    """The same token, changed in ways that must each be noticed."""
    header, payload, signature = token.split(".")
    for n, part in enumerate((header, payload, signature)):
        for position in range(0, len(part), 5):
            other = "A" if part[position] != "A" else "B"
            changed = part[:position] + other + part[position + 1 :]
            yield ".".join([*(header, payload, signature)[:n], changed, *(header, payload, signature)[n + 1 :]])
    fields = json.loads(base64.urlsafe_b64decode(header + "=="))
    for changes in (
        {"alg": "none"},
        {"alg": "HS256" if fields["alg"] != "HS256" else "RS256"},
        {"alg": fields["alg"].lower()},
        {"kid": "other"},
        {"crit": ["exp"]},
        {"b64": False},
    ):
        raw = json.dumps({**fields, **changes}).encode()
        yield f"{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}.{payload}.{signature}"
    yield from (f"{header}.{payload}.", f"{header}..{signature}", f".{payload}.{signature}", f"{token}.", f"{token}=")
    yield from (f" {token}", f"{token}\n", token.replace(".", ".\n", 1), token + "A", token[:-1])


@tagged("post_install", "-at_install")
class TestJoseCorpus(DoorCase):
    """The published JOSE examples (RFC 7520) are genuine, and none of them is a token of ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        files = sorted((CORPUS / "jwt").rglob("*.json"))
        if not files:
            raise unittest.SkipTest(f"no token corpus under {CORPUS}")
        cls.documents = {path.name: json.loads(path.read_text()) for path in files}

    def test_no_example_is_accepted_even_with_its_own_key(self):
        everything = list(self.documents.values())
        built = []
        for jwk in keys(everything):
            for algorithm in ("ES256", "ES384", "RS256", "RS384", "HS256", "HS384"):
                try:
                    built.append(jose_guard.build_key(jwk, kid=jwk.get("kid", ""), algorithm=algorithm))
                except jose_guard.KeyRefused:
                    continue
        self.assertGreater(len(built), 3)
        tokens = [text for text in strings(everything) if text.count(".") in (2, 4)]
        self.assertGreater(len(tokens), 5)
        for token in tokens:
            for key in built:
                with self.assertRaises(jose_guard.TokenError):
                    jose_guard.verify(
                        token, lambda kid, key=key: key, audience="interop", issuer="x", max_lifetime=10**9
                    )

    def test_genuine_signatures_are_accepted_and_no_changed_one(self):
        """The published examples that this guard's algorithms cover, then every way of spoiling them."""
        genuine = 0
        for name, document in self.documents.items():
            jwk, compact = document.get("input", {}).get("key"), document.get("output", {}).get("compact")
            if not isinstance(jwk, dict) or not isinstance(compact, str) or compact.count("..") == 1:
                continue
            algorithm = document["input"].get("alg", "")
            try:
                key = jose_guard.build_key(jwk, kid=jwk.get("kid", ""), algorithm=algorithm)
            except jose_guard.KeyRefused:
                continue
            with self.subTest(name):
                jose_guard.check_signature(compact, key)
                genuine += 1
                for spoiled in spoil(compact):
                    with self.assertRaises(jose_guard.TokenError):
                        jose_guard.check_signature(spoiled, key)
        self.assertGreaterEqual(genuine, 2)

    def test_no_invalid_vector_is_accepted(self):
        """Vector suites in the form of Project Wycheproof, as far as the corpus has any."""
        accepted, seen = [], 0
        for name, document in self.documents.items():
            for group in document.get("testGroups", ()) if isinstance(document, dict) else ():
                jwk = group.get("public") or group.get("private") or {}
                for vector in group.get("tests", ()):
                    seen += 1
                    if isinstance(vector.get("jws"), str) and self._accepts(vector["jws"], jwk):
                        accepted += [(name, vector.get("tcId"))] if vector.get("result") == "invalid" else []
        self.assertEqual(accepted, [], f"of {seen} vectors")

    def _accepts(self, token, jwk) -> bool:
        for algorithm in ("ES256", "ES384", "RS256", "RS384", "HS256", "HS384"):
            try:
                key = jose_guard.build_key(jwk, kid=jwk.get("kid", ""), algorithm=algorithm)
                jose_guard.check_signature(token, key)
            except (jose_guard.KeyRefused, jose_guard.TokenError):
                continue
            return True
        return False

    def test_the_key_pairs_of_the_smart_examples_get_tokens(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        account = self.env["interop.service.account"].create({"name": "Smart", "client_id": "smart-example"})
        for algorithm in ("ES384", "RS384"):
            public = self.documents.get(f"{algorithm}.public.json")
            if public is None:
                self.skipTest("no SMART examples in the corpus")
            account._add_key(json.dumps(public))
            private = next(jwk for jwk in self.documents[f"{algorithm}.private.json"]["keys"] if "d" in jwk)
            key = jose_guard.build_key(private, kid=private["kid"], algorithm=algorithm, private=True)
            claims = partner_keys.assertion_claims("smart-example", tokens.token_url(self.env))
            form = partner_keys.assertion_form(partner_keys.sign(claims, key))
            response = self.url_open("/interop/oauth2/token", data=form)
            self.assertEqual(response.status_code, 200, response.text)

    def test_the_assertion_of_the_smart_examples_is_for_another_server(self):
        text = next((CORPUS / "jwt").rglob("example-backend-services.md"), None)
        if text is None:
            self.skipTest("no SMART examples in the corpus")
        found = set(re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", text.read_text()))
        self.assertTrue(found)
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        for token in found:
            response = self.url_open("/interop/oauth2/token", data=partner_keys.assertion_form(token))
            self.assertEqual(response.status_code, 401)
            self.assertEqual(self.post(headers={"Authorization": f"Bearer {token}"}).status_code, 401)

    def test_the_door_answers_401_to_every_string_of_every_file(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        for name, document in self.documents.items():
            candidates = {text for text in strings(document) if "." in text and text.isascii() and text.isprintable()}
            for token in sorted(candidates)[:3]:
                with self.subTest(name):
                    response = self.post(headers={"Authorization": f"Bearer {token}"})
                    self.assertProblem(response, 401, response.json().get("code"))
        self.assertEqual(self.count(), 0)
