"""FHIR clients that others wrote, unchanged, and the CapabilityStatement taken at its word."""

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
import requests

from support.paths import BUILD
from support.server import Server

HERE = Path(__file__).resolve().parent
CLIENT_ID, SECRET = "fhir-client", "a-secret-for-fhir-clients-0123456789"
SETUP = f"""
company = env.ref("base.main_company")
facility = env["health.facility"].create({{"name": "General Hospital", "code": "GH", "company_id": company.id}})
env["health.facility.code"].create({{
    "facility_id": facility.id, "system_id": env.ref("health_fhir.system_fhir").id, "code": "*",
}})
account = env["interop.service.account"].create({{
    "name": "FHIR clients", "client_id": {CLIENT_ID!r}, "company_id": company.id, "scopes": "system/*.cruds",
    "interface_ids": [(6, 0, env.ref("health_fhir.interface_fhir_r4").ids)],
}})
account._add_secret(secret={SECRET!r})
env.cr.commit()
print("facility", facility.id)
"""
SYSTEM = "http://clients.example/py"


@pytest.fixture(scope="module")
def server(template):
    """A served Odoo without the demo, so that nobody else owns what the clients write."""
    served = Server("fhir_clients", template)
    served.create(demo=False)
    served.facility = f"Organization/fac-{served.shell(SETUP).split('facility ')[1].split()[0]}"
    served.shell(f"env['ir.config_parameter'].set_param('web.base.url', {served.url!r}); env.cr.commit()")
    served.start()
    yield served
    served.stop()
    served.drop()


@pytest.fixture(scope="module")
def base(server):
    return f"{server.url}/fhir/r4"


@pytest.fixture(scope="module")
def token(base):
    """By the way a client finds it: SMART configuration, then client credentials."""
    found = requests.get(f"{base}/.well-known/smart-configuration", timeout=10).json()
    answer = requests.post(
        found["token_endpoint"],
        auth=(CLIENT_ID, SECRET),
        data={"grant_type": "client_credentials", "scope": "system/*.cruds"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.fixture(scope="module")
def http(token):
    """A session with the token."""
    session = requests.Session()
    session.headers.update(Authorization=f"Bearer {token}", Accept="application/fhir+json")
    return session


@pytest.fixture(scope="module")
def statement(base):
    """The CapabilityStatement, without authorization."""
    answer = requests.get(f"{base}/metadata", timeout=20)
    assert answer.status_code == 200
    return answer.json()


# --- fhir-kit-client (JavaScript) --------------------------------------------------------------


@pytest.fixture(scope="module")
def kit():
    """The library's file; installed once into the build folder."""
    if not shutil.which("node"):
        pytest.skip("node is not installed: scripts/setup.sh --tests installs it")
    folder = BUILD / "node"
    module = folder / "node_modules" / "fhir-kit-client" / "dist" / "index.js"
    if not module.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "clients" / "package.json", folder)
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"],
            cwd=folder,
            check=True,
            timeout=180,
        )
    return module


def test_fhir_kit_client_works_unchanged(server, base, kit):
    done = subprocess.run(
        ["node", str(HERE / "clients" / "fhir_kit.mjs")],
        env={
            **os.environ,
            "CLIENT_MODULE": str(kit),
            "BASE": base,
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": SECRET,
            "TAG": uuid.uuid4().hex[:8],
            "FACILITY": server.facility,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "fhirVersion": "4.0.1",
        "tokenUrl": "/interop/oauth2/token",
        "tokenType": "Bearer",
        "withoutToken": 401,
        "created": 201,
        "location": True,
        "conditionalCreate": [200, True],
        "read": True,
        "accentFolded": 1,
        "postSearch": [True],
        "pages": [2, 1],
        "pagedAll": True,
        "updated": [200, True],
        "stale": [412, "OperationOutcome"],
        "history": 2,
        "vread": True,
        "invalid": [422, "OperationOutcome", ["Patient.gender"]],
        "unknown": [404, "OperationOutcome"],
        "validate": [200, "Patient.birthDate"],
        "transaction": ["201 Created", "201 Created"],
        "included": [["Encounter", "match"], ["Patient", "include"]],
    }


# --- fhirpy (Python) ---------------------------------------------------------------------------


@pytest.fixture
def fhirpy():
    return pytest.importorskip("fhirpy")


def test_fhirpy_works_unchanged(fhirpy, server, base, token):
    from fhirpy.base.exceptions import MultipleResourcesFound, ResourceNotFound

    tag = uuid.uuid4().hex[:8]
    client = fhirpy.SyncFHIRClient(base, authorization=f"Bearer {token}")
    assert client.execute("metadata", method="get")["fhirVersion"] == "4.0.1"

    patients = [
        client.resource(
            "Patient",
            identifier=[{"system": SYSTEM, "value": f"{tag}-{number}"}],
            name=[{"family": f"Berger{tag}", "given": ["Max"]}],
            birthDate=f"1970-01-1{number}",
        )
        for number in range(5)
    ]
    for patient in patients:
        patient.save()
    assert all(patient.id and patient["meta"]["versionId"] == "1" for patient in patients)

    by_name = client.resources("Patient").search(family=f"berger{tag}")
    assert {patient.id for patient in by_name.limit(2).fetch_all()} == {patient.id for patient in patients}
    assert len(by_name.limit(2).fetch()) == 2
    born = client.resources("Patient").search(family=f"berger{tag}", birthdate__ge="1970-01-13").fetch_all()
    assert len(born) == 2
    one = client.resources("Patient").search(identifier=f"{SYSTEM}|{tag}-3").get()
    assert one.id == patients[3].id

    one["gender"] = "male"
    one.save()
    assert one["meta"]["versionId"] == "2"
    careful = fhirpy.SyncFHIRClient(base, authorization=f"Bearer {token}", extra_headers={"If-Match": 'W/"1"'})
    stale = careful.resource("Patient", **one.serialize())
    with pytest.raises(MultipleResourcesFound):  # what it makes of any 412
        stale.save()

    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:11111111-1111-4111-8111-111111111111",
                "request": {"method": "POST", "url": "Encounter"},
                "resource": {
                    "resourceType": "Encounter",
                    "identifier": [{"system": SYSTEM, "value": f"{tag}-visit"}],
                    "status": "finished",
                    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
                    "subject": {"reference": f"Patient/{one.id}"},
                    "period": {"start": "2024-03-01T08:00:00Z", "end": "2024-03-04T08:00:00Z"},
                    "serviceProvider": {"reference": server.facility},
                },
            },
            {"request": {"method": "GET", "url": f"Patient/{patients[0].id}"}},
        ],
    }
    answer = client.execute("", method="post", data=bundle)
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["201 Created", "200 OK"]

    visits = client.resources("Encounter").search(patient=one.id, date="2024-03").include("Encounter", "patient")
    entries = visits.fetch_raw().entry
    assert [entry["search"]["mode"] for entry in entries] == ["match", "include"]
    visit = client.resources("Encounter").search(patient=one.id).first()
    assert visit["subject"].to_resource().id == one.id
    assert client.resources("Encounter").search(patient=one.id, date__lt="2024-03").fetch() == []

    with pytest.raises(ResourceNotFound):
        client.reference("Patient", "nobody").to_resource()


# --- the CapabilityStatement -----------------------------------------------------------------

VALUES = {"token": "x", "string": "x", "reference": "x", "date": "2024", "number": "1", "quantity": "1", "uri": "urn:x"}


def _resources(statement):
    return {resource["type"]: resource for resource in statement["rest"][0]["resource"]}


def test_every_declared_search_works(statement, base, http):
    wrong = []
    for kind, resource in _resources(statement).items():
        pairs = [{param["name"]: VALUES[param["type"]]} for param in resource.get("searchParam", ())]
        pairs += [{"_include": name} for name in resource.get("searchInclude", ())]
        pairs += [{"_revinclude": name} for name in resource.get("searchRevInclude", ())]
        pairs += [{"_total": "accurate"}, {"_summary": "true"}, {"_elements": "id"}]
        for query in pairs:
            answer = http.get(
                f"{base}/{kind}", params={**query, "_count": 1}, headers={"Prefer": "handling=strict"}, timeout=20
            )
            if answer.status_code != 200 or answer.json()["type"] != "searchset":
                wrong.append((kind, query, answer.status_code))
    assert not wrong


def test_no_undeclared_search_works(statement, base, http):
    """Parameters that R4 knows for other types, and includes that are not declared."""
    resources = _resources(statement)
    known = {param["name"] for resource in resources.values() for param in resource.get("searchParam", ())}
    known |= {"_text", "_content", "_tag", "_profile", "_security", "_has:Claim:patient:status", "_list", "favourite"}
    wrong = []
    for kind, resource in resources.items():
        declared = {param["name"] for param in resource.get("searchParam", ())}
        queries = [{name: "2024"} for name in sorted(known - declared)]
        queries += [{"_include": f"{kind}:favourite"}, {"_include": "*"}, {"_sort": "favourite"}]
        for query in queries:
            answer = http.get(f"{base}/{kind}", params=query, headers={"Prefer": "handling=strict"}, timeout=20)
            if answer.status_code != 400 or answer.json()["resourceType"] != "OperationOutcome":
                wrong.append((kind, query, answer.status_code))
    assert not wrong


def test_every_declared_interaction_is_offered_and_no_other(statement, base, http):
    resources = _resources(statement)
    calls = {
        "read": ("GET", "{kind}/nobody", 404),
        "vread": ("GET", "{kind}/nobody/_history/1", 404),
        "history-instance": ("GET", "{kind}/nobody/_history", 404),
        "search-type": ("GET", "{kind}?_id=nobody", 200),
        "create": ("POST", "{kind}", 400),
        "update": ("PUT", "{kind}/nobody", 400),
        "delete": ("DELETE", "{kind}/nobody", (204, 404)),
        "patch": ("PATCH", "{kind}/nobody", None),
        "history-type": ("GET", "{kind}/_history", None),
    }
    wrong = []
    for kind, resource in resources.items():
        declared = {row["code"] for row in resource["interaction"]}
        for code, (method, path, expected) in calls.items():
            answer = http.request(
                method,
                f"{base}/{path.format(kind=kind)}",
                data=b'{"resourceType":"' + kind.encode() + b'","surplus":1,"id":"nobody"}'
                if method in ("POST", "PUT", "PATCH")
                else None,
                headers={"Content-Type": "application/fhir+json"},
                timeout=20,
            )
            allowed = expected if isinstance(expected, tuple) else (expected,)
            if (code in declared and answer.status_code not in allowed) or (
                code not in declared and answer.status_code not in (404, 405)
            ):
                wrong.append((kind, code, answer.status_code))
    assert not wrong


def test_types_and_operations_that_are_not_declared_are_not_there(statement, base, http):
    resources = _resources(statement)
    for kind in ("MolecularSequence", "VisionPrescription", "Nothing", "patient"):
        if kind not in resources:
            assert http.get(f"{base}/{kind}", timeout=20).status_code == 404
    for path in ("Patient/$everything", "Patient/nobody/$everything", "$convert", "_history", "?name=x"):
        assert http.get(f"{base}/{path}", timeout=20).status_code in (400, 404, 405), path


def test_every_declared_operation_works(statement, base, http):
    for kind, resource in _resources(statement).items():
        for operation in resource.get("operation", ()):
            answer = http.post(f"{base}/{kind}/${operation['name']}", json={"resourceType": kind}, timeout=20)
            assert answer.status_code == 200, (kind, answer.text[:200])
            assert answer.json()["resourceType"] == "OperationOutcome"


def test_bundles_are_offered_as_declared(statement, base, http):
    declared = {row["code"] for row in statement["rest"][0].get("interaction", ())}
    for code in ("transaction", "batch"):
        answer = http.post(base, json={"resourceType": "Bundle", "type": code}, timeout=20)
        assert (answer.status_code == 200) == (code in declared), answer.text[:300]


def test_the_statement_is_valid(statement, base, http):
    answer = http.post(f"{base}/Patient/$validate", json=statement, timeout=20)
    assert [issue["expression"] for issue in answer.json()["issue"]] == [["resourceType"]]
    assert {"status", "date", "kind", "fhirVersion", "format", "rest"} <= statement.keys()


def test_the_log_names_no_patient(server, base, http):
    """What a search by URL asks for is not written to the log."""
    secret = f"Geheim{uuid.uuid4().hex[:6]}"
    http.get(f"{base}/Patient", params={"family": secret}, timeout=20)
    assert secret not in server.log.read_text(errors="replace")
    # Odoo logs an idle kept-alive connection that it closes as an error.
    assert [record for record in server.errors() if "Request timed out" not in record] == []
