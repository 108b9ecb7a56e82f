"""Derive an Odoo configuration from the project's odoo.conf: conf.py OUTPUT [key=value ...]

Keys given on the command line replace those of odoo.conf; addons_path and the
database connection always come from where the project was set up.
"""

import configparser
import os
import sys
from pathlib import Path

import odoo.release

import odoo.addons

ROOT = Path(__file__).resolve().parent.parent


def odoo_addons() -> list[str]:
    """Folders of the addons that come with Odoo."""
    home = Path(odoo.release.__file__).resolve().parent
    return [str(path) for path in (home.parent / "addons", home / "addons") if path.is_dir()]


def main():
    """Write the configuration."""
    target, *pairs = sys.argv[1:]
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "odoo.conf")
    options = parser["options"]
    options["addons_path"] = ",".join([*odoo_addons(), str(ROOT / "addons")])
    for key, name in (
        ("db_host", "PGHOST"),
        ("db_port", "PGPORT"),
        ("db_user", "PGUSER"),
        ("db_password", "PGPASSWORD"),
    ):
        if os.environ.get(name):
            options[key] = os.environ[name]
        else:
            options.pop(key, None)
    for pair in pairs:
        key, _equals, value = pair.partition("=")
        options[key] = value
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        parser.write(stream)


if __name__ == "__main__":
    main()
