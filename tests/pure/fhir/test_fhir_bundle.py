"""Transactions and batches: order, identities, links, answers."""

import copy

import pytest

from odoo.addons.health_fhir.codec import jsonio
from odoo.addons.health_fhir.codec.bundle import Result, etag_version, plan, response
from odoo.addons.health_fhir.codec.issues import FhirError
from odoo.addons.health_fhir.codec.links import conditionals, references, rewrite
from odoo.addons.health_fhir.codec.validate import validate

from . import corpus
from .samples import SAMPLES

BASE = "https://fhir.example.org/fhir/r4/"


def entry(method, url, resource=None, full_url="", **request):
    row = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        row["resource"] = resource
    if full_url:
        row["fullUrl"] = full_url
    return row


def bundle(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def refused(*entries, **options):
    with pytest.raises(FhirError) as caught:
        plan(bundle(*entries), base=BASE, **options)
    return [(issue.code, issue.expression) for issue in caught.value.issues]


def patient(key=None):
    return {"resourceType": "Patient", **({"id": key} if key else {})}


def test_effects_are_ordered_by_method():
    made = plan(
        bundle(
            entry("GET", "Patient?name=x"),
            entry("PUT", "Patient/1", patient("1")),
            entry("POST", "Patient", patient()),
            entry("DELETE", "Patient/2"),
            entry("HEAD", "Patient/3"),
        )
    )
    assert [item.method for item in made.ordered()] == ["DELETE", "POST", "PUT", "GET", "HEAD"]
    assert [item.index for item in made.entries] == [0, 1, 2, 3, 4]


def test_creates_come_after_those_they_refer_to():
    encounter = {**SAMPLES["Encounter"], "subject": {"reference": "urn:uuid:p"}}
    charge = {**SAMPLES["ChargeItem"], "context": {"reference": "urn:uuid:e"}, "subject": {"reference": "urn:uuid:p"}}
    made = plan(
        bundle(
            entry("POST", "ChargeItem", charge, "urn:uuid:c"),
            entry("POST", "Encounter", encounter, "urn:uuid:e"),
            entry("POST", "Patient", patient(), "urn:uuid:p"),
        )
    )
    assert [item.type for item in made.ordered()] == ["Patient", "Encounter", "ChargeItem"]


def test_a_circle_of_creates_ends():
    one = {**patient(), "link": [{"type": "seealso", "other": {"reference": "urn:uuid:b"}}]}
    two = {**patient(), "link": [{"type": "seealso", "other": {"reference": "urn:uuid:a"}}]}
    made = plan(bundle(entry("POST", "Patient", one, "urn:uuid:a"), entry("POST", "Patient", two, "urn:uuid:b")))
    assert [item.index for item in made.ordered()] == [0, 1]


@pytest.mark.parametrize(
    ("method", "url", "interaction", "key"),
    [
        ("GET", "Patient/1", "read", "1"),
        ("GET", BASE + "Patient/1", "read", "1"),
        ("GET", "Patient/1/_history/3", "vread", "1"),
        ("GET", "Patient/1/_history", "history", "1"),
        ("GET", "Patient?name=a%20b", "search", ""),
        ("GET", "metadata", "capabilities", ""),
        ("POST", "Patient/$validate", "operation", ""),
        ("DELETE", "Patient?identifier=1", "delete", ""),
    ],
)
def test_urls(method, url, interaction, key):
    (item,) = plan(bundle(entry(method, url)), base=BASE).entries
    assert (item.interaction, item.id) == (interaction, key)


@pytest.mark.parametrize(
    "row",
    [
        entry("POST", "Patient/1", patient()),
        entry("PUT", "Patient", patient()),
        entry("DELETE", "Patient"),
        entry("GET", "Person2/1"),
        entry("GET", ""),
        entry("PUT", "Patient/a b", patient("a b")),
        entry("GET", "https://other.example/Patient/1"),
        entry("GET", "Patient/1/_history/3/4"),
        entry("GET", "Patient/../1"),
    ],
    ids=lambda row: row["request"]["url"],
)
def test_urls_that_mean_nothing_are_refused(row):
    assert refused(row) == [("value", "Bundle.entry[0].request.url")]


def test_a_request_needs_a_fitting_resource():
    assert refused(entry("POST", "Patient")) == [("required", "Bundle.entry[0].resource")]
    assert refused(entry("POST", "Patient", SAMPLES["Claim"])) == [("value", "Bundle.entry[0].resource")]
    assert refused(entry("PUT", "Patient/1", patient("2"))) == [("value", "Bundle.entry[0].resource.id")]
    assert refused({"resource": patient()}) == [("required", "Bundle.entry[0].request.method")]


def test_one_identity_stands_once():
    twice = "duplicate"
    assert refused(entry("PUT", "Patient/1", patient("1")), entry("DELETE", "Patient/1")) == [
        (twice, "Bundle.entry[1].request.url")
    ]
    assert refused(
        entry("POST", "Patient", patient(), "urn:uuid:a"), entry("POST", "Patient", patient(), "urn:uuid:a")
    ) == [(twice, "Bundle.entry[1].fullUrl")]
    assert refused(
        entry("POST", "Patient", patient(), ifNoneExist="identifier=1"),
        entry("POST", "Patient", patient(), ifNoneExist="identifier=1"),
    ) == [(twice, "Bundle.entry[1].request.ifNoneExist")]
    assert refused(entry("DELETE", "Patient?a=1&b=2"), entry("DELETE", "Patient?b=2&a=1"))


def test_a_batch_keeps_its_good_entries():
    made = plan(bundle(entry("GET", "Patient/1"), entry("PUT", "Patient", patient()), kind="batch"))
    assert [item.error is None for item in made.entries] == [True, False]


def test_conditions():
    (item,) = plan(
        bundle(entry("POST", "Patient", patient(), ifNoneExist="?identifier=s%7C1")), base=BASE
    ).entries  # fmt: skip
    assert item.if_none_exist == [("identifier", "s|1")]
    (item,) = plan(bundle(entry("PUT", "Patient/1", patient("1"), ifMatch='W/"3"')), base=BASE).entries
    assert item.if_match == "3"
    assert etag_version('"3"') == "3"
    for text in ("3", "W/3", "*", 'W/"a b"'):
        with pytest.raises(FhirError):
            etag_version(text)
    assert refused(entry("GET", "Patient/1", ifNoneExist="a=1")) == [("value", "Bundle.entry[0].request.ifNoneExist")]


def test_other_bundles_and_too_many_entries_are_refused():
    with pytest.raises(FhirError) as caught:
        plan({"resourceType": "Bundle", "type": "collection"})
    assert caught.value.issues[0].expression == "Bundle.type"
    with pytest.raises(FhirError) as caught:
        plan(bundle(*[entry("GET", "Patient/1")] * 3, kind="batch"), max_entries=2)
    assert caught.value.status == 413


def test_links_are_rewritten_everywhere():
    old, new = "urn:uuid:11111111-1111-1111-1111-111111111111", "Patient/7"
    resource = {
        "resourceType": "Encounter",
        "text": {"status": "generated", "div": f'<div xmlns="x"><a href="{old}">x</a><img src=\'{old}\'/>{old}</div>'},
        "contained": [{"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": old}}],
        "extension": [{"url": "http://x.org/e", "valueReference": {"reference": old}}, {"url": old, "valueUri": old}],
        "identifier": [{"system": "http://x.org", "value": old}],
        "_status": {"extension": [{"url": "http://x.org/e", "valueReference": {"reference": old}}]},
        "subject": {"reference": old, "display": old},
        "instantiatesCanonical": [old],
    }
    before = copy.deepcopy(resource)
    changed = rewrite(resource, {old: new})
    assert resource == before
    assert changed["text"]["div"] == f'<div xmlns="x"><a href="{new}">x</a><img src=\'{new}\'/>{old}</div>'
    assert changed["contained"][0]["patient"]["reference"] == new
    assert changed["extension"][0]["valueReference"]["reference"] == new
    assert changed["extension"][1] == {"url": new, "valueUri": new}
    assert changed["identifier"][0]["value"] == old
    assert changed["_status"]["extension"][0]["valueReference"]["reference"] == new
    assert changed["subject"] == {"reference": new, "display": old}
    assert changed["instantiatesCanonical"] == [old]


def test_relative_links_belong_to_the_server_of_the_full_url():
    mapping = {"http://other.org/r4/Patient/1": "Patient/7"}
    resource = {"resourceType": "Encounter", "subject": {"reference": "Patient/1"}}
    assert rewrite(resource, mapping, "http://other.org/r4/")["subject"]["reference"] == "Patient/7"
    assert rewrite(resource, mapping)["subject"]["reference"] == "Patient/1"
    (item,) = plan(bundle(entry("POST", "Patient", patient(), "http://other.org/r4/Patient/1"))).entries
    assert item.base == "http://other.org/r4/"


def test_conditional_references_are_found_and_rewritten():
    text = "Patient?identifier=http://x.org|1"
    resource = {"resourceType": "Encounter", "subject": {"reference": text}, "serviceProvider": {"reference": "#o"}}
    assert conditionals(resource) == {text}
    assert rewrite(resource, {text: "Patient/7"})["subject"]["reference"] == "Patient/7"


def test_answers_are_valid_bundles():
    for kind in ("transaction", "batch"):
        answer = response(
            kind,
            [
                Result(201, location="Patient/1/_history/1", etag="1", last_modified="2024-01-01T00:00:00Z"),
                Result(200, resource=SAMPLES["Patient"]),
                Result(
                    404,
                    outcome={"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]},
                ),
            ],
        )
        assert validate(answer) == []
        assert [row["response"]["status"] for row in answer["entry"]] == ["201 Created", "200 OK", "404 Not Found"]
        assert answer["entry"][0]["response"]["etag"] == 'W/"1"'
    assert validate(response("batch", [])) == []


@pytest.mark.parametrize("path", corpus.files("synthea-r4"), ids=lambda path: path.stem[:20])
def test_synthea_transactions_can_be_planned_and_rewritten(path):
    source = jsonio.parse(path.read_bytes())
    made = plan(source, base=BASE)
    mapping = {item.full_url: f"{item.type}/{item.index}" for item in made.entries}
    placed = set()
    for item in made.ordered():
        used = {text for text in references(item.resource) if text in mapping}
        placed.add(item.full_url)
        if item.type in ("Encounter", "Claim"):
            assert used <= placed
        changed = rewrite(item.resource, mapping, item.base)
        assert not any(text in mapping for text in references(changed))
        assert validate(changed) == []
