"""Black-box tests: they drive a served Odoo from outside and know nothing of its insides."""

import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT / "scripts", ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from support.paths import LOGS  # noqa: E402
from support.server import Server  # noqa: E402

#: Logs older than this are not of this run.
STARTED = time.time()


def pytest_collection_modifyitems(items):
    """The scan of the logs comes after everything that writes logs."""
    items.sort(key=lambda item: item.path.name == "test_log_scan.py")


@pytest.fixture(scope="session")
def template():
    """Name of the database that holds all addons, made by ``scripts/database.sh template``."""
    name = os.environ.get("INTEROP_TEMPLATE")
    if not name:
        pytest.fail("INTEROP_TEMPLATE is not set: run the tests by `make test`")
    return name


@pytest.fixture(scope="session")
def demo_template(template):
    """A database with the demo hospital, made once per run."""
    maker = Server("demo_template", template)
    maker.create()
    yield maker.database
    maker.drop()


@pytest.fixture(scope="module")
def server(request, demo_template):
    """A served Odoo with the demo hospital, one per test module."""
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    server = Server(name, demo_template)
    server.create(demo=False)
    server.start()
    yield server
    server.stop()
    server.drop()


@pytest.fixture(scope="session")
def run_logs():
    """All logs written since this run began."""

    def logs():
        return sorted(path for path in LOGS.glob("*") if path.is_file() and path.stat().st_mtime >= STARTED)

    return logs
