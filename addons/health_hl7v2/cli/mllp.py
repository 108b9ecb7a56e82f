"""``odoo mllp``: a door for HL7 v2 over MLLP beside the HTTP one."""

import asyncio
import sys

from odoo.cli.command import Command
from odoo.service import server
from odoo.tools import config


class Mllp(Command):
    """Listen for HL7 v2 messages over MLLP and hand them to one interface."""

    name = "mllp"

    def run(self, args):
        """Parse the options and serve until SIGTERM or SIGINT."""
        parser = self.parser
        parser.add_argument("--interface", required=True, help="code of the interface that takes the messages")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=2575, help="port to listen on, 0: any (default: %(default)s)")
        parser.add_argument("--max-connections", type=int, default=200, help="further ones are closed at once")
        parser.add_argument("--idle-timeout", type=float, default=3600.0, help="seconds; 0: never")
        parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for the database")
        parser.add_argument("--tls-cert", help="PEM file with the certificate chain; switches TLS on")
        parser.add_argument("--tls-key", help="PEM file with the private key, when it is not in the first")
        parser.add_argument("--tls-client-ca", help="PEM file; clients must show a certificate signed by one of it")
        own, rest = parser.parse_known_args(args)
        if (own.tls_key or own.tls_client_ca) and not own.tls_cert:
            parser.error("--tls-key and --tls-client-ca need --tls-cert")
        config.parse_config(rest, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("mllp: name one database with -d, or as db_name in the configuration")
        server.load_server_wide_modules()
        # Odoo loads this file alone, before the addons can be imported.
        from odoo.addons.health_hl7v2.listener import Listener

        asyncio.run(Listener(config["db_name"][0], own).serve())
