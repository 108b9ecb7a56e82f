"""Runs each addon's own tests inside Odoo, on a fresh copy of the template database."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("BUILD", ROOT / ".build"))
ADDONS = sorted(path.parents[1].name for path in ROOT.glob("addons/*/tests/__init__.py"))
RESULT = re.compile(r"odoo\.tests\.result: (\d+) failed, (\d+) error\(s\) of (\d+) tests")


@pytest.mark.parametrize("addon", ADDONS)
def test_addon(addon):
    """Every test of the addon ran on real PostgreSQL, none failed, none was skipped."""
    database = f"interop_test_{addon}"
    log_path = BUILD / "logs" / f"test-{addon}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dropdb", "--if-exists", "-f", database], check=True, capture_output=True)
    subprocess.run(["createdb", "-T", os.environ["INTEROP_TEMPLATE"], database], check=True)
    conf = BUILD / f"test-{addon}.conf"
    options = [
        f"db_name={database}",
        f"data_dir={BUILD / 'data'}",
        "proxy_mode=False",
        "workers=0",
        "max_cron_threads=0",
    ]
    subprocess.run([os.environ["PY"], str(ROOT / "scripts/conf.py"), str(conf), *options], check=True)
    try:
        with log_path.open("w") as log:
            code = subprocess.run(
                [
                    os.environ["ODOO"],
                    "-c",
                    str(conf),
                    "--test-tags",
                    f"/{addon}",
                    "--stop-after-init",
                    "--http-port",
                    str(8400 + ADDONS.index(addon)),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=900,
                check=False,
            ).returncode
    finally:
        subprocess.run(["dropdb", "--if-exists", "-f", database], check=False, capture_output=True)
    log = log_path.read_text(errors="replace")
    found = RESULT.findall(log)
    failures = re.findall(r"(?:FAIL|ERROR): (\w+\.test_\w+)", log)
    assert found, f"no test result in {log_path.name}:\n{log[-3000:]}"
    failed, errors, total = map(int, found[-1])
    assert (failed, errors, code) == (0, 0, 0), f"{failures or ''} see {log_path.name}\n{_tail(log)}"
    assert total > 0, f"{addon} has a tests package, but no test ran"
    skipped = re.findall(r"(?:skipped|Skipping) .*", log)
    assert not skipped, f"skipped: {skipped}"


def _tail(log: str) -> str:
    """The part of a log that shows the first failure."""
    at = log.find("Traceback")
    return log[at : at + 3000] if at >= 0 else log[-3000:]
