"""Validation: good resources pass, and each kind of mistake is found at its place."""

import copy
from decimal import Decimal

import pytest

from odoo.addons.health_fhir.codec import jsonio
from odoo.addons.health_fhir.codec.validate import validate

from . import corpus
from .samples import SAMPLES

needs_corpus = pytest.mark.skipif(not corpus.files(), reason="the public examples are not on this machine")


def found(resource, **options):
    return {(issue.code, issue.expression) for issue in validate(resource, **options)}


@needs_corpus
@pytest.mark.parametrize("path", corpus.files(), ids=lambda path: path.stem[:40])
def test_public_examples_are_valid(path):
    resource = jsonio.parse(path.read_bytes())
    assert validate(resource) == []
    for entry in resource.get("entry", ()):
        assert validate(entry.get("resource", {"resourceType": "Basic", "code": {"text": "none"}})) == []


@pytest.mark.parametrize("kind", corpus.OURS)
def test_samples_are_valid(kind):
    assert validate(copy.deepcopy(SAMPLES[kind]), profile_type=kind) == []


def _set(*path_and_value):
    *path, value = path_and_value

    def change(resource):
        target = resource
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def _drop(name):
    return lambda resource: resource.pop(name)


#: (what, type, change, issue code, expression)
MISTAKES = [
    ("required primitive missing", "Claim", _drop("status"), "required", "Claim.status"),
    ("required element missing", "Coverage", _drop("beneficiary"), "required", "Coverage.beneficiary"),
    ("required array missing", "Coverage", _drop("payor"), "required", "Coverage.payor"),
    ("code not of the set", "Claim", _set("status", "bogus"), "code-invalid", "Claim.status"),
    ("gender M", "Patient", _set("gender", "M"), "code-invalid", "Patient.gender"),
    (
        "two of a choice",
        "Patient",
        lambda r: r.update(deceasedBoolean=False, deceasedDateTime="2020"),
        "structure",
        "Patient.deceased",
    ),
    ("empty array", "Patient", _set("name", []), "structure", "Patient.name"),
    ("empty object", "Patient", _set("maritalStatus", {}), "structure", "Patient.maritalStatus"),
    ("empty text", "Patient", _set("name", 0, "family", ""), "value", "Patient.name[0].family"),
    ("null", "Patient", _set("birthDate", None), "structure", "Patient.birthDate"),
    ("null in an array", "Patient", _set("name", 0, "given", ["Anna", None]), "structure", "Patient.name[0].given[1]"),
    (
        "wrong reference target",
        "Encounter",
        _set("subject", "reference", "Organization/1"),
        "value",
        "Encounter.subject",
    ),
    (
        "period upside down",
        "Encounter",
        _set("period", {"start": "2024-02-02", "end": "2024-02-01"}),
        "invariant",
        "Encounter.period",
    ),
    ("money as text", "Claim", _set("total", "value", "12.50"), "value", "Claim.total.value"),
    ("id of 65 characters", "Patient", _set("id", "a" * 65), "value", "Patient.id"),
    ("unknown property", "Patient", _set("favouriteColour", "red"), "structure", "Patient.favouriteColour"),
    ("array where one belongs", "Patient", _set("gender", ["male"]), "structure", "Patient.gender"),
    ("one where an array belongs", "Patient", _set("name", {"family": "Moser"}), "structure", "Patient.name"),
    ("text where an object belongs", "Encounter", _set("class", "IMP"), "structure", "Encounter.class"),
    ("boolean as text", "Patient", _set("active", "true"), "value", "Patient.active"),
    ("31 February", "Patient", _set("birthDate", "1990-02-31"), "value", "Patient.birthDate"),
    ("date in another order", "Patient", _set("birthDate", "31.01.1990"), "value", "Patient.birthDate"),
    ("time without zone", "Claim", _set("created", "2024-01-01T10:00:00"), "value", "Claim.created"),
    ("instant without time", "Appointment", _set("start", "2024-01-01"), "value", "Appointment.start"),
    ("positive number zero", "Claim", _set("item", 0, "sequence", 0), "value", "Claim.item[0].sequence"),
    (
        "required in the depth",
        "Claim",
        lambda r: r["item"][0].pop("productOrService"),
        "required",
        "Claim.item[0].productOrService",
    ),
    ("currency", "Claim", _set("total", "currency", "Euro"), "code-invalid", "Claim.total.currency"),
    (
        "no such contained resource",
        "Claim",
        _set("patient", {"reference": "#p9"}),
        "invariant",
        "Claim.patient.reference",
    ),
    (
        "contained of a wrong type",
        "Encounter",
        lambda r: r.update(
            contained=[{"resourceType": "Organization", "id": "o", "name": "X"}], subject={"reference": "#o"}
        ),
        "value",
        "Encounter.subject",
    ),
    (
        "contained nobody mentions",
        "Encounter",
        _set("contained", [{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
        "invariant",
        "Encounter.contained[0]",
    ),
    (
        "contained in contained",
        "Encounter",
        lambda r: r.update(
            contained=[{"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient", "id": "q"}]}],
            subject={"reference": "#p"},
        ),
        "invariant",
        "Encounter.contained[0].contained",
    ),
    (
        "type and reference disagree",
        "Encounter",
        _set("subject", {"reference": "Patient/1", "type": "Group"}),
        "invariant",
        "Encounter.subject.type",
    ),
    (
        "reference that is none",
        "Encounter",
        _set("subject", {"reference": "Mrs Moser"}),
        "value",
        "Encounter.subject.reference",
    ),
    ("org-1", "Organization", lambda r: (r.pop("name"), r.pop("identifier", None)), "invariant", "Organization"),
    (
        "org-2",
        "Organization",
        _set("address", [{"use": "home", "city": "Graz"}]),
        "invariant",
        "Organization.address[0]",
    ),
    (
        "org-3",
        "Organization",
        _set("telecom", [{"use": "home", "system": "phone", "value": "1"}]),
        "invariant",
        "Organization.telecom[0]",
    ),
    ("pat-1", "Patient", _set("contact", [{"gender": "male"}]), "invariant", "Patient.contact[0]"),
    ("app-1", "Appointment", _set("participant", [{"status": "accepted"}]), "invariant", "Appointment.participant[0]"),
    ("app-2", "Appointment", _drop("end"), "invariant", "Appointment"),
    ("app-3", "Appointment", lambda r: (r.pop("start"), r.pop("end")), "invariant", "Appointment"),
    ("app-4", "Appointment", _set("cancelationReason", {"text": "x"}), "invariant", "Appointment"),
    ("appointment upside down", "Appointment", _set("end", "2024-01-01T08:00:00Z"), "invariant", "Appointment.end"),
    (
        "prr-1",
        "ServiceRequest",
        lambda r: (r.pop("code"), r.update(orderDetail=[{"text": "x"}])),
        "invariant",
        "ServiceRequest",
    ),
    ("ext-1", "Patient", _set("extension", [{"url": "http://x.org/e"}]), "invariant", "Patient.extension[0]"),
    (
        "extension without url",
        "Patient",
        _set("extension", [{"valueString": "x"}]),
        "required",
        "Patient.extension[0].url",
    ),
    ("qty-3", "ChargeItem", _set("quantity", {"value": 1, "code": "d"}), "invariant", "ChargeItem.quantity"),
    ("cpt-2", "Patient", _set("telecom", [{"value": "+43 1"}]), "invariant", "Patient.telecom[0]"),
    ("att-1", "Patient", _set("photo", [{"data": "AAAA"}]), "invariant", "Patient.photo[0]"),
    (
        "base64",
        "Patient",
        _set("photo", [{"contentType": "image/png", "data": "AAA*"}]),
        "value",
        "Patient.photo[0].data",
    ),
    (
        "two lines with one sequence",
        "Claim",
        lambda r: r["item"].append(dict(r["item"][0])),
        "duplicate",
        "Claim.item[1].sequence",
    ),
    (
        "link to no line",
        "Claim",
        _set("item", 0, "diagnosisSequence", [9]),
        "invariant",
        "Claim.item[0].diagnosisSequence[0]",
    ),
    (
        "script in the narrative",
        "Patient",
        _set(
            "text", {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>'}
        ),
        "value",
        "Patient.text.div",
    ),
    (
        "link that runs",
        "Patient",
        _set("text", {"status": "generated", "div": '<div><a href="javascript:x">x</a></div>'}),
        "value",
        "Patient.text.div",
    ),
    (
        "narrative with an entity bomb",
        "Patient",
        _set("text", {"status": "generated", "div": '<!DOCTYPE d [<!ENTITY a "b">]><div>&a;</div>'}),
        "value",
        "Patient.text.div",
    ),
    ("uri with a blank", "Patient", _set("identifier", 0, "system", "urn: x"), "value", "Patient.identifier[0].system"),
    ("control character", "Patient", _set("name", 0, "family", "Mo\x07ser"), "value", "Patient.name[0].family"),
    ("twin of no primitive", "Patient", _set("_maritalStatus", {"id": "x"}), "structure", "Patient._maritalStatus"),
]


@pytest.mark.parametrize(
    ("kind", "change", "code", "expression"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_each_mistake_is_found_at_its_place(kind, change, code, expression):
    resource = copy.deepcopy(SAMPLES[kind])
    change(resource)
    assert found(resource) == {(code, expression)}


def test_the_complaint_quotes_no_value():
    resource = copy.deepcopy(SAMPLES["Patient"])
    resource.update(gender="SECRET", birthDate="SECRET", active="SECRET", link=[{"other": {"reference": "SECRET x"}}])
    issues = validate(resource)
    assert len(issues) >= 4
    assert not any("SECRET" in issue.diagnostics + issue.expression for issue in issues)


def test_primitive_extensions_stand_for_values():
    resource = copy.deepcopy(SAMPLES["Encounter"])
    del resource["status"]
    resource["_status"] = {"extension": [{"url": "http://x.org/unknown", "valueCode": "unknown"}]}
    assert validate(resource) == []


def test_null_stands_beside_an_extension():
    resource = copy.deepcopy(SAMPLES["Patient"])
    extension = {"extension": [{"url": "http://x.org/e", "valueString": "x"}]}
    resource["name"][0].update(given=["Anna", None], _given=[None, extension])
    assert validate(resource) == []
    resource["name"][0].update(_given=[None, None])
    assert ("structure", "Patient.name[0].given[1]") in found(resource)


def test_unknown_and_missing_types_are_refused():
    assert found({"resourceType": "Person2"}) == {("structure", "")}
    assert found({}) == {("structure", "")}
    assert found({"resourceType": ["Patient"]}) == {("structure", "")}
    assert found({"resourceType": "Patient"}, profile_type="Claim") == {("invalid", "resourceType")}


def test_a_bundle_entry_is_named_by_its_place():
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": {"resourceType": "Patient", "gender": "M"}, "request": {"method": "POST", "url": "Patient"}},
        ],
    }
    assert found(bundle) == {("code-invalid", "Bundle.entry[0].resource.gender")}


def test_decimals_are_numbers():
    resource = copy.deepcopy(SAMPLES["Claim"])
    resource["total"]["value"] = Decimal("12.500")
    assert validate(resource) == []


def test_a_flood_of_mistakes_ends():
    resource = {"resourceType": "Patient", "name": [{"family": ""} for _ in range(5000)]}
    issues = validate(resource)
    assert 100 < len(issues) < 300
    assert issues[-1].code == "too-costly"


def test_deep_nesting_is_refused():
    extension = {"url": "http://x.org/e", "valueString": "x"}
    for _ in range(500):
        extension = {"url": "http://x.org/e", "extension": [extension]}
    issues = validate({"resourceType": "Patient", "extension": [extension]})
    assert {issue.code for issue in issues} == {"too-long"}


#: What fhir.resources itself refuses must not pass our own walk alone.
@needs_corpus
@pytest.mark.parametrize("kind", corpus.OURS)
def test_own_walk_refuses_all_that_the_library_refuses(kind):
    pytest.importorskip("fhir.resources")
    from odoo.addons.health_fhir.codec.judge import judge

    sample = SAMPLES[kind]
    for name in [*sample, "surplus"]:
        for value in (None, [], {}, "", 7, True, "x y", [{}], {"x": 1}, ["x"]):
            resource = copy.deepcopy(sample)
            resource[name] = value
            if name == "resourceType" or not judge(resource):
                continue
            assert validate(resource, second_opinion=False), (name, value)
