"""``odoo interop_keys``: list and rotate the keys of message bodies."""

import sys

from odoo import api
from odoo.cli.command import Command
from odoo.modules.registry import Registry
from odoo.service import server
from odoo.tools import config

BATCH = 1000


class InteropKeys(Command):
    """List the keys of the keyring, or rotate: make a new one and re-encrypt everything with it.

    Running servers read the changed keyring by themselves. A rotation that was
    interrupted goes on with ``rotate --resume``.
    """

    name = "interop_keys"

    def run(self, args):
        """Parse the options and do what was asked."""
        parser = self.parser
        parser.add_argument("action", choices=["list", "rotate"])
        parser.add_argument("--resume", action="store_true", help="re-encrypt only, without making a new key")
        parser.add_argument("--drop-unused", action="store_true", help="afterwards remove keys that nothing needs")
        own, rest = parser.parse_known_args(args)
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("interop_keys: name one database with -d, or as db_name in the configuration")
        server.load_server_wide_modules()
        registry = Registry(config["db_name"][0])
        from odoo.addons.interop_hub import keyring

        try:
            if own.action == "rotate":
                self._rotate(registry, keyring, own)
            self._list(registry, keyring)
        except keyring.KeyringError as error:
            sys.exit(f"interop_keys: {error}")

    def _rotate(self, registry, keyring, own):
        if not own.resume:
            print(f"new current key: {keyring.add_key()}")
        done = 0
        while True:
            with registry.cursor() as cr:
                count = api.Environment(cr, api.SUPERUSER_ID, {})["interop.payload"]._reencrypt(BATCH)
            if not count:
                break
            done += count
            print(f"re-encrypted {done}", end="\r", flush=True)
        print(f"re-encrypted {done} bodies")
        if own.drop_unused:
            used = self._used(registry)
            for name in keyring.ring().key_ids:
                if name not in used and name != keyring.ring().current:
                    keyring.drop_key(name)
                    print(f"dropped key {name}")

    def _used(self, registry) -> dict:
        with registry.cursor() as cr:
            return api.Environment(cr, api.SUPERUSER_ID, {})["interop.payload"]._key_usage()

    def _list(self, registry, keyring):
        ring = keyring.ring()
        used = self._used(registry)
        for name in ring.key_ids:
            mark = "current" if name == ring.current else ""
            print(f"{name:12} {used.get(name, 0):10} sealed {mark}")
        for name in used.keys() - set(ring.key_ids):
            print(f"{name:12} {used[name]:10} sealed MISSING FROM THE KEYRING")
