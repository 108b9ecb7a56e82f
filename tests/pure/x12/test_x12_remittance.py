"""Remittances: what is read, and that what does not balance is found with its difference."""

import dataclasses
import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.read835 import RemittanceReader, read_remittance

from .samples import big_remittance, claim_segments, envelope, remittance
from .second_opinion import complaints

FULL = [
    "CLP*PCN1*1*300.00*180.00*50.00*12*ICN1*11*1**470*1.5",
    "CAS*CO*45*10.00*1*131*5.00**253*2.00**144*-2.00**24*1.00**97*4.00",
    "NM1*QC*1*DOE*JON*Q***MI*M1",
    "NM1*IL*1*DOE*JANE****MI*M2",
    "NM1*74*1*DOH",
    "NM1*82*1*HOUSE*GREG****XX*1234567893",
    "NM1*TT*2*NEXT PAYER*****PI*555",
    "NM1*PR*2*FIRST PAYER*****PI*444",
    "MIA*3*120.00*1**MA01***********4****MA02*N1",
    "MOA*.5*33.10*MA18*N522",
    "REF*1L*GRP",
    "DTM*232*20261001",
    "DTM*233*20261003",
    "DTM*050*20261010",
    "AMT*AU*250.00",
    "QTY*CA*3",
    "SVC*HC:99213:25:59:::OFFICE*200.00*130.00*0510*2*HC:99214:26*3",
    "DTM*472*20261001",
    "CAS*PR*1*30.00**2*20.00",
    "CAS*CO*45*20.00",
    "REF*6R*LINE1",
    "AMT*B6*180.00",
    "LQ*HE*N130",
    "LQ*HE*M15",
    "SVC*HC:J1550*100.00*70.00",
    "DTM*150*20261001",
    "DTM*151*20261002",
    "CAS*OA*23*30.00*4",
]


def read(body):
    (transaction,) = Document(body).sets()
    return transaction


def remit(body):
    (found,) = [read_remittance(each) for each in Document(body).sets()]
    return found


def test_everything_that_a_claim_says():
    found = remit(remittance("180.00", *FULL))
    assert found.balances, found.differences
    payment = found.payment
    assert (payment.amount, payment.method, payment.handling) == (D("180.00"), "ACH", "I")
    assert (payment.trace_number, payment.payer_identifier) == ("TRACE1", "1512345678")
    assert (payment.date, payment.production_date) == (dt.date(2026, 11, 22), dt.date(2026, 11, 21))
    assert payment.payer.name == "BIG PAYER"
    assert payment.payer.contact.telephone == "5555555555"
    assert payment.payer.address.city == "CITY"
    assert (payment.payee.identifier_type, payment.payee.identifier) == ("XX", "1234567893")
    (claim,) = found.claims
    assert (claim.patient_control_number, claim.payer_control_number, claim.status) == ("PCN1", "ICN1", "1")
    assert (claim.charge, claim.paid, claim.patient_responsibility) == (D(300), D(180), D(50))
    assert (claim.facility_code, claim.frequency, claim.drg, claim.filing_code) == ("11", "1", "470", "12")
    assert [(each.reason, each.amount) for each in claim.adjustments] == [
        ("45", D(10)), ("131", D(5)), ("253", D(2)), ("144", D(-2)), ("24", D(1)), ("97", D(4)),
    ]  # fmt: skip
    assert claim.adjustments[0].quantity == 1
    assert claim.patient.first_name == "JON"
    assert (claim.insured.identifier, claim.corrected_insured.name) == ("M2", "DOH")
    assert (claim.rendering.identifier, claim.crossover.identifier) == ("1234567893", "555")
    assert claim.corrected_payer.name == "FIRST PAYER"
    assert (claim.date_from, claim.date_to) == (dt.date(2026, 10, 1), dt.date(2026, 10, 3))
    assert claim.received_date == dt.date(2026, 10, 10)
    assert claim.inpatient.covered_days == 3
    assert claim.inpatient.remarks == ("MA01", "MA02", "N1")
    assert (claim.outpatient.reimbursement_rate, claim.outpatient.payable_amount) == (D("0.5"), D("33.10"))
    assert claim.outpatient.remarks == ("MA18", "N522")
    assert claim.remarks == ("MA01", "MA02", "N1", "MA18", "N522")
    assert claim.amounts == (("AU", D(250)),)
    assert claim.quantities == (("CA", D(3)),)
    assert claim.references == (("1L", "GRP"),)
    one, two = claim.services
    assert (one.code_type, one.code, one.modifiers, one.description) == ("HC", "99213", ("25", "59"), "OFFICE")
    assert (one.charge, one.paid, one.revenue_code, one.units) == (D(200), D(130), "0510", D(2))
    assert (one.submitted_code, one.submitted_modifiers, one.submitted_units) == ("99214", ("26",), D(3))
    assert (one.line_control_number, one.allowed, one.remarks) == ("LINE1", D(180), ("N130", "M15"))
    assert [(each.group, each.reason) for each in one.adjustments] == [("PR", "1"), ("PR", "2"), ("CO", "45")]
    assert (one.date_from, one.date_to) == (dt.date(2026, 10, 1),) * 2
    assert (two.date_from, two.date_to) == (dt.date(2026, 10, 1), dt.date(2026, 10, 2))
    assert two.adjustments[0].quantity == 4


def test_shapes_are_frozen():
    found = remit(remittance("80", *claim_segments(1)))
    for each in (found, found.payment, found.claims[0], found.claims[0].services[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            each.paid = 1


def test_the_second_opinion_agrees_about_a_good_one():
    assert complaints(remittance("80", *claim_segments(7)).replace(b"ST*835*0001*005010X221A1", b"ST*835*0001")) == []


def one(old="", new="", paid="80.00", more=()):
    segments = [each.replace(old, new, 1) if old else each for each in claim_segments(1)]
    found = remit(remittance(paid, *segments, *more))
    return [(each.level, each.amount) for each in found.differences]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("CAS*CO*45*20.00", "CAS*CO*45*20.01", [("service", D("0.01")), ("claim", D("0.01"))]),
        ("120.00*80.00**1", "120.00*79.00**1", [("service", D(-1))]),
        ("120.00*80.00*20.00*12", "120.00*81.00*20.00*12", [("claim", D(1)), ("payment", D(-1))]),
        ("120.00*80.00*20.00*12", "121.00*80.00*20.00*12", [("claim", D(-1))]),
        ("DTM*232", "CAS*OA*23*5.00~DTM*232", [("claim", D(5))]),
    ],
)
def test_differences_have_their_level_and_amount(old, new, expected):
    assert one(old, new) == expected


def test_a_difference_says_where():
    segments = [each.replace("CAS*CO*45*20.00", "CAS*CO*45*21.00") for each in claim_segments(1)]
    service, claim = remit(remittance("160", *claim_segments(0), *segments)).differences
    assert (service.patient_control_number, service.line, service.position) == ("PCN000001", 1, 22)
    assert (service.stated, service.computed) == (D(80), D(79))
    assert (claim.patient_control_number, claim.line, claim.position) == ("PCN000001", 0, 19)


@pytest.mark.parametrize(
    ("paid", "plb", "expected"),
    [
        ("70.00", ["PLB*1234567893*20261231*WO:ICN9*10.00"], []),
        ("90.00", ["PLB*1234567893*20261231*WO:ICN9*-10.00"], []),
        ("80.00", ["PLB*1234567893*20261231*WO:ICN9*10.00"], [("payment", D(10))]),
        ("59.00", ["PLB*1*20261231*WO:A*1*72:B*2*FB:C*3*CS:D*4*L6:E*5*LE:F*6"], []),
        ("77.00", ["PLB*1*20261231*WO:A*1", "PLB*1*20261231*CS*2"], []),
        ("79.99", [], [("payment", D("-0.01"))]),
    ],
)
def test_payment_level_with_provider_adjustments(paid, plb, expected):
    assert one(paid=paid, more=plb) == expected


def test_provider_adjustments_are_read():
    found = remit(remittance("59", *claim_segments(1), "PLB*99*20261231*WO:A*1*72:B*2*FB:C*3*CS:D*4*L6:E*5*LE:F*6"))
    assert [(each.reason, each.reference, each.amount) for each in found.provider_adjustments] == [
        ("WO", "A", D(1)), ("72", "B", D(2)), ("FB", "C", D(3)), ("CS", "D", D(4)), ("L6", "E", D(5)), ("LE", "F", D(6)),
    ]  # fmt: skip
    assert {(each.provider, each.fiscal_date) for each in found.provider_adjustments} == {("99", dt.date(2026, 12, 31))}


def test_a_reversal_and_its_correction_balance():
    back = [
        "CLP*PCN1*22*-120.00*-80.00*-20.00*12*ICN1",
        "NM1*QC*1*DOE*JON",
        "SVC*HC:99213*-120.00*-80.00**-1",
        "CAS*CO*45*-20.00",
        "CAS*PR*1*-20.00",
    ]
    again = ["CLP*PCN1*1*120.00*90.00*30.00*12*ICN2", "CAS*PR*1*30.00", "NM1*QC*1*DOE*JON"]
    found = remit(remittance("10.00", *back, *again))
    assert found.balances
    assert [each.is_reversal for each in found.claims] == [True, False]
    assert found.claims[0].paid == D(-80)


def test_statuses_without_money():
    segments = [
        "CLP*A*4*100.00*0.00**12*I1", "CAS*CO*29*100.00", "NM1*QC*1*DOE*A",
        "CLP*B*19*100.00*0.00**12*I2", "CAS*OA*23*100.00", "NM1*QC*1*DOE*B", "NM1*TT*2*NEXT*****PI*5",
    ]  # fmt: skip
    body = remittance("0", *segments).replace(b"*C*ACH*", b"*C*NON*")
    found = remit(body)
    assert found.balances
    assert found.claims[0].is_denied
    assert found.claims[1].is_forwarded
    assert found.payment.method == "NON"


def test_a_debit_is_negative():
    back = ["CLP*PCN1*22*-120.00*-120.00**12*ICN1", "NM1*QC*1*DOE*JON"]
    assert remit(remittance("120.00", *back).replace(b"*120.00*C*ACH", b"*120.00*D*ACH")).balances


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("80.00*20.00*12", "8o.00*20.00*12", ("CLP", 4, 11)),
        ("80.00*20.00*12", "*20.00*12", ("CLP", 4, 11)),
        ("120.00*80.00**1", "NaN*80.00**1", ("SVC", 2, 14)),
        ("120.00*80.00**1", "120.00", ("SVC", 3, 14)),
        ("CAS*PR*1*20.00", "CAS*PR*1*1E3", ("CAS", 3, 17)),
        ("CAS*PR*1*20.00", "CAS*PR*1", ("CAS", 3, 17)),
        ("AMT*B6*100.00", "AMT*B6*٣", ("AMT", 2, 18)),
    ],
)
def test_an_amount_that_is_no_number_stops_the_set(old, new, where):
    segments = [each.replace(old, new) for each in claim_segments(1)]
    with pytest.raises(X12Error) as caught:
        remit(remittance("80", *segments))
    issue = caught.value.issue
    assert (issue.segment, issue.element, issue.position) == where
    assert issue.number == issue.position + 2


amounts = st.integers(-3, 3).map(D)


@given(
    st.lists(
        st.tuples(amounts, amounts, amounts, st.lists(st.tuples(amounts, amounts, amounts), max_size=3)), max_size=4
    )
)
def test_the_reader_finds_what_the_claims_say(rows):
    segments = []
    for charge, paid, adjusted, services in rows:
        segments += [f"CLP*P*1*{charge}*{paid}**12*I", f"CAS*CO*45*{adjusted}", "NM1*QC*1*D"]
        for each in services:
            segments += ["SVC*HC:1*{}*{}".format(*each), f"CAS*PR*1*{each[2]}"]
    found = remit(remittance("0", *segments))
    expected = [each for claim in found.claims for each in claim.differences()]
    assert [each for each in found.differences if each.level != "payment"] == expected
    for claim in found.claims:
        wrong = {each.level for each in claim.differences()}
        assert ("claim" in wrong) == bool(claim.difference)
        assert ("service" in wrong) == any(each.difference for each in claim.services)
    total = sum((claim.paid for claim in found.claims), D(0))
    assert [each.amount for each in found.differences if each.level == "payment"] == ([-total] if total else [])


def test_without_bpr():
    with pytest.raises(X12Error) as caught:
        remit(envelope("835", ["TRN*1*A", "LX*1"]))
    assert caught.value.issue.segment == "BPR"


def test_a_remittance_without_claims():
    found = remit(remittance("0", "PLB*1*20261231*72:A*5*WO:B*-5"))
    assert not found.claims
    assert found.balances


def test_claims_come_one_at_a_time():
    transaction = next(iter(Document(big_remittance(500)).sets()))
    reader = RemittanceReader(transaction)
    claims = reader.claims()
    assert next(claims).patient_control_number == "PCN000000"
    assert transaction.position < 30
    assert sum(1 for _claim in claims) == 499
    assert (reader.count, reader.paid, reader.differences) == (500, D(40_000), [])
