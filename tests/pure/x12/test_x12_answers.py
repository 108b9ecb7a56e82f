"""Questions that are written, and what payers answer: 270/271, 276/277/277CA, 278."""

import dataclasses
import datetime as dt
from decimal import Decimal as D

import pytest

from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.model_authorization import AuthorizationRequest, AuthorizedService
from odoo.addons.health_x12.codec.model_claim import Diagnosis
from odoo.addons.health_x12.codec.model_eligibility import EligibilityInquiry
from odoo.addons.health_x12.codec.model_status import StatusInquiry
from odoo.addons.health_x12.codec.read271 import read_eligibility
from odoo.addons.health_x12.codec.read277 import read_status
from odoo.addons.health_x12.codec.read278 import read_authorization
from odoo.addons.health_x12.codec.tokenizer import segments
from odoo.addons.health_x12.codec.write_inquiry import write_authorization, write_eligibility, write_status

from .samples import BILLING, CHILD, DAY, ENVELOPE, PAYER, SUBMITTER, SUBSCRIBER, envelope

TREE = ["HL*1**20*1", "NM1*PR*2*BIG PAYER*****PI*87726", "HL*2*1*21*1", "NM1*1P*2*GENERAL*****XX*1234567893"]
ELIGIBILITY = EligibilityInquiry("T1", "1234567890", PAYER, BILLING, SUBSCRIBER, ("30", "98"), DAY)
STATUS = StatusInquiry(
    "T1", PAYER, SUBMITTER, BILLING, SUBSCRIBER, None, "ICN1", "PCN1", "111", D("85.5"), DAY, DAY + dt.timedelta(2)
)
REQUEST = AuthorizationRequest(
    "T1", "1234567890", PAYER, BILLING, SUBSCRIBER, (Diagnosis("R07.9", "principal"),),
    (AuthorizedService("70553", units=D(3), charge=D(10), date_from=DAY, trace_number="S1"),),
    service_type="1", facility_code="22", date_from=DAY, previous_authorization="OLD", note="URGENT",
)  # fmt: skip


def body(data):
    """The segments between ST and SE; the file must be flawless."""
    document = Document(data).read()
    assert document.interchanges[0].issues == []
    for group in document.interchanges[0].groups:
        assert group.issues == []
        assert [issue for each in group.sets for issue in each.issues] == []
    found = ["*".join(each) for each in segments(data)]
    return found[3:-3]


def every(reader, data):
    return [answer for each in Document(data).sets() for answer in reader(each)]


def test_eligibility_of_a_subscriber_and_a_dependent():
    found = body(
        write_eligibility(ENVELOPE, [ELIGIBILITY, dataclasses.replace(ELIGIBILITY, trace_number="T2", dependent=CHILD)])
    )
    assert found[:6] == ["BHT*0022*13*17*20261122*1200", "HL*1**20*1", found[2], "HL*2*1*21*1", found[4], "HL*3*2*22*0"]
    assert found[6:12] == [
        "TRN*1*T1*1234567890", "NM1*IL*1*DOE*JOHN****MI*M123", "DMG*D8*19800102*M", "DTP*291*D8*20261101", "EQ*30", "EQ*98",
    ]  # fmt: skip
    assert found[12:18] == [
        "HL*4*2*22*1", "NM1*IL*1*DOE*JOHN****MI*M123", "HL*5*4*23*0", "TRN*1*T2*1234567890", "NM1*03*1*DOE*KID",
        "DMG*D8*20150101*F",
    ]  # fmt: skip


def test_status_of_a_claim():
    found = body(write_status(ENVELOPE, [STATUS, dataclasses.replace(STATUS, trace_number="T2", dependent=CHILD)]))
    assert found[6:] == [
        "NM1*1P*2*GENERAL HOSPITAL*****XX*1234567893", "HL*4*3*22*0", "DMG*D8*19800102*M", "NM1*IL*1*DOE*JOHN****MI*M123",
        "TRN*1*T1", "REF*1K*ICN1", "REF*BLT*111", "REF*EJ*PCN1", "AMT*T3*85.5", "DTP*472*RD8*20261101-20261103",
        "HL*5*3*22*1", "NM1*IL*1*DOE*JOHN****MI*M123", "HL*6*5*23", "DMG*D8*20150101*F", "NM1*QC*1*DOE*KID",
        "TRN*1*T2", "REF*1K*ICN1", "REF*BLT*111", "REF*EJ*PCN1", "AMT*T3*85.5", "DTP*472*RD8*20261101-20261103",
    ]  # fmt: skip


def test_authorization_request():
    data = write_authorization(ENVELOPE, [REQUEST, dataclasses.replace(REQUEST, dependent=CHILD, services=())])
    found = body(data)
    assert found[9:19] == [
        "HL*4*3*EV*1", "TRN*1*T1*1234567890", "UM*HS*I*1*22:B", "REF*BB*OLD", "DTP*AAH*D8*20261101", "HI*ABK:R079",
        "MSG*URGENT", "HL*5*4*SS*0", "TRN*1*S1*9000000000", "DTP*472*D8*20261101",
    ]  # fmt: skip
    assert found[19] == "SV1*HC:70553*10*UN*3"
    assert [each[2] for each in segments(data) if each[0] == "ST"] == ["0001", "0002"]
    # An answer has the same levels: what was asked can be read like one.
    (answer, _second) = every(read_authorization, data)
    assert answer.trace_numbers == (("T1", "1234567890"),)
    assert answer.services[0].units == 3


@pytest.mark.parametrize(
    ("write", "question", "where"),
    [
        (write_eligibility, dataclasses.replace(ELIGIBILITY, trace_number=""), ("TRN", 2)),
        (write_eligibility, dataclasses.replace(ELIGIBILITY, trace_origin="1"), ("TRN", 3)),
        (write_eligibility, dataclasses.replace(ELIGIBILITY, service_types=()), ("EQ", 1)),
        (write_status, dataclasses.replace(STATUS, trace_number=""), ("TRN", 2)),
        (write_status, dataclasses.replace(STATUS, patient_control_number="A~"), ("REF", 2)),
        (write_authorization, dataclasses.replace(REQUEST, trace_number=""), ("BHT", 3)),
    ],
)
def test_what_cannot_be_right_is_not_written(write, question, where):
    if where == ("BHT", 3):
        where = ("TRN", 2)
    with pytest.raises(X12Error) as caught:
        write(ENVELOPE, [question])
    assert (caught.value.issue.segment, caught.value.issue.element) == where
    with pytest.raises(X12Error):
        write(ENVELOPE, [])


ANSWER = [
    "BHT*0022*11*REF1*20261122*1200",
    *TREE,
    "HL*3*2*22*0",
    "TRN*2*T1*1234567890",
    "NM1*IL*1*DOE*JOHN****MI*M123",
    "DMG*D8*19800102*M",
    "DTP*346*D8*20260101",
    "EB*1*IND*30*PR*GOLD",
    "DTP*348*D8*20260101",
    "EB*C*IND*30***23*500",
    "EB*C*IND*30***29*120.25",
    "EB*A*IND*98*****.2****Y",
    "EB*B*IND*98^33***27*25**VS*1*Y*N",
    "MSG*CALL FIRST",
    "LS*2120",
    "NM1*P3*1*WELBY*MARCUS****XX*1234567893",
    "PER*IC*FRONT*TE*5555551212",
    "LE*2120",
]


def test_an_answer_about_eligibility():
    (answer,) = every(read_eligibility, envelope("271", ANSWER))
    assert answer.active is True
    assert answer.trace_numbers == (("T1", "1234567890"),)
    assert answer.inquiry_reference == "REF1"
    assert (answer.payer.identifier, answer.provider.identifier, answer.subscriber.identifier) == (
        "87726", "1234567893", "M123",
    )  # fmt: skip
    assert answer.subscriber.birth_date == dt.date(1980, 1, 2)
    assert answer.dates == (("346", dt.date(2026, 1, 1), dt.date(2026, 1, 1)),)
    plan, deductible, remaining, share, visit = answer.benefits
    assert (plan.plan, plan.dates[0][0]) == ("GOLD", "348")
    assert (deductible.period, deductible.amount, remaining.period, remaining.amount) == (
        "23",
        D(500),
        "29",
        D("120.25"),
    )
    assert (share.percent, share.in_network, share.authorization_required) == (D("0.2"), True, None)
    assert (visit.service_types, visit.amount, visit.authorization_required, visit.in_network) == (
        ("98", "33"), D(25), True, False,
    )  # fmt: skip
    assert (visit.quantity_type, visit.quantity, visit.messages) == ("VS", D(1), ("CALL FIRST",))
    assert visit.parties[0].contact.telephone == "5555551212"


@pytest.mark.parametrize(("code", "active"), [("6", False), ("8", False), ("3", True), ("V", None)])
def test_whether_it_is_active(code, active):
    (answer,) = every(read_eligibility, envelope("271", [*ANSWER[:10], f"EB*{code}"]))
    assert answer.active is active


@pytest.mark.parametrize(
    ("segments_", "level", "who"),
    [
        ([*ANSWER[:2], "AAA*Y**42*R"], "20", "payer"),
        ([*ANSWER[:2], *ANSWER[2:3], "AAA*N**42*P"], "20", "payer"),
        ([*ANSWER[:5], "AAA*N**51*C"], "21", "provider"),
        ([*ANSWER[:8], "AAA*N**75*C"], "22", "subscriber"),
    ],
)
def test_a_question_that_is_refused_at_any_level(segments_, level, who):
    (answer,) = every(read_eligibility, envelope("271", segments_))
    assert answer.rejections[0].level == level
    assert answer.rejections[0].reason in {"42", "51", "75"}
    assert answer.active is None
    assert segments_[:3] == ANSWER[:2] + segments_[2:3] or getattr(answer, who)


def test_an_amount_that_is_no_number():
    with pytest.raises(X12Error) as caught:
        every(read_eligibility, envelope("271", [*ANSWER, "EB*B*****27*1O"]))
    issue = caught.value.issue
    assert (issue.segment, issue.element, issue.position, issue.number) == ("EB", 7, 23, 25)


def test_a_level_without_its_parent():
    with pytest.raises(X12Error) as caught:
        every(read_eligibility, envelope("271", [*ANSWER[:5], "HL*3*9*22*0"]))
    assert (caught.value.issue.segment, caught.value.issue.element, caught.value.issue.position) == ("HL", 2, 7)


def test_a_claim_acknowledgement():
    segments_ = [
        "BHT*0085*08*1*20261122*1200*TH", "HL*1**20*1", "NM1*PR*2*BIG*****PI*1", "TRN*1*A", "DTP*050*D8*20261122",
        "HL*2*1*21*1", "NM1*41*2*GENERAL*****46*S", "TRN*2*17", "STC*A1:20*20261122*WQ*300", "QTY*90*2", "QTY*AA*1", "AMT*YU*200",
        "HL*3*2*19*1", "NM1*85*2*GENERAL*****XX*1234567893", "TRN*1*0",
        "HL*4*3*PT", "NM1*QC*1*DOE*JON****MI*M1", "TRN*2*PCN1", "STC*A2:20*20261122*WQ*100", "REF*1K*ICN1", "DTP*472*D8*20261101",
        "HL*5*3*PT", "NM1*QC*1*ROE*JAN****MI*M2", "TRN*2*PCN2",
        "STC*A7:562:85*20261122*U*100******A3:21*A8:1*READ THE MANUAL",
        "SVC*HC:99213*100", "STC*A7:1*20261122", "REF*FJ*L1",
    ]  # fmt: skip
    whole, good, bad = every(read_status, envelope("277CA", segments_))
    assert (whole.level, whole.trace_number, whole.outcome) == ("21", "17", "accepted")
    assert whole.counts == (("90", D(2)), ("AA", D(1)))
    assert whole.amounts == (("YU", D(200)),)
    assert (good.patient_control_number, good.payer_control_number, good.outcome) == ("PCN1", "ICN1", "accepted")
    assert good.date_from == DAY
    assert (bad.patient_control_number, bad.outcome, bad.patient.name) == ("PCN2", "rejected", "ROE")
    assert [(each.category, each.code, each.entity) for each in bad.statuses] == [
        ("A7", "562", "85"), ("A3", "21", ""), ("A8", "1", ""),
    ]  # fmt: skip
    assert bad.statuses[0].message == "READ THE MANUAL"
    assert (bad.services[0].code, bad.services[0].line_control_number) == ("99213", "L1")
    assert bad.services[0].statuses[0].category == "A7"


def test_a_claim_status():
    segments_ = [
        "BHT*0010*08*1*20261122*1200*DG", *TREE[:2], "HL*2*1*21*1", "NM1*41*2*X*****46*S", "HL*3*2*19*1",
        "NM1*1P*2*GENERAL*****XX*1234567893", "HL*4*3*22*0", "NM1*IL*1*DOE*JON****MI*M1",
        "TRN*2*T1", "STC*F1:65*20261122**100*80.5", "REF*1K*ICN1", "REF*EJ*PCN1", "DTP*472*RD8*20261101-20261103",
        "TRN*2*T2", "STC*P1:20*20261122**50",
    ]  # fmt: skip
    one, two = every(read_status, envelope("277", segments_))
    assert (one.trace_number, one.patient_control_number, one.payer_control_number) == ("T1", "PCN1", "ICN1")
    assert (one.outcome, one.statuses[0].charge, one.statuses[0].paid) == ("final", D(100), D("80.5"))
    assert (one.date_from, one.date_to) == (DAY, DAY + dt.timedelta(2))
    assert (two.trace_number, two.outcome, two.patient.name) == ("T2", "pending", "DOE")


EVENT = [
    "BHT*0007*11*T1*20261122*1200*18", *[each.replace("NM1*PR", "NM1*X3") for each in TREE], "HL*3*2*22*1",
    "NM1*IL*1*DOE*JOHN****MI*M123", "HL*4*3*EV*1", "TRN*2*T1*1234567890", "UM*HS*I*1",
]  # fmt: skip
DECIDED = ["HCR*A1*AUTH77", "DTP*007*RD8*20261101-20261231", "DTP*102*D8*20261030", "HSD*VS*5", "MSG*OK"]


def test_an_authorization_that_is_certified():
    service = ["HL*5*4*SS*0", "HCR*A1*AUTH77-1", "SV1*HC:70553:26*10*UN*2", "DTP*472*D8*20261101"]
    (answer,) = every(read_authorization, envelope("278", [*EVENT, *DECIDED, *service]))
    assert (answer.outcome, answer.authorization) == ("certified", "AUTH77")
    assert (answer.valid_from, answer.valid_to, answer.issued) == (DAY, dt.date(2026, 12, 31), dt.date(2026, 10, 30))
    assert (answer.units, answer.messages, answer.trace_numbers) == (D(5), ("OK",), (("T1", "1234567890"),))
    assert (answer.payer.identifier, answer.requester.identifier, answer.subscriber.identifier) == (
        "87726", "1234567893", "M123",
    )  # fmt: skip
    (one,) = answer.services
    assert (one.code, one.modifiers, one.units, one.charge) == ("70553", ("26",), D(2), D(10))
    assert (one.decision, one.authorization, one.date_from) == ("A1", "AUTH77-1", DAY)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("A1", "certified"),
        ("A3", "denied"),
        ("A4", "pended"),
        ("A6", "modified"),
        ("C", "cancelled"),
        ("NA", "not_required"),
    ],
)
def test_every_decision(code, outcome):
    (answer,) = every(read_authorization, envelope("278", [*EVENT, f"HCR*{code}*A*0V"]))
    assert (answer.outcome, answer.reason) == (outcome, "0V")


def test_services_decide_where_the_event_does_not():
    both = ["HL*5*4*SS*0", "HCR*A1*A", "SV1*HC:1", "HL*6*4*SS*0", "HCR*A3", "SV1*HC:2"]
    (answer,) = every(read_authorization, envelope("278", [*EVENT, *both]))
    assert answer.outcome == "modified"
    (answer,) = every(read_authorization, envelope("278", [*EVENT, *both[:3]]))
    assert answer.outcome == "certified"


@pytest.mark.parametrize("after", [2, 5, 7, 9])
def test_a_request_that_is_refused_at_any_level(after):
    segments_ = [*EVENT[: after + 1], "AAA*N**72*C"]
    (answer,) = every(read_authorization, envelope("278", segments_))
    assert answer.outcome == "rejected"
    assert answer.rejections[0].reason == "72"


def test_several_events_in_one_set():
    first = [*EVENT, *DECIDED]
    again = [
        "HL*5*2*22*1",
        "NM1*IL*1*ROE*JANE****MI*M9",
        "HL*6*5*EV*0",
        "TRN*2*T2*1234567890",
        "UM*HS*I*1",
        "HCR*A3**0V",
    ]
    one, two = every(read_authorization, envelope("278", [*first, *again]))
    assert (one.outcome, one.subscriber.identifier) == ("certified", "M123")
    assert (two.outcome, two.subscriber.identifier) == ("denied", "M9")
    refused = ["HL*5*2*22*0", "NM1*IL*1*ROE*JANE****MI*M9", "AAA*N**72*C"]
    one, two = every(read_authorization, envelope("278", [*first, *refused]))
    assert (one.outcome, two.outcome) == ("certified", "rejected")
