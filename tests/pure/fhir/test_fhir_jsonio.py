"""FHIR's JSON: read strictly, written without losing a digit."""

import json
from decimal import Decimal

import pytest

from odoo.addons.health_fhir.codec.issues import FhirError
from odoo.addons.health_fhir.codec.jsonio import dump, parse

from . import corpus


def refused(body, **options):
    with pytest.raises(FhirError) as caught:
        parse(body, **options)
    return caught.value


def test_a_byte_order_mark_is_tolerated():
    assert parse(b'\xef\xbb\xbf{"resourceType":"Patient"}') == {"resourceType": "Patient"}


@pytest.mark.parametrize("number", ["1.00", "0.10", "100.000", "-3.50", "1E-7", "12345678901234567.123"])
def test_a_decimal_keeps_its_digits(number):
    body = f'{{"value":{number}}}'.encode()
    value = parse(body)["value"]
    assert isinstance(value, Decimal)
    assert dump({"value": value}) == body


def test_a_text_cannot_pass_for_a_decimal():
    text = "decimal:000000000000000000000000:7"
    assert json.loads(dump({"a": text, "b": Decimal("1.0")})) == {"a": text, "b": 1.0}


def test_what_is_no_number_is_not_written():
    for value in (Decimal("NaN"), Decimal("Infinity"), float("nan"), object()):
        with pytest.raises((TypeError, ValueError)):
            dump({"value": value})


def test_duplicate_names_are_refused_at_their_place():
    failure = refused(b'{"resourceType":"Patient","name":[{"family":"A"},{"family":"B","family":"C"}]}')
    assert failure.issues[0].expression == "Patient.name[1].family"
    assert failure.status == 400


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity", b"1e999999", b"1" * 5000, b"0." + b"1" * 500])
def test_what_is_no_number_is_refused_at_its_place(constant):
    failure = refused(b'{"resourceType":"Claim","total":{"value":' + constant + b"}}")
    assert failure.issues[0].expression == "Claim.total.value"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe{}",
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"\\udfff":1}',
        b"{'a':1}",
    ],
)
def test_what_is_not_one_json_object_is_refused(body):
    assert refused(body).status == 400


def test_depth_and_size_are_limited():
    assert "64 levels" in str(refused(b'{"a":' * 65 + b"1" + b"}" * 65))
    assert "64 levels" in str(refused(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"))
    assert refused(b'{"a":"' + b"x" * 100 + b'"}', max_bytes=50).status == 413


@pytest.mark.parametrize("path", corpus.files(), ids=lambda path: path.stem[:40])
def test_public_examples_survive_a_round_trip(path):
    resource = parse(path.read_bytes())
    assert parse(dump(resource)) == resource
