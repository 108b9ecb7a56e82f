"""The REST API from outside: its document is valid, what it promises holds under fuzzing, its page works."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator
from playwright.sync_api import expect, sync_playwright

from support.paths import LOGS, ROOT

CLIENT, SECRET = "rest-partner", "rest-partner-secret"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SET_UP = f"""
system = env["interop.system"].search([("code", "=", "EHR")])
interface = env["interop.interface"].create({{
    "name": "REST writes", "code": "rest-writes", "system_id": system.id, "handler": "interop.rest.handler",
    "company_id": env["health.facility"].search([("code", "=", "LMC")]).company_id.id,
    "lane_id": env.ref("interop_hub.lane_standard").id, "state": "active",
}})
account = env["interop.service.account"].create({{
    "name": "REST partner", "client_id": "{CLIENT}", "company_id": False,
    "interface_ids": [(6, 0, interface.ids)], "scopes": "interop/*.cruds interop/*.phi",
}})
account._add_secret(secret="{SECRET}")
# The fuzzer creates what the demo hospital keeps for itself.
env["interop.authority"].search([("model_name", "in", ("health.payer", "health.service"))]).write({{"active": False}})
env.cr.commit()
"""


@pytest.fixture(scope="module")
def api(server):
    """The address of a server with a partner who may do everything."""
    server.shell(SET_UP)
    return f"{server.url}/interop/v1"


@pytest.fixture(scope="module")
def session(api, server):
    """An HTTP session with a token."""
    answer = requests.post(
        f"{server.url}/interop/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(CLIENT, SECRET),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    found = requests.Session()
    found.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return found


@pytest.fixture(scope="module")
def document(api):
    return requests.get(f"{api}/openapi.json", timeout=30).json()


def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()
    operations = [
        item[verb]["operationId"] for item in document["paths"].values() for verb in item if verb != "parameters"
    ]
    assert len(operations) > 100
    assert len(operations) == len(set(operations))


def test_every_path_that_is_promised_is_served(api, document, server, session):
    """Nothing is promised that the server does not know: no path gives the answer of an unknown route."""
    for path, item in document["paths"].items():
        target = path.replace("{id}", "0" * 32).replace("{job}", "0" * 32)
        target = target.replace("{message}", "00000000-0000-0000-0000-000000000000").replace("{interface}", "none")
        for verb in item:
            if verb == "parameters":
                continue
            answer = session.request(verb.upper(), server.url + target, timeout=30)
            known = answer.status_code not in (405, 404) or answer.json()["code"] in ("record", "job", "message")
            assert known, (verb, path, answer.status_code, answer.text)


def test_the_fuzzer_finds_no_error_and_no_broken_promise(api, document, server):
    """Thousands of requests made from the document: no 5xx, no undeclared status, no answer that breaks its schema."""
    schema = LOGS / "openapi.json"
    schema.write_text(json.dumps(document))
    log = LOGS / "fuzz.log"
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", str(schema), "--url", server.url,
        "--auth", f"{CLIENT}:{SECRET}", "--checks", CHECKS, "--phases", "examples,fuzzing", "--max-examples", "8",
        "--seed", "20", "--workers", "2", "--no-color", "--suppress-health-check", "all", "--request-timeout", "30",
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "support.rest_hooks", "PYTHONPATH": str(ROOT / "tests")}
    with log.open("w") as stream:
        done = subprocess.run(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            timeout=900,
            cwd=LOGS,
            check=False,
        )
    text = log.read_text(errors="replace")
    assert done.returncode == 0, text[-4000:]
    assert not server.errors(), server.errors()[:3]


def test_a_partner_works_through_a_visit(api, session):
    """From the facility to the charge, in the partner's own words, and back by search and export."""
    facility = session.get(f"{api}/facilities?code=LMC", timeout=30).json()["data"][0]["id"]
    key = {"Idempotency-Key": '"visit-1"'}
    patient = {
        "facility": facility,
        "identifiers": [{"authority": "BLACKBOX", "value": "BB-1"}],
        "family": "Quillfeather",
        "given": "Oswin",
    }
    created = session.post(f"{api}/patient-accounts", json=patient, headers=key, timeout=30)
    assert created.status_code == 201, created.text
    assert session.post(f"{api}/patient-accounts", json=patient, headers=key, timeout=30).json() == created.json()
    account = created.json()["id"]
    visit = {"facility": facility, "account": account, "number": "BB-V1", "event": "admit", "visit_class": "inpatient"}
    encounter = session.post(f"{api}/encounters", json=visit, timeout=30)
    assert encounter.status_code == 201, encounter.text
    path = f"{api}/encounters/{encounter.json()['id']}"
    assert session.patch(path, json={"event": "discharge"}, timeout=30).status_code == 428
    tag = session.get(path, timeout=30).headers["ETag"]
    done = session.patch(path, json={"event": "discharge"}, headers={"If-Match": tag}, timeout=30)
    assert (done.status_code, done.json()["data"]["status"]) == (200, "finished"), done.text
    charge = {
        "facility": facility, "encounter": encounter.json()["id"], "transaction": "BB-T1",
        "source_service_code": "UNKNOWN", "service_date": "2026-03-02", "amount": "99.90",
    }  # fmt: skip
    assert session.post(f"{api}/charges", json=charge, timeout=30).json()["data"]["state"] == "quarantined"
    found = session.post(f"{api}/encounters/$search", json={"number": "BB-V1", "fields": ["status"]}, timeout=30)
    assert found.json()["data"] == [{"id": encounter.json()["id"], "status": "finished"}]
    balance = session.get(f"{api}/patient-accounts/{account}/$balance", timeout=30).json()
    assert balance["balances"][0]["unbilled"] == "99.90"


def test_one_key_sent_by_many_at_once_makes_one_record(api, server, session):
    """Eight creations of the same payer at the same moment: one is made, the others are told, nothing fails."""
    before = len(server.errors())
    headers = dict(session.headers)

    def create(_number):
        body = {"code": "BB-RACE", "name": "Race"}
        return requests.post(f"{api}/payers", json=body, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(create, range(8)))
    assert statuses == [201] + [409] * 7
    assert len(server.errors()) == before


def test_bulk_in_and_out(api, server, session):
    """Lines are processed by their lane, an export is written by the scheduled action: both by the real workers."""
    facility = session.get(f"{api}/facilities?code=LMC", timeout=30).json()["data"][0]["id"]
    lines = "".join(json.dumps({"facility": facility, "code": f"BB{n}", "name": f"Ward {n}"}) + "\n" for n in range(50))
    headers = {"Content-Type": "application/x-ndjson"}
    taken = session.post(f"{api}/locations/$bulk", data=lines, headers=headers, timeout=30)
    assert taken.status_code == 202, taken.text
    job = _wait(session, server.url + taken.headers["Location"])
    assert job["lines"] == {"done": 50, "refused": 0, "person": 0, "waiting": 0}
    deadline = time.monotonic() + 120
    while True:  # the fuzzer's own exports may still be open: a client is told to come again
        asked = session.post(f"{api}/locations/$export", json={"fields": ["code"]}, timeout=30)
        if asked.status_code != 429 or time.monotonic() > deadline:
            break
        assert asked.headers["Retry-After"]
        time.sleep(2)
    assert asked.status_code == 202, asked.text
    job = _wait(session, server.url + asked.headers["Content-Location"])
    assert job["state"] == "done", job
    rows = session.get(server.url + job["download"], timeout=30).text.splitlines()
    assert {f"BB{n}" for n in range(50)} <= {json.loads(row)["code"] for row in rows}


def _wait(session, address: str, seconds: float = 90) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = session.get(address, timeout=30).json()
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.5)
    raise AssertionError(f"not finished: {job}")


def test_the_page_gets_a_token_and_reads(api):
    """A person opens the page, gets a token, and sends a call; nothing is fetched from elsewhere."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or pytest.fail("Chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        elsewhere, errors = [], []
        origin = api.removesuffix("/interop/v1")
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith((origin, "data:")) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{api}/docs")
        page.fill("#client-id", CLIENT)
        page.fill("#client-secret", SECRET)
        page.click("#get-token")
        expect(page.locator(".token.ready")).to_be_visible()
        page.click('nav a[href="#facilities"]')
        page.click("#listFacilities > summary")
        page.locator("#listFacilities .send").click()
        expect(page.locator("#listFacilities .answer .status")).to_have_text("200 OK")
        expect(page.locator("#listFacilities .answer pre")).to_contain_text("LMC")
        browser.close()
    assert not elsewhere
    assert not errors
