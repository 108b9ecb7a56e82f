import time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.interop_api import gate, jose_guard, jwks, tokens

from . import keys
from .common import DoorCase

REALM = "https://login.example/realms/hospital"


@tagged("post_install", "-at_install")
class TestTrustedIssuer(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("interop_api.failures_per_minute", "100000")
        parameters.set_param("interop_api.allowed_hosts", "127.0.0.1")
        cls.server = keys.KeyServer()
        cls.addClassCleanup(cls.server.close)
        cls.server.publish(keys.public("RS256"))
        cls.issuer = cls.env["interop.trusted.issuer"].create(
            {
                "name": "Keycloak",
                "issuer": REALM,
                "audience": "interop",
                "jwks_url": cls.server.url,
                "scope_claim": "realm_access.roles",
                "scope_ids": [
                    (0, 0, {"value": "reader", "scopes": "interop/invoice.read system/*.rs"}),
                    (0, 0, {"value": "clerk", "scopes": "interop/payment.c"}),
                ],
            }
        )
        cls.outside = cls.env["interop.service.account"].create(
            {
                "name": "Outside",
                "client_id": "outside",
                "interface_ids": [(6, 0, cls.interface.ids)],
                "scopes": "interop/invoice.read interop/payment.c",
                "issuer_id": cls.issuer.id,
                "external_id": "portal",
            }
        )

    def make(self, key=None, headers=None, **changes):
        now = int(time.time())
        claims = {
            "iss": REALM,
            "sub": "f:1234",
            "aud": ["account", "interop"],
            "azp": "portal",
            "iat": now,
            "exp": now + 600,
            "jti": jose_guard.new_id(),
            "realm_access": {"roles": ["reader", "offline_access"]},
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return keys.sign(claims, key or keys.pair("RS256"), **(headers or {}))

    def send(self, token):
        return self.post(headers={"Authorization": f"Bearer {token}"})

    def test_its_tokens_let_the_account_in_with_what_they_are_mapped_to(self):
        token = self.make()
        self.assertEqual(self.send(token).status_code, 202)
        caller = gate.identify(self.env, gate.Presented("", token=token), "127.0.0.1")
        self.assertEqual((caller.client_id, str(caller.grant)), ("outside", "interop/invoice.read"))
        both = self.make(realm_access={"roles": ["reader", "clerk"]})
        caller = gate.identify(self.env, gate.Presented("", token=both), "127.0.0.1")
        self.assertEqual(str(caller.grant), "interop/invoice.read interop/payment.c")

    def test_what_it_did_not_say_or_sign_is_refused(self):
        now = int(time.time())
        stranger = jose_guard.build_key(jose_guard.new_jwk("RS256"), kid="k1", algorithm="RS256", private=True)
        for name, token in {
            "issuer": self.make(iss="https://evil.example/realms/hospital"),
            "issuer with a slash": self.make(iss=REALM + "/"),
            "audience": self.make(aud="other"),
            "no audience": self.make(aud=None),
            "unknown account": self.make(azp="somebody"),
            "account by its client id": self.make(azp="outside"),
            "no account": self.make(azp=None),
            "account as a list": self.make(azp=["portal"]),
            "expired": self.make(iat=now - 700, exp=now - 100),
            "endless": self.make(exp=now + 86400),
            "future": self.make(iat=now + 100),
            "foreign key": self.make(key=stranger),
            "unknown key": self.make(key=keys.pair("RS256", "k2")),
            "other algorithm": self.make(key=keys.pair("RS384")),
            "link to keys": self.make(headers={"jku": "https://evil.example/jwks"}),
            "our issuer": self.make(iss=tokens.issuer(self.env), aud="interop"),
        }.items():
            with self.subTest(name):
                self.assertEqual(self.send(token).status_code, 401)
        self.assertEqual(self.count(), 0)

    def test_our_own_keys_do_not_sign_for_it_and_its_keys_not_for_us(self):
        signer = self.env["interop.signing.key"]._signer()
        self.assertEqual(self.send(self.make(key=signer)).status_code, 401)

    def test_it_can_be_archived_and_accounts_taken_from_it(self):
        token = self.make()
        self.assertEqual(self.send(token).status_code, 202)
        self.issuer.active = False
        self.assertEqual(self.send(token).status_code, 401)
        self.issuer.active = True
        self.assertEqual(self.send(token).status_code, 202)
        self.outside.issuer_id = False
        self.assertEqual(self.send(token).status_code, 401)

    def test_keys_it_does_not_publish_any_more_end_when_the_set_does(self):
        token = self.make()
        jwks.forget(self.server.url)
        self.server.publish(keys.public("RS256"), **{"Cache-Control": "no-store"})
        self.assertEqual(self.send(token).status_code, 202)
        self.server.publish(keys.public("RS256", "next"))
        self.assertEqual(self.send(token).status_code, 401)

    def test_records_are_checked(self):
        for values in (
            {"issuer": "login.example"},
            {"jwks_url": "file:///etc/passwd"},
            {"algorithm_rs256": False},
            {"scope_ids": [(0, 0, {"value": "x", "scopes": "everything"})]},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.issuer.write(values)
