import json
import os
import unittest
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.interop_api import jose_guard

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

    def test_the_door_answers_401_to_every_string_of_every_file(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "100000")
        for name, document in self.documents.items():
            candidates = {text for text in strings(document) if "." in text and text.isascii() and text.isprintable()}
            for token in sorted(candidates)[:3]:
                with self.subTest(name):
                    response = self.post(headers={"Authorization": f"Bearer {token}"})
                    self.assertProblem(response, 401, response.json().get("code"))
        self.assertEqual(self.count(), 0)
