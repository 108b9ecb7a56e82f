"""After everything else has run: no patient in any log."""

import pytest

from hospital_day.generate import generate, yesterday
from support.phi import leaks, scan, secrets_of


@pytest.fixture(scope="module")
def secrets():
    return secrets_of(generate("1", yesterday()))


def test_the_scan_finds_what_it_looks_for(secrets, tmp_path):
    secret = sorted(secrets)[0]
    log = tmp_path / "x.log"
    log.write_text(f"all is well\nfailed for {secret}\nbad line PID|1||4711\n")
    assert [line.split(": ")[0] for line in scan([log], secrets)] == ["x.log:2", "x.log:3"]
    assert leaks("nothing here", secrets) == []


def test_no_patient_data_in_any_log(secrets, run_logs):
    paths = run_logs()
    assert paths, "there are no logs of this run to look into"
    assert scan(paths, secrets) == []
