"""The ``odoo`` command of the virtual environment (copied there by setup.sh).

Beside starting Odoo it lets commands of addons be named with a dash
(``odoo interop-worker``) and finds them through the configuration file named
with ``-c`` or ``ODOO_RC``, which Odoo itself reads only after it has found the
command.
"""

import configparser
import os
import sys
import warnings

warnings.filterwarnings("ignore", message="PyPDF2 is deprecated")


def addons_path(args: list[str]) -> str:
    """The addons path in the configuration that the arguments name."""
    path = os.environ.get("ODOO_RC", "")
    for number, arg in enumerate(args):
        if arg in ("-c", "--config") and number + 1 < len(args):
            path = args[number + 1]
        elif arg.startswith("--config="):
            path = arg.partition("=")[2]
    parser = configparser.RawConfigParser()
    parser.read(path or [])
    return parser.get("options", "addons_path", fallback="")


def main():
    """Run Odoo's own command line."""
    args = sys.argv[1:]
    # Odoo starts its websocket process as "odoo gevent": that is no command and must stay the first word.
    if args and not args[0].startswith("-") and args[0] != "gevent":
        args[0] = args[0].replace("-", "_")
        if path := addons_path(args):
            args.insert(0, f"--addons-path={path}")
        sys.argv[1:] = args
    import odoo.cli

    odoo.cli.main()


if __name__ == "__main__":
    main()
