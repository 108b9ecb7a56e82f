import json
import os
import stat
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from odoo.addons.interop_hub import keyring


@tagged("post_install", "-at_install")
class TestKeyring(BaseCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "ring.json"
        for patcher in (
            patch.dict(os.environ, {"INTEROP_KEYRING": str(self.path), "INTEROP_KEYRING_JSON": ""}),
            patch.object(keyring, "_cached", None),
        ):
            patcher.start()
            self.addCleanup(patcher.stop)

    def test_the_file_is_made_for_its_owner_only(self):
        keyring.ring()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_new_key_is_used_at_once_and_old_bodies_stay_readable(self):
        key_id, sealed = keyring.ring().encrypt(b"body", b"aad")
        name = keyring.add_key()
        self.assertEqual(keyring.ring().current, name)
        self.assertEqual(keyring.ring().decrypt(key_id, sealed, b"aad"), b"body")
        keyring.drop_key(key_id)
        with self.assertRaisesRegex(keyring.KeyringError, "not in the keyring"):
            keyring.ring().decrypt(key_id, sealed, b"aad")

    def test_hashes_survive_a_rotation(self):
        before = keyring.ring().digest("patient")
        keyring.add_key()
        self.assertEqual(keyring.ring().digest("patient"), before)

    def test_altered_data_is_refused(self):
        key_id, sealed = keyring.ring().encrypt(b"body", b"aad")
        with self.assertRaises(keyring.KeyringError):
            keyring.ring().decrypt(key_id, sealed, b"other")
        with self.assertRaises(keyring.KeyringError):
            keyring.ring().decrypt(key_id, sealed[:-1] + b"x", b"aad")

    def test_the_current_key_cannot_be_dropped(self):
        with self.assertRaises(keyring.KeyringError):
            keyring.drop_key(keyring.ring().current)

    def test_damaged_rings_are_refused_by_name(self):
        self.path.write_text("{")
        with self.assertRaisesRegex(keyring.KeyringError, "cannot be read"):
            keyring.ring()
        self.path.write_text(json.dumps({"current": "k1", "keys": {"k1": "eHg="}, "index": "eHg="}))
        with self.assertRaisesRegex(keyring.KeyringError, "'k1'.*2 bytes"):
            keyring.ring()

    def test_secrets_may_be_injected(self):
        content = {"current": "a", "keys": {"a": keyring._key()}, "index": keyring._key()}
        with patch.dict(os.environ, {"INTEROP_KEYRING_JSON": json.dumps(content)}):
            self.assertEqual(keyring.ring().current, "a")
            with self.assertRaises(keyring.KeyringError):
                keyring.add_key()
        self.assertFalse(self.path.exists())
