"""Search parameters: kinds, modifiers, escapes, results, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from odoo.addons.health_fhir.codec import params, values
from odoo.addons.health_fhir.codec.definitions import definition
from odoo.addons.health_fhir.codec.issues import FhirError
from odoo.addons.health_fhir.codec.search import parse_search
from odoo.addons.health_fhir.codec.values import Number, Target, Text, Token

from . import corpus

BASE = "https://fhir.example.org/fhir/r4/"


def search(kind, *pairs, **options):
    return parse_search(kind, pairs, params.REGISTRY, base=BASE, **options)


def one(kind, name, value):
    (found,) = search(kind, (name, value)).filters
    return found


def refused(kind, *pairs, **options):
    with pytest.raises(FhirError) as caught:
        search(kind, *pairs, **options)
    assert caught.value.status == 400
    return [(issue.code, issue.expression) for issue in caught.value.issues]


def test_every_type_is_declared_with_elements_that_exist():
    assert set(params.REGISTRY) == set(corpus.OURS)
    for kind, declared in params.REGISTRY.items():
        for param in declared.values():
            first = param.path.partition(".")[0]
            known = definition(kind)
            assert first in known.elements or first in known.choices, (kind, param.name)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("4711", Token(None, "4711")),
        ("|4711", Token("", "4711")),
        ("urn:oid:1.2|4711", Token("urn:oid:1.2", "4711")),
        ("urn:oid:1.2|", Token("urn:oid:1.2", None)),
        (r"a\|b", Token(None, "a|b")),
        (r"s|a\,b\$c\\d", Token("s", r"a,b$c\d")),
    ],
)
def test_tokens(text, token):
    assert one("Patient", "identifier", text).values == (token,)


@pytest.mark.parametrize("text", ["|", "a|b|c", "a,,b", ","])
def test_broken_tokens_are_refused(text):
    assert refused("Patient", ("identifier", text)) == [("invalid", "http.identifier")]


def test_commas_are_or_and_repeats_are_and():
    query = search("Encounter", ("status", "planned,arrived"), ("status:not", "finished"))
    assert [[value.code for value in found.values] for found in query.filters] == [["planned", "arrived"], ["finished"]]
    assert [found.modifier for found in query.filters] == ["", "not"]


def test_strings_and_their_modifiers():
    assert one("Patient", "name", r"Mo\,ser,Gruber").values == (Text("Mo,ser"), Text("Gruber"))
    assert one("Patient", "family:exact", "Moser").modifier == "exact"
    assert one("Patient", "family:contains", "ose").modifier == "contains"


@pytest.mark.parametrize(
    ("name", "text", "target"),
    [
        ("patient", "12", Target("Patient", "12")),
        ("patient", "Patient/12", Target("Patient", "12")),
        ("subject", "12", Target("", "12")),
        ("subject:Patient", "12", Target("Patient", "12")),
        ("patient", BASE + "Patient/12", Target("Patient", "12")),
        ("patient", "https://other.org/r4/Patient/12", Target("Patient", "", "https://other.org/r4/Patient/12")),
    ],
)
def test_references(name, text, target):
    assert one("Encounter", name, text).values == (target,)


def test_a_reference_by_identifier():
    assert one("Encounter", "patient:identifier", "s|1").values == (Token("s", "1"),)


def test_a_chain_of_one_step():
    found = one("Encounter", "subject:Patient.identifier", "s|1")
    assert (found.param.name, found.chain_type) == ("subject", "Patient")
    assert found.chain.values == (Token("s", "1"),)
    assert one("Encounter", "patient.family:exact", "Moser").chain.modifier == "exact"


def test_missing():
    found = one("Encounter", "account:missing", "true")
    assert (found.modifier, found.missing, found.values) == ("missing", True, ())
    assert refused("Encounter", ("account:missing", "yes"))


@pytest.mark.parametrize(
    "name",
    [
        "identifier:text",
        "identifier:of-type",
        "name:bogus",
        "name:",
        "patient:Claim",
        "date:exact",
        "_id:above",
        "_count:max",
    ],
)
def test_modifiers_that_are_not_supported_are_refused_whatever_the_handling(name):
    assert refused("Patient" if name.startswith("name") else "Encounter", (name, "1"))


@pytest.mark.parametrize(
    "name", ["favourite", "patient.general-practitioner.name", "_has:Claim:patient:status", "_text", "patient.gender"]
)
def test_unknown_parameters_follow_the_handling(name):
    query = search("Encounter", (name, "x"), ("status", "planned"))
    assert query.used == [("status", "planned")]
    assert [issue.severity for issue in query.issues] == ["warning"]
    assert [code for code, _where in refused("Encounter", (name, "x"), strict=True)] == ["not-supported"]


def test_empty_values_are_no_criteria():
    query = search("Encounter", ("status", ""), ("_format", "json"))
    assert (query.filters, query.used) == ([], [])


@pytest.mark.parametrize(
    ("text", "prefix", "low", "high"),
    [
        ("2024", "eq", (2024, 1, 1), (2025, 1, 1)),
        ("ge2024-12", "ge", (2024, 12, 1), (2025, 1, 1)),
        ("sa2024-02-29", "sa", (2024, 2, 29), (2024, 3, 1)),
        ("lt2024-02-29T10:30Z", "lt", (2024, 2, 29, 10, 30), (2024, 2, 29, 10, 31)),
        ("2024-02-29T10:30:00+01:00", "eq", (2024, 2, 29, 9, 30), (2024, 2, 29, 9, 30, 1)),
        ("2024-02-29T10:30:00 01:00", "eq", (2024, 2, 29, 9, 30), (2024, 2, 29, 9, 30, 1)),
        ("2024-02-29T10:30:00.5Z", "eq", (2024, 2, 29, 10, 30, 0, 500000), (2024, 2, 29, 10, 30, 0, 600000)),
        ("9999-12-31", "eq", (9999, 12, 31), None),
    ],
)
def test_dates_are_intervals(text, prefix, low, high):
    (span,) = one("Encounter", "date", text).values
    assert span.prefix == prefix
    assert span.low == datetime(*low, tzinfo=UTC)
    assert span.high == (datetime(*high, tzinfo=UTC) if high else datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["yesterday", "20240101", "2024-13", "2024-02-30", "xx2024", "ge", "2024-01-01T25:00:00Z", "0000"]
)
def test_what_is_no_date_is_refused(text):
    assert refused("Encounter", ("date", text)) == [("invalid", "http.date")]


def _day(number):
    return datetime(2024, 2, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "inside", "around", "before", "after", "open_end"),
    [
        ("2024-02-10", True, False, False, False, False),
        ("ne2024-02-10", False, True, True, True, True),
        ("gt2024-02-10", False, True, False, True, True),
        ("lt2024-02-10", False, True, True, False, True),
        ("ge2024-02-10", True, True, False, True, True),
        ("le2024-02-10", True, True, True, False, True),
        ("sa2024-02-10", False, False, False, True, False),
        ("eb2024-02-10", False, False, True, False, False),
        ("ap2024-02-10", True, True, False, False, True),
    ],
)
def test_prefixes_compare_intervals(text, inside, around, before, after, open_end):
    span = values.read("date", text)
    stored = {
        "inside": (_day(10).replace(hour=8), _day(10).replace(hour=9)),
        "around": (_day(9), _day(12)),
        "before": (_day(8), _day(9)),
        "after": (_day(12), _day(13)),
        "open_end": (_day(9), None),
    }
    got = {name: values.covers(span, *bounds, now=_day(11)) for name, bounds in stored.items()}
    assert got == {"inside": inside, "around": around, "before": before, "after": after, "open_end": open_end}


def test_numbers_mean_their_precision():
    (number,) = one("ChargeItem", "factor-override", "gt1.50").values
    assert number == Number("gt", Decimal("1.50"), Decimal("1.495"), Decimal("1.505"))
    (amount,) = one("Invoice", "totalnet", "le100|urn:iso:std:iso:4217|EUR").values
    assert (amount.prefix, amount.low, amount.system, amount.code) == (
        "le",
        Decimal("99.5"),
        "urn:iso:std:iso:4217",
        "EUR",
    )
    (amount,) = one("Invoice", "totalnet", "100||EUR").values
    assert (amount.system, amount.code) == (None, "EUR")
    for text in ("ten", "1e999", "1|2|3|4", "NaN"):
        assert refused("Invoice", ("totalnet", text))


def test_results():
    query = search(
        "Encounter",
        ("_count", "20"),
        ("_sort", "-date,_id"),
        ("_total", "accurate"),
        ("_summary", "true"),
        ("_elements", "status,period.start"),
        ("_include", "Encounter:patient"),
        ("_include", "Encounter:location:Location"),
        ("_revinclude", "ChargeItem:context"),
        ("_cursor", "abc"),
        ("_id", "1,2"),
        ("_lastUpdated", "gt2024"),
    )
    assert (query.count, query.total, query.summary, query.cursor) == (20, "accurate", "true", "abc")
    assert [(param.name, down) for param, down in query.sort] == [("date", True), ("_id", False)]
    assert query.elements == ("status", "period")
    assert [(link.param.name, link.target) for link in query.includes] == [("patient", ""), ("location", "Location")]
    assert [(link.source, link.param.name) for link in query.revincludes] == [("ChargeItem", "context")]
    assert len(query.used) == 11


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_count", "-1"), ("_count", "many"), ("_total", "exact"), ("_summary", "short"), ("_include", "*"),
        ("_include", "Patient:link"), ("_include:iterate", "Encounter:patient"), ("_revinclude", "ChargeItem:service"),
        ("_include", "Encounter:patient:Group"), ("_cursor", "<script>"), ("_elements", "a b"),
    ],
)  # fmt: skip
def test_results_that_are_not_supported_are_refused(name, value):
    assert refused("Encounter", (name, value))


def test_a_result_parameter_is_given_once():
    assert refused("Encounter", ("_count", "1"), ("_count", "2"))


def test_many_parameters_are_refused():
    assert refused("Encounter", *[("status", "planned")] * 61)
    assert refused("Encounter", ("status", ",".join(["planned"] * 201)))


def test_the_answer_quotes_no_value():
    with pytest.raises(FhirError) as caught:
        search("Encounter", ("date", "SECRET"), ("SECRET PERSON", "1"), strict=True)
    assert "SECRET" not in str(caught.value)


def test_a_subset_declares_only_what_it_names():
    declared = {"Encounter": params.subset("Encounter", ("patient",), chains=frozenset())}
    assert set(declared["Encounter"]) == {"_id", "_lastUpdated", "patient"}
    query = parse_search("Encounter", [("status", "planned"), ("patient.name", "x")], declared)
    assert (query.filters, len(query.issues)) == ([], 2)
