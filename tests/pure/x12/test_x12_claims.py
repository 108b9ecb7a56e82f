"""Claims that are written: accepted by our check and by the second opinion, and nothing is lost."""

import dataclasses
from decimal import Decimal as D

import pytest

from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.model import Adjustment, Party
from odoo.addons.health_x12.codec.model_claim import Diagnosis
from odoo.addons.health_x12.codec.read837 import read_claims
from odoo.addons.health_x12.codec.tokenizer import Delimiters, segments
from odoo.addons.health_x12.codec.write837 import write_institutional, write_professional

from .samples import ENVELOPE, INSTITUTIONAL, PROFESSIONAL, RECEIVER, SECONDARY, SUBMITTER
from .second_opinion import complaints

WRITERS = {"P": write_professional, "I": write_institutional}


def write(kind, *claims, delimiters=None):
    return WRITERS[kind](ENVELOPE, SUBMITTER, RECEIVER, claims, delimiters)


def found(body):
    document = Document(body)
    claims = [claim for transaction in document.sets() for claim in read_claims(transaction)]
    assert [issue for group in document.interchanges[0].groups for each in group.sets for issue in each.issues] == []
    assert document.interchanges[0].issues == []
    return claims


def changed(claim, line=None, **values):
    if line:
        values["lines"] = (dataclasses.replace(claim.lines[0], **line), *claim.lines[1:])
    return dataclasses.replace(claim, **values)


CASES = {
    "professional": ("P", (PROFESSIONAL,)),
    "secondary of a child": ("P", (SECONDARY,)),
    "both": ("P", (PROFESSIONAL, SECONDARY, PROFESSIONAL)),
    "institutional": ("I", (INSTITUTIONAL,)),
    "void": ("P", (changed(PROFESSIONAL, frequency="8", original_control_number="ICN7"),)),
    "corrected institutional": ("I", (changed(INSTITUTIONAL, frequency="7", original_control_number="ICN7"),)),
    "twelve diagnoses": (
        "P", (changed(PROFESSIONAL, diagnoses=(Diagnosis("R079", "principal"), *[Diagnosis(f"I1{n}") for n in range(10)], Diagnosis("I20"))),),
    ),
    "referred": ("P", (changed(PROFESSIONAL, referring=Party("WHO", "DOC", person=True, identifier_type="XX", identifier="1234567893"), referral="R1"),)),
    "no group, many lines": ("P", (changed(PROFESSIONAL, lines=PROFESSIONAL.lines * 25),)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_second_opinion_accepts_it(name):
    kind, claims = CASES[name]
    assert complaints(write(kind, *claims)) == []


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_what_was_written(name):
    kind, claims = CASES[name]
    assert found(write(kind, *claims)) == list(claims)


def test_more_than_six_adjustments_of_one_group():
    adjustments = tuple(Adjustment("PR", str(reason), D(reason)) for reason in range(1, 9))
    adjudication = dataclasses.replace(SECONDARY.lines[0].adjudications[0], adjustments=adjustments)
    claim = changed(SECONDARY, {"adjudications": (adjudication,)})
    body = write("P", claim)
    assert [len(each) for each in segments(body) if each[0] == "CAS"] == [19, 7]
    assert found(body) == [claim]
    assert complaints(body) == []


def test_the_second_opinion_can_disagree():
    assert complaints(write("P", PROFESSIONAL).replace(b"HI*ABK", b"HI*XXX"))


@pytest.mark.parametrize(
    "delimiters",
    [Delimiters("|", ">", "!", "\n"), Delimiters("\x1d", "\x1f", "\x1e", "\x1c"), Delimiters("*", ":", "", "~")],
)
def test_any_separators(delimiters):
    assert found_with(delimiters) == [PROFESSIONAL]


def found_with(delimiters):
    body = write("P", PROFESSIONAL, delimiters=delimiters)
    return [claim for transaction in Document(body).sets() for claim in read_claims(transaction)]


def test_amounts_and_totals():
    by_name = {each[0]: each for each in segments(write("P", PROFESSIONAL))}
    assert by_name["CLM"][2] == "130.5"
    assert PROFESSIONAL.charge == D("130.50")


def test_codes_lose_their_dot_and_names_their_accents():
    claim = changed(PROFESSIONAL, diagnoses=(Diagnosis("r07.9"),), lines=PROFESSIONAL.lines[1:])
    subscriber = dataclasses.replace(claim.coverage.subscriber, name="Łødż~Müller*É")
    body = write("P", changed(claim, coverage=dataclasses.replace(claim.coverage, subscriber=subscriber)))
    assert b"HI*ABK:R079~" in body
    assert b"NM1*IL*1*Lodz Muller E*JOHN" in body


def test_many_claims_are_split_into_sets(monkeypatch):
    from odoo.addons.health_x12.codec import write837

    monkeypatch.setattr(write837, "MOST_CLAIMS", 3)
    body = write("P", *[PROFESSIONAL] * 7)
    assert found(body) == [PROFESSIONAL] * 7
    assert [each[2] for each in segments(body) if each[0] == "ST"] == ["0001", "0002", "0003"]
    assert len({each[3] for each in segments(body) if each[0] == "BHT"}) == 3


@pytest.mark.parametrize(
    ("kind", "claim", "where"),
    [
        ("P", changed(PROFESSIONAL, patient_control_number=""), ("CLM", 1)),
        ("P", changed(PROFESSIONAL, patient_control_number="A*B"), ("CLM", 1)),
        ("P", changed(PROFESSIONAL, patient_control_number="Ä"), ("CLM", 1)),
        ("P", changed(PROFESSIONAL, authorization="A~B"), ("REF", 2)),
        ("P", changed(PROFESSIONAL, lines=()), ("LX", 1)),
        ("P", changed(PROFESSIONAL, lines=PROFESSIONAL.lines * 26), ("LX", 0)),
        ("P", changed(PROFESSIONAL, diagnoses=()), ("HI", 1)),
        ("P", changed(PROFESSIONAL, diagnoses=(Diagnosis("I10", "external"),)), ("HI", 1)),
        ("P", changed(PROFESSIONAL, diagnoses=(Diagnosis("I10"),) * 13), ("HI", 0)),
        ("P", changed(PROFESSIONAL, {"pointers": (3,)}), ("SV1", 7)),
        ("P", changed(PROFESSIONAL, {"pointers": ()}), ("SV1", 7)),
        ("P", changed(PROFESSIONAL, {"code": ""}), ("SV1", 1)),
        ("P", changed(PROFESSIONAL, {"date_from": None}), ("DTP", 3)),
        ("P", changed(PROFESSIONAL, {"charge": D("NaN")}), ("CLM", 2)),
        ("P", changed(PROFESSIONAL, frequency="7"), ("REF", 2)),
        ("P", changed(PROFESSIONAL, frequency="9"), ("CLM", 5)),
        ("P", changed(SECONDARY, patient=None), ("NM1", 3)),
        ("P", changed(PROFESSIONAL, billing=dataclasses.replace(PROFESSIONAL.billing, references=())), ("REF", 2)),
        ("P", changed(PROFESSIONAL, billing=dataclasses.replace(PROFESSIONAL.billing, address=None)), ("N3", 1)),
        ("I", changed(INSTITUTIONAL, {"revenue_code": ""}), ("SV2", 1)),
        ("I", changed(INSTITUTIONAL, patient_status=""), ("CL1", 3)),
    ],
)
def test_what_cannot_be_right_is_not_written(kind, claim, where):
    with pytest.raises(X12Error) as caught:
        write(kind, claim)
    assert (caught.value.issue.segment, caught.value.issue.element) == where


@pytest.mark.parametrize(
    ("values", "element"),
    [({"control_number": 0}, 13), ({"control_number": 10**9}, 13), ({"sender": ""}, 6), ({"receiver": "X" * 16}, 8)],
)
def test_an_envelope_that_cannot_be(values, element):
    with pytest.raises(X12Error) as caught:
        write_professional(dataclasses.replace(ENVELOPE, **values), SUBMITTER, RECEIVER, [PROFESSIONAL])
    assert (caught.value.issue.segment, caught.value.issue.element) == ("ISA", element)


def test_the_envelope():
    found = {each[0]: each for each in segments(write("P", PROFESSIONAL))}
    assert found["ISA"][13] == found["IEA"][2] == "000000017"
    assert found["GS"][6] == found["GE"][2] == "17"
    assert found["ISA"][14:16] == ["1", "P"]
    assert (found["ISA"][6], found["ISA"][8]) == ("SENDER".ljust(15), "RECEIVER".ljust(15))
