import json
import os
import tempfile
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.interop_api import gate, jose_guard
from odoo.addons.interop_api.models import interop_signing_key
from odoo.addons.interop_hub import keyring


@tagged("post_install", "-at_install")
class TestSigningKey(TransactionCase):
    def setUp(self):
        super().setUp()
        self.Key = self.env["interop.signing.key"]
        self.env.cr.execute("DELETE FROM interop_signing_key")
        interop_signing_key._built.clear()
        self.addCleanup(interop_signing_key._built.clear)

    def test_the_first_use_makes_a_key_and_keeps_it(self):
        first, second = self.Key._signer(), self.Key._signer()
        self.assertIs(first, second)
        self.assertEqual(self.Key.search([]).mapped("state"), ["current"])

    def test_the_private_part_is_sealed(self):
        self.Key._signer()
        self.env.cr.execute("SELECT sealed, public_jwk, key_ref, kid FROM interop_signing_key")
        sealed, public, key_ref, kid = self.env.cr.fetchone()
        self.assertNotIn(b'"d"', bytes(sealed))
        self.assertNotIn("d", json.loads(public))
        private = json.loads(keyring.ring().decrypt(key_ref, sealed, f"signing-key:{kid}".encode()))
        self.assertIn("d", private)

    def test_rotation_keeps_the_previous_key_for_a_while(self):
        old = self.Key._signer()
        self.Key.action_rotate()
        new = self.Key._signer()
        self.assertNotEqual(new.kid, old.kid)
        self.assertEqual({key["kid"] for key in self.Key._jwks()["keys"]}, {old.kid, new.kid})
        self.Key.search([("kid", "=", old.kid)]).accept_until = "2020-01-01 00:00:00"
        self.env.flush_all()
        self.assertEqual({key["kid"] for key in self.Key._jwks()["keys"]}, {new.kid})

    @mute_logger("odoo.sql_db")
    def test_two_current_keys_cannot_exist(self):
        self.Key._signer()
        self.Key._generate()
        self.assertEqual(self.Key.search_count([]), 1)
        old = self.Key.search([])
        self.Key.action_rotate()
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            old.accept_until = False
            self.env.flush_all()

    def test_key_rotation_of_the_ring_seals_it_again(self):
        self.env.cr.execute("DELETE FROM interop_payload")  # sealed by a ring that is not at hand here
        with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, INTEROP_KEYRING=f"{folder}/ring.json"):
            self.Key._signer()
            name = keyring.add_key()
            self.assertEqual(self.env["interop.payload"]._reencrypt(), 1)
            self.assertEqual(self.env["interop.payload"]._reencrypt(), 0)
            self.env.cr.execute("SELECT key_ref FROM interop_signing_key")
            self.assertEqual(self.env.cr.fetchall(), [(name,)])
            interop_signing_key._built.clear()
            signer = self.Key._signer()
            self.assertTrue(jose_guard.sign({"iss": gate.issuer(self.env)}, signer))

    def test_only_administrators_rotate_and_revoke(self):
        self.Key._signer()
        manager = new_test_user(self.env, "manager", groups="interop_api.group_manager")
        key = self.Key.search([])
        for call in (self.Key.with_user(manager).action_rotate, key.with_user(manager).action_revoke):
            with self.assertRaises(AccessError):
                call()
