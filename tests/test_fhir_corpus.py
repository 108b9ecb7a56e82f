"""Real FHIR resources that nobody here wrote: taken and given back as they are, or refused with a reason."""

import copy
import json
import re
import time
from decimal import Decimal

import pytest
import requests

from support.paths import CORPUS
from support.server import Server

CLIENT_ID, SECRET = "fhir-corpus", "a-secret-for-the-corpus-0123456789"
#: A hospital that takes whatever its one partner sends, and knows the currencies that occur.
SETUP = f"""
company = env.ref("base.main_company")
facility = env["health.facility"].create({{"name": "General Hospital", "code": "GH", "company_id": company.id}})
env["health.facility.code"].create({{
    "facility_id": facility.id, "system_id": env.ref("health_fhir.system_fhir").id, "code": "*",
}})
account = env["interop.service.account"].create({{
    "name": "FHIR corpus", "client_id": {CLIENT_ID!r}, "company_id": company.id, "scopes": "system/*.cruds",
    "interface_ids": [(6, 0, env.ref("health_fhir.interface_fhir_r4").ids)],
}})
account._add_secret(secret={SECRET!r})
foreign = env["res.currency"].with_context(active_test=False).search([("name", "in", ("EUR", "USD", "GBP", "AUD"))])
foreign -= company.currency_id
foreign.write({{"active": True}})
env["res.currency.rate"].search([("currency_id", "in", foreign.ids)]).unlink()
env["res.currency.rate"].create([{{"currency_id": c.id, "name": "2000-01-01", "rate": 0.9}} for c in foreign])
env.cr.commit()
"""
#: The least that a resource of a type must have, to stand in for one that the corpus only refers to.
LEAST = {
    "Organization": {"name": "Referred to"},
    "Encounter": {
        "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": "Patient/stand-in"},
    },
    "Coverage": {
        "status": "draft",
        "beneficiary": {"reference": "Patient/stand-in"},
        "payor": [{"display": "Referred to"}],
    },
    "Patient": {},
    "Practitioner": {},
    "Location": {},
    "Account": {"status": "active"},
}
REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})\Z")


@pytest.fixture(scope="module")
def server(template):
    served = Server("fhir_corpus", template)
    served.create(demo=False)
    served.shell(SETUP)
    served.start()
    yield served
    served.stop()
    served.drop()


class Client:
    """The base URL with a session that is let in."""

    def __init__(self, url):
        self.base = f"{url}/fhir/r4"
        self.session = requests.Session()
        self.session.auth = (CLIENT_ID, SECRET)
        self.session.headers.update({"Accept": "application/fhir+json", "Content-Type": "application/fhir+json"})

    def ask(self, method, path, resource=None, **headers):
        body = None if resource is None else dump(resource)
        url = path if path.startswith("http") else f"{self.base}/{path}".rstrip("/")
        return self.session.request(method, url, data=body, headers=headers, timeout=120)


@pytest.fixture(scope="module")
def client(server):
    return Client(server.url)


@pytest.fixture(scope="module")
def declared(client):
    """The interactions of each type."""
    statement = client.ask("GET", "metadata").json()
    return {
        entry["type"]: {interaction["code"] for interaction in entry["interaction"]}
        for entry in statement["rest"][0]["resource"]
    }


def load(content):
    return json.loads(content.decode("utf-8-sig"), parse_float=Decimal)


def dump(resource) -> bytes:
    """JSON that keeps the digits of decimals."""
    texts = {}

    def mark(value):
        texts[f"@@{len(texts)}@@"] = str(value)
        return f"@@{len(texts) - 1}@@"

    text = json.dumps(resource, default=mark, ensure_ascii=False)
    return re.sub(r'"(@@\d+@@)"', lambda match: texts[match[1]], text).encode()


def content(resource):
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def same(left, right):
    """Equal, digits of decimals included."""
    return dump(sort(left)) == dump(sort(right))


def sort(value):
    if isinstance(value, dict):
        return {name: sort(value[name]) for name in sorted(value)}
    return [sort(item) for item in value] if isinstance(value, list) else value


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resources():
    """``{file name: resource}`` of every single resource."""
    found = {}
    for path in sorted((CORPUS / "fhir").rglob("*.json")):
        if path.parent.name in ("schema", "synthea-r4"):
            continue
        resource = load(path.read_bytes())
        if resource.get("resourceType") not in (None, "Bundle"):
            found[f"{path.parent.name}/{path.name}"] = resource
    return found


def bundles():
    return sorted((CORPUS / "fhir" / "synthea-r4").glob("*.json"))


def check_outcome(answer):
    """An OperationOutcome that names the reason; returns its first issue."""
    document = answer.json()
    assert document["resourceType"] == "OperationOutcome", answer.text[:500]
    for issue in document["issue"]:
        assert issue["severity"] and issue["code"] and issue["diagnostics"], issue
    return document["issue"][0]


@pytest.fixture(scope="module")
def sent(client, declared):
    """Every resource of a declared type that can be written: ``{file: (resource, answer, read)}``.

    Those that others refer to come first; what the corpus does not hold gets a stand-in.
    """
    present, found = set(), {}
    named = {
        (resource["resourceType"], resource["id"]): (name, resource)
        for name, resource in resources().items()
        if resource.get("id")
    }

    def put(kind, fhir_id):
        if (kind, fhir_id) in present:
            return
        present.add((kind, fhir_id))
        name, resource = named.get((kind, fhir_id), (None, None))
        if resource is None:
            if kind not in LEAST:
                return
            resource = {"resourceType": kind, "id": fhir_id, **LEAST[kind]}
        elif "update" not in declared.get(kind, ()):
            return
        for text in sorted(set(references(resource))):
            match = REFERENCE.match(text)
            if match:
                put(*match.groups())
        answer = client.ask("PUT", f"{kind}/{fhir_id}", resource)
        if name:
            found[name] = (resource, answer, client.ask("GET", f"{kind}/{fhir_id}"))

    for address in sorted(named):
        put(*address)
    return found


def test_there_is_something_to_test(sent):
    kinds = {resource["resourceType"] for resource, _answer, _read in sent.values()}
    assert len(sent) >= 40
    assert {"Patient", "Encounter", "Coverage", "Organization", "Practitioner", "Location", "Account"} <= kinds


def test_every_valid_resource_is_taken_and_given_back_as_it_was(sent):
    wrong = []
    for name, (resource, answer, read) in sent.items():
        if answer.status_code not in (200, 201):
            continue
        given = load(read.content)
        if not same(content(given), content(resource)):
            differing = {key for key in {*given, *resource} if given.get(key) != resource.get(key)}
            wrong.append((name, differing - {"id", "meta"}))
    assert not wrong


def test_what_is_refused_says_why(sent, client):
    refused = {name: entry for name, entry in sent.items() if entry[1].status_code not in (200, 201)}
    for name, (resource, answer, _read) in refused.items():
        assert 400 <= answer.status_code < 500, (name, answer.status_code)
        issue = check_outcome(answer)
        assert issue.get("expression"), (name, issue)
        # It breaks a rule of FHIR, as $validate says too; our own rules refuse nothing here.
        verdict = client.ask("POST", f"{resource['resourceType']}/$validate", resource).json()
        assert any(found["severity"] in ("error", "fatal") for found in verdict["issue"]), (name, issue)
    assert len(refused) <= len(sent) * 0.1, {name: entry[1].text[:300] for name, entry in refused.items()}


def test_types_that_are_not_declared_are_refused_by_name(client, declared):
    for name, resource in resources().items():
        kind = resource["resourceType"]
        if kind in declared or not resource.get("id"):
            continue
        answer = client.ask("PUT", f"{kind}/{resource['id']}", resource)
        assert answer.status_code == 404, (name, answer.text[:200])
        assert check_outcome(answer)["code"] == "not-supported"


def test_each_resource_that_is_broken_is_refused_at_the_place(sent, client):
    """The same mistakes, made in every resource that was taken."""
    for name, (resource, answer, _read) in sent.items():
        if answer.status_code not in (200, 201):
            continue
        kind = resource["resourceType"]
        for label, element, value in (
            ("unknown property", "nonsuch", "x"),
            ("empty list", "identifier", []),
            ("null", "language", None),
            ("wrong type", "contained", "x"),
            ("not a code", "implicitRules", {"a": 1}),
        ):
            broken = copy.deepcopy(resource)
            broken[element] = value
            reply = client.ask("POST", kind, broken)
            assert reply.status_code in (400, 422), (name, label, reply.status_code, reply.text[:300])
            issues = [issue.get("expression", [""])[0] for issue in reply.json()["issue"]]
            assert any(where.startswith(f"{kind}.{element}") for where in issues), (name, label, reply.text[:300])


# --- Synthea ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loaded(client):
    """Each Synthea bundle with its answer and the seconds that it took."""
    found = {}
    for path in bundles():
        bundle = load(path.read_bytes())
        started = time.perf_counter()
        answer = client.ask("POST", "", bundle, Prefer="return=minimal")
        found[path.name] = (bundle, answer, time.perf_counter() - started)
    return found


def links(bundle, answer):
    """``{temporary link: real one}`` of an answer."""
    found = {}
    for sent_entry, given in zip(bundle["entry"], answer["entry"], strict=True):
        kind, fhir_id = given["response"]["location"].split("/fhir/r4/")[1].split("/")[:2]
        found[sent_entry["fullUrl"]] = f"{kind}/{fhir_id}"
    return found


def rewritten(resource, mapping):
    text = dump(resource).decode()
    for old, new in mapping.items():
        text = text.replace(old, new)
    return json.loads(text, parse_float=Decimal)


def test_synthea_bundles_load_whole(loaded):
    assert loaded
    for name, (bundle, answer, _seconds) in loaded.items():
        assert answer.status_code == 200, (name, answer.text[:500])
        entries = answer.json()["entry"]
        assert len(entries) == len(bundle["entry"])
        assert {entry["response"]["status"] for entry in entries} <= {"201 Created", "200 OK"}, name


def test_synthea_resources_are_given_back_as_they_were(loaded, client):
    bundle, answer, _seconds = min(loaded.values(), key=lambda entry: len(entry[0]["entry"]))
    answer = answer.json()
    mapping = links(bundle, answer)
    for sent_entry, given in zip(bundle["entry"], answer["entry"], strict=True):
        if given["response"]["status"] != "201 Created":
            continue  # another bundle brought it before
        read = load(client.ask("GET", given["response"]["location"].rpartition("/_history")[0]).content)
        assert same(content(read), content(rewritten(sent_entry["resource"], mapping))), sent_entry["fullUrl"]


def test_a_transaction_is_faster_than_its_entries(loaded, client):
    """At least five times, one request each over one kept connection."""
    bundle, _answer, _seconds = min(loaded.values(), key=lambda entry: len(entry[0]["entry"]))
    whole = min(timed(client, renamed(bundle, round_)) for round_ in range(3))
    apart = renamed(bundle, 9)
    mapping = {}
    started = time.perf_counter()
    for entry in in_order(apart["entry"]):
        resource = rewritten(entry["resource"], mapping)
        answer = client.ask("POST", entry["request"]["url"], resource, Prefer="return=minimal")
        assert answer.status_code in (200, 201), answer.text[:300]
        mapping[entry["fullUrl"]] = "/".join(answer.headers["Location"].split("/fhir/r4/")[1].split("/")[:2])
    single = time.perf_counter() - started
    print(f"\n{len(bundle['entry'])} entries: one transaction {whole:.3f} s, one by one {single:.3f} s")
    assert single >= 5 * whole


def timed(client, bundle):
    started = time.perf_counter()
    answer = client.ask("POST", "", bundle, Prefer="return=minimal")
    assert answer.status_code == 200, answer.text[:500]
    return time.perf_counter() - started


def renamed(bundle, number):
    """The bundle about another patient: other identifiers and temporary ids."""
    text = dump(bundle).decode()
    values = {i["value"] for entry in bundle["entry"] for i in entry["resource"].get("identifier", ())}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(f'"{value}"', f'"{value[:-2]}{number}x"')
    return json.loads(text, parse_float=Decimal)


def in_order(entries):
    """Entries after those that they refer to."""
    placed, waiting = {}, list(entries)
    urls = {entry["fullUrl"] for entry in entries}
    while waiting:
        ready = [e for e in waiting if (set(references(e["resource"])) & urls) <= placed.keys()]
        for entry in ready or waiting[:1]:
            placed[entry["fullUrl"]] = entry
            waiting.remove(entry)
    return list(placed.values())
