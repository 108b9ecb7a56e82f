"""The FHIR server under several clients at once, over two HTTP workers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.server import Server

CLIENT_ID, SECRET = "fhir-server", "a-secret-for-the-server-0123456789"
SETUP = f"""
company = env.ref("base.main_company")
facility = env["health.facility"].create({{"name": "General Hospital", "code": "GH", "company_id": company.id}})
env["health.facility.code"].create({{
    "facility_id": facility.id, "system_id": env.ref("health_fhir.system_fhir").id, "code": "*",
}})
account = env["interop.service.account"].create({{
    "name": "FHIR server", "client_id": {CLIENT_ID!r}, "company_id": company.id, "scopes": "system/*.cruds",
    "interface_ids": [(6, 0, env.ref("health_fhir.interface_fhir_r4").ids)],
}})
account._add_secret(secret={SECRET!r})
env.cr.commit()
"""
AT_ONCE = 6


@pytest.fixture(scope="module")
def server(template):
    served = Server("fhir_server", template)
    served.create(demo=False)
    served.shell(SETUP)
    served.start()
    yield served
    served.stop()
    served.drop()


@pytest.fixture(scope="module")
def ask(server):
    """One request; a connection of its own, as of another client."""

    def request(method, path, resource=None, **headers):
        return requests.request(
            method,
            f"{server.url}/fhir/r4/{path}",
            json=resource,
            headers={"Content-Type": "application/fhir+json", "Accept": "application/fhir+json", **headers},
            auth=(CLIENT_ID, SECRET),
            timeout=60,
        )

    return request


def at_once(calls):
    """The answers of calls that are made at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def patient(value, **more):
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "https://mpi.example", "value": value}],
        "name": [{"family": "Everywoman"}],
        **more,
    }


def test_of_updates_with_one_etag_one_wins(ask):
    created = ask("POST", "Patient", patient("1"))
    assert created.status_code == 201, created.text
    body = created.json()
    path = f"Patient/{body['id']}"
    answers = at_once(
        [
            lambda n=n: ask("PUT", path, body | {"name": [{"family": f"Name{n}"}]}, **{"If-Match": 'W/"1"'})
            for n in range(AT_ONCE)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
    winner = next(answer for answer in answers if answer.status_code == 200).json()
    read = ask("GET", path)
    assert read.headers["ETag"] == 'W/"2"'
    assert read.json()["name"] == winner["name"]


def test_of_updates_without_etag_none_is_lost_from_history(ask):
    body = ask("POST", "Patient", patient("2")).json()
    path = f"Patient/{body['id']}"
    answers = at_once([lambda n=n: ask("PUT", path, body | {"name": [{"family": f"Name{n}"}]}) for n in range(AT_ONCE)])
    assert {answer.status_code for answer in answers} == {200}
    history = ask("GET", f"{path}/_history").json()
    names = {entry["resource"]["name"][0]["family"] for entry in history["entry"]}
    assert names == {"Everywoman", *(f"Name{n}" for n in range(AT_ONCE))}
    assert history["total"] == AT_ONCE + 1


def test_a_conditional_create_creates_once(ask):
    condition = {"If-None-Exist": "identifier=https://mpi.example|3"}
    answers = at_once([lambda: ask("POST", "Patient", patient("3"), **condition) for _n in range(AT_ONCE)])
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_one_key_happens_once(ask):
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
    key = {"Idempotency-Key": '"once"'}
    answers = at_once([lambda: ask("POST", "Observation", observation, **key) for _n in range(AT_ONCE)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_readers_that_come_first_agree_on_the_version(ask, server):
    """A record that no client saw gets its first version once, however many look at the same time."""
    found = server.shell(
        "a = env['health.patient.account'].create({'family': 'New', 'company_id': env.company.id});"
        "env.cr.commit(); print('account', a.id)\n"
    )
    path = f"Patient/pat-{found.split('account ')[1].split()[0]}"
    answers = at_once([lambda: ask("GET", path) for _n in range(AT_ONCE)])
    assert {(answer.status_code, answer.headers.get("ETag")) for answer in answers} == {(200, 'W/"1"')}


def test_errors_say_nothing_of_the_inside(ask):
    for method, path, body in (
        ("GET", "Patient/%00", None),
        ("GET", "Patient?birthdate=%FF", None),
        ("GET", "Patient?family=%00", None),
        ("GET", "Patient/x/_history?_count=%00", None),
        ("PUT", "Patient/%00", {"resourceType": "Patient", "id": "x"}),
        ("GET", "Patient/" + "a" * 3000, None),
        ("POST", "Patient", ["x"]),
        ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {}}]}),
    ):
        answer = ask(method, path, body)
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text[:300])
        document = answer.json()
        assert document["resourceType"] == "OperationOutcome"
        assert "Traceback" not in answer.text
        assert "psycopg" not in answer.text
