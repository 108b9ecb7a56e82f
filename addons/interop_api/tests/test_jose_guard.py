import base64
import hashlib
import hmac
import json
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from odoo.tests import BaseCase, tagged

from odoo.addons.interop_api import jose_guard
from odoo.addons.interop_api.jose_guard import KeyRefused, TokenError

ISSUER, AUDIENCE = "urn:uuid:here", "interop"


def b64(data) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@tagged("post_install", "-at_install")
class TestJoseGuard(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.jwk = jose_guard.new_ec_jwk()
        cls.signer = jose_guard.build_key(cls.jwk, kid="k1", algorithm="ES256", private=True)
        cls.verifier = jose_guard.build_key(jose_guard.public_jwk(cls.jwk), kid="k1", algorithm="ES256")

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": "me", "aud": AUDIENCE, "iat": now, "exp": now + 300, "jti": "1", **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def verify(self, token, keys=None):
        keys = {"k1": self.verifier} if keys is None else keys
        return jose_guard.verify(token, keys.get, audience=AUDIENCE, issuer=ISSUER, max_lifetime=300)

    def assertRefused(self, token, code=None, keys=None):
        with self.assertRaises(TokenError) as caught:
            self.verify(token, keys)
        if code:
            self.assertEqual(caught.exception.code, code)

    def forge(self, header, claims=None, signature=None):
        """A token with a genuine signature over any header and claims."""
        signing_input = f"{b64(header)}.{b64(self.claims() if claims is None else claims)}"
        signature = self.signer.key.sign(signing_input.encode()) if signature is None else signature
        return f"{signing_input}.{b64(signature)}"

    def test_what_we_signed_is_accepted(self):
        claims = self.claims()
        self.assertEqual(self.verify(jose_guard.sign(claims, self.signer)), claims)

    def test_hs256_forged_with_the_public_key_is_refused(self):
        public = ec.EllipticCurvePublicNumbers(
            *(int.from_bytes(base64.urlsafe_b64decode(self.jwk[m] + "=="), "big") for m in "xy"), ec.SECP256R1()
        ).public_key()
        forms = [
            public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
            for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
        ] + [json.dumps(jose_guard.public_jwk(self.jwk)).encode()]
        signing_input = f"{b64({'alg': 'HS256', 'kid': 'k1'})}.{b64(self.claims())}"
        for secret in forms:
            forged = hmac.digest(secret, signing_input.encode(), hashlib.sha256)
            self.assertRefused(f"{signing_input}.{b64(forged)}", "token.algorithm")

    def test_algorithm_none_is_refused(self):
        for algorithm in ("none", "None", "NONE", "nOnE"):
            signing_input = f"{b64({'alg': algorithm, 'kid': 'k1'})}.{b64(self.claims())}"
            self.assertRefused(signing_input + ".")
            self.assertRefused(f"{signing_input}.{b64(b'x')}", "token.algorithm")

    def test_another_algorithm_of_the_family_is_refused(self):
        self.assertRefused(self.forge({"alg": "ES384", "kid": "k1"}), "token.algorithm")

    def test_an_unknown_or_missing_key_id_is_refused(self):
        self.assertRefused(self.forge({"alg": "ES256", "kid": "k2"}), "token.key")
        self.assertRefused(self.forge({"alg": "ES256"}), "token.header")
        self.assertRefused(self.forge({"alg": "ES256", "kid": 1}), "token.header")

    def test_a_key_found_under_another_id_is_refused(self):
        self.assertRefused(self.forge({"alg": "ES256", "kid": "k2"}), "token.key", keys={"k2": self.verifier})

    def test_a_foreign_signature_is_refused(self):
        stranger = jose_guard.build_key(jose_guard.new_ec_jwk(), kid="k1", algorithm="ES256", private=True)
        self.assertRefused(jose_guard.sign(self.claims(), stranger), "token.refused")

    def test_changed_claims_are_refused(self):
        header, _claims, signature = jose_guard.sign(self.claims(), self.signer).split(".")
        self.assertRefused(f"{header}.{b64(self.claims(sub='you'))}.{signature}", "token.refused")

    def test_times_are_kept(self):
        now = int(time.time())
        cases = [
            ({"iat": now - 400, "exp": now - 100}, "token.expired"),
            ({"iat": now - 10, "exp": now - 1}, "token.expired"),
            ({"iat": now + 100, "exp": now + 300}, "token.future"),
            ({"nbf": now + 100}, "token.claims"),
            ({"exp": now + 86400}, "token.lifetime"),
            ({"iat": now + 5, "exp": now + 5}, "token.lifetime"),
        ]
        for changes, code in cases:
            with self.subTest(changes):
                self.assertRefused(jose_guard.sign(self.claims(**changes), self.signer), code)

    def test_every_claim_is_required_with_its_type(self):
        for claim in ("exp", "iat", "aud", "iss", "sub", "jti"):
            for value in (None, "", [], {}, True, 1.5, [AUDIENCE], "9999999999"):
                if claim in ("sub", "jti") and value == "9999999999":
                    continue
                with self.subTest(claim=claim, value=value):
                    self.assertRefused(self.forge({"alg": "ES256", "kid": "k1"}, self.claims(**{claim: value})))

    def test_a_foreign_issuer_or_audience_is_refused(self):
        for changes in ({"iss": "urn:uuid:elsewhere"}, {"aud": "other"}, {"aud": [AUDIENCE, "other"]}):
            self.assertRefused(jose_guard.sign(self.claims(**changes), self.signer))

    def test_header_members_beyond_ours_are_refused(self):
        extras = [
            {"crit": ["exp"], "exp": 1},
            {"crit": []},
            {"b64": False},
            {"zip": "DEF"},
            {"jwk": jose_guard.public_jwk(self.jwk)},
            {"jku": "https://example.org/jwks"},
            {"x5u": "https://example.org/cert"},
            {"x5c": ["AAAA"]},
            {"typ": "logout+jwt"},
        ]
        for extra in extras:
            with self.subTest(extra):
                self.assertRefused(self.forge({"alg": "ES256", "kid": "k1", **extra}), "token.header")

    def test_base64_must_be_canonical(self):
        token = jose_guard.sign(self.claims(), self.signer)
        header, claims, signature = token.split(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        # 64 bytes leave four unused bits in the last character of the signature.
        stray = signature[:-1] + alphabet[alphabet.index(signature[-1]) | 1]
        self.assertNotEqual(stray, signature)
        for wrong in (
            f"{header}.{claims}.{stray}",
            f"{header}.{claims}.{signature}==",
            f"{header}.{claims}.{signature} ",
            f"{header}.{claims}.{signature}\n",
            f" {token}",
            f"{header}=.{claims}.{signature}",
            f"{header}.{claims[:4]}\n{claims[4:]}.{signature}",
            f"{header}.{claims}.{signature[:4]}+/{signature[6:]}",
            f"{header}.{claims}.",
            f"{header}..{signature}",
            f"{header}.{claims}",
            f"{token}.",
            f"{token}.AAAA.AAAA",
            "",
            "é" + token,
        ):
            self.assertRefused(wrong)

    def test_duplicate_members_are_refused(self):
        header = b'{"alg":"ES256","kid":"k2","kid":"k1"}'
        self.assertRefused(self.forge(header), "token.header")
        claims = json.dumps(self.claims())[:-1].encode() + b', "sub": "you"}'
        self.assertRefused(self.forge({"alg": "ES256", "kid": "k1"}, claims), "token.claims")

    def test_odd_json_is_refused(self):
        for claims in (b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 2000, b'{"exp": NaN}'):
            self.assertRefused(self.forge({"alg": "ES256", "kid": "k1"}, claims), "token.claims")

    def test_long_tokens_are_refused_before_anything_is_decoded(self):
        self.assertRefused("A" * (jose_guard.MAX_TOKEN_BYTES + 1), "token.too_long")

    def test_keys_are_mappings_of_the_right_type(self):
        pem = b"-----BEGIN PUBLIC KEY-----"
        small = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
        modulus = b64(small.n.to_bytes(128, "big"))
        public = jose_guard.public_jwk(self.jwk)
        cases = [
            (pem, "HS256"),
            (pem.decode(), "HS256"),
            (public, "HS256"),
            (public, "RS256"),
            (public, "ES384"),
            (public, "none"),
            ({**public, "crv": "P-384"}, "ES256"),
            ({**public, "use": "enc"}, "ES256"),
            ({**public, "alg": "ES384"}, "ES256"),
            ({**public, "key_ops": ["encrypt"]}, "ES256"),
            ({**public, "x": "AAAA"}, "ES256"),
            ({**public, "x": public["x"] + "="}, "ES256"),
            ({"kty": "EC", "crv": "P-256"}, "ES256"),
            ({"kty": "RSA", "n": modulus, "e": "AQAB"}, "RS256"),
            ({"kty": "oct", "k": b64(b"short")}, "HS256"),
        ]
        for jwk, algorithm in cases:
            with self.subTest(algorithm=algorithm, jwk=jwk), self.assertRaises(KeyRefused):
                jose_guard.build_key(jwk, kid="k", algorithm=algorithm)

    def test_a_public_key_does_not_sign(self):
        with self.assertRaises(KeyRefused):
            jose_guard.sign(self.claims(), self.verifier)

    def test_errors_hold_nothing_of_the_token(self):
        with self.assertRaises(TokenError) as caught:
            self.verify(jose_guard.sign(self.claims(sub="someone", exp=1), self.signer))
        self.assertRegex(str(caught.exception), r"\Atoken\.[a-z_]+\Z")


if __name__ == "__main__":
    unittest.main()
