from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from odoo.addons.health_core.canonical import (
    CaptureCharge,
    CoverageData,
    Identifier,
    MergePatients,
    MergeVisits,
    MoveVisit,
    RecordVisit,
    RegisterPatient,
    VisitRef,
    parse_command,
)
from odoo.addons.health_hl7v2.codec.examine import decode_commands, examine

from . import samples
from .samples import FT1, PID, PV1, charges, message, replaced


def one(body):
    result = examine(body)
    assert result.error is None, result.error
    assert len(result.commands) == 1
    return result.commands[0]


def refusal(body):
    error = examine(body).error
    return (error.code, error.location, error.ack)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("A01", "admit"),
        ("A02", "transfer"),
        ("A03", "discharge"),
        ("A04", "register"),
        ("A05", "preadmit"),
        ("A06", "change_class"),
        ("A07", "change_class"),
        ("A08", "update"),
        ("A11", "cancel_admit"),
        ("A12", "cancel_transfer"),
        ("A13", "cancel_discharge"),
    ],
)
def test_visit_events(event, expected):
    command = one(message(event))
    assert isinstance(command, RecordVisit)
    assert command.event == expected
    assert command.visit == VisitRef(number="V20001", authority="NORTH")
    assert command.facility == "NORTH"


def test_a_visit_says_who_when_and_where():
    in1 = replaced("IN1|2|PPO^Blue|AETNA", 36, "M2~x")
    command = one(message("A01", more=("DG1|1||R07.9^Chest pain^I10|||A", in1, replaced(in1, 1, "1"))))
    assert command.identifiers == (
        Identifier(authority="NORTH", type="MR", value="100234"),
        Identifier(authority="SSA", type="SS", value="999887777"),
    )
    person = command.person
    assert (person.family, person.given, person.middle) == ("Everyman", "Adam", "J")
    assert (person.birth_date, person.sex) == (date(1961, 6, 15), "male")
    assert (person.street, person.city, person.state) == ("1200 N Elm Street, Apt 4", "Greensboro", "NC")
    assert (person.zip, person.country) == ("27401-1020", "USA")
    assert (person.phone, person.email) == ("(336)555-0123", "adam@example.org")
    assert (command.class_code, command.account_number) == ("inpatient", "ACC10023")
    assert (command.point_of_care.code, command.point_of_care.label) == ("4E", "4E-136-B")
    assert command.prior_point_of_care.unit == "2W"
    assert (command.attending.value, command.attending.authority, command.attending.family) == ("0148", "NPI", "Attend")
    assert command.occurred_at == datetime(2026, 3, 5, 10, 14)
    assert command.admitted_at == datetime(2026, 3, 5, 10, 13)
    assert command.discharged_at is None
    assert [(c.priority, c.payer_code, c.plan_code, c.member_id) for c in command.coverages] == [
        (1, "AETNA", "PPO", "M2"),
        (2, "AETNA", "PPO", "M2"),
    ]
    assert [(d.sequence, d.code, d.system, d.description, d.type) for d in command.diagnoses] == [
        (1, "R07.9", "I10", "Chest pain", "A")
    ]


def test_what_is_not_said_changes_nothing():
    command = one(message("A08", pid="PID|1||100234", pv1="PV1|1||||||||||||||||||V1"))
    assert set(command.person.model_dump().values()) == {None}
    assert command.identifiers == (Identifier(value="100234"),)
    assert command.class_code is command.point_of_care is command.attending is command.coverages is None
    assert command.diagnoses is command.account_number is command.admitted_at is None


def test_two_double_quotes_delete():
    pid = 'PID|1||100234||Everyman^""||""|""|||""||""'
    person = one(message("A08", pid=pid)).person
    assert (person.family, person.given, person.middle) == ("Everyman", "", None)
    assert person.birth_date == person.sex == person.street == person.city == person.country == person.phone == ""
    assert person.email is None


def test_deleted_insurance_is_an_empty_list():
    assert one(message("A08", more=('IN1|1|""|""',))).coverages == ()
    coverage = one(message("A08", more=('IN1|1||AETNA|""||||""',))).coverages[0]
    assert (coverage.payer_name, coverage.group_number, coverage.plan_code) == ("", "", None)


@pytest.mark.parametrize(
    ("letter", "expected"),
    [("I", "inpatient"), ("O", "outpatient"), ("E", "emergency"), ("P", "preadmit"), ("R", "recurring"),
     ("B", "obstetrics"), ("C", "other"), ("N", "other"), ("i", "inpatient"), ("", None), ('""', None)],
)  # fmt: skip
def test_patient_classes(letter, expected):
    assert one(message("A08", pv1=replaced(PV1, 2, letter))).class_code == expected


def test_a_change_of_class_implies_the_class():
    assert one(message("A06", pv1=replaced(PV1, 2, ""))).class_code == "inpatient"
    assert one(message("A07", pv1=replaced(PV1, 2, ""))).class_code == "outpatient"


def test_a_visit_event_without_visit_number_has_no_visit():
    assert one(message("A04", pv1="PV1|1|O")).visit is None
    assert one(message("A08", pv1="")).visit is None


@pytest.mark.parametrize("event", ["A28", "A31"])
def test_patient_events(event):
    command = one(message(event, more=("IN1|1||AETNA",)))
    assert isinstance(command, RegisterPatient)
    assert command.person.family == "Everyman"
    assert [c.payer_code for c in command.coverages] == ["AETNA"]


@pytest.mark.parametrize("event", ["P01", "P05"])
def test_bar_updates_each_visit_of_the_account(event):
    result = examine(
        message(event, kind="BAR", more=("IN1|1||AETNA", replaced(PV1, 19, "V2"), "IN1|1||CIGNA", "DG1|1||I10"))
    )
    assert [(c.event, c.visit.number, c.coverages[0].payer_code) for c in result.commands] == [
        ("update", "V20001", "AETNA"),
        ("update", "V2", "CIGNA"),
    ]
    assert [c.diagnoses and c.diagnoses[0].code for c in result.commands] == [None, "I10"]
    assert isinstance(one(message(event, kind="BAR", pv1="")), RegisterPatient)


@pytest.mark.parametrize("event", ["A18", "A34", "A36", "A40", "A47"])
def test_patient_merges(event):
    command = one(message(event, pv1="", more=("MRG|200001^^^NORTH^MR~88^^^X^PI",)))
    assert isinstance(command, MergePatients)
    (pair,) = command.pairs
    assert [i.value for i in pair.survivor] == ["100234", "999887777"]
    assert [(i.authority, i.type, i.value) for i in pair.prior] == [("NORTH", "MR", "200001"), ("X", "PI", "88")]
    assert pair.person.family == "Everyman"


def test_a_merge_may_have_several_pairs():
    more = ("PD1|x", "MRG|1^^^N^MR", replaced(PID, 3, "500^^^N^MR"), "MRG|2^^^N^MR", "PV1|1|I", "MRG|3^^^N^MR")
    command = one(message("A40", pv1="", more=more))
    assert [(p.survivor[0].value, p.prior[0].value) for p in command.pairs] == [
        ("100234", "1"),
        ("500", "2"),
        ("500", "3"),
    ]


def test_move_of_a_visit():
    command = one(message("A45", pv1="", more=("MRG|9||A1||V20001", PV1)))
    assert isinstance(command, MoveVisit)
    assert (command.visit.number, command.identifiers[0].value) == ("V20001", "100234")
    assert one(message("A45", pv1="", more=("MRG|9||A1||V77^^^NORTH",))).visit == VisitRef(
        number="V77", authority="NORTH"
    )


def test_move_of_a_visit_under_a_new_number_joins_the_old_one():
    result = examine(message("A45", pv1="", more=("MRG|9||A1||V1", PV1)))
    merge, move = result.commands
    assert isinstance(merge, MergeVisits)
    assert (merge.survivor.number, merge.prior.number, move.visit.number) == ("V20001", "V1", "V20001")


def test_a_charge():
    command = one(charges())
    assert isinstance(command, CaptureCharge)
    assert (command.transaction_id, command.line, command.action) == ("T900", 1, "charge")
    assert (command.service_code, command.service_description) == ("71045", "Chest x-ray")
    assert command.service_date == date(2026, 3, 4)
    assert (command.quantity, command.amount, command.unit_price) == (Decimal(2), Decimal("100.50"), Decimal("50.25"))
    assert command.visit == VisitRef(number="V20001", authority="NORTH")
    assert command.identifiers[0].value == "100234"
    assert command.point_of_care.unit == "4E"
    assert command.diagnosis_codes == ("R07.9", "I10")
    assert command.performer.value == "0148"


def test_charges_of_one_transaction_are_numbered_within_the_message():
    segments = [replaced(FT1, 2, transaction) for transaction in ("T1", "T2", "T1", "T1")]
    result = examine(charges(*segments, event="P11"))
    assert [(c.transaction_id, c.line) for c in result.commands] == [("T1", 1), ("T2", 1), ("T1", 2), ("T1", 3)]


def test_without_transaction_id_the_order_or_the_message_stands_for_it():
    bare = replaced(FT1, 2, "")
    result = examine(charges(replaced(bare, 23, "ORD1^LIS"), bare, bare, control="C77"))
    assert [(c.transaction_id, c.line) for c in result.commands] == [
        ("ORD1", 1),
        ("MSH-10:C77", 1),
        ("MSH-10:C77", 2),
    ]


@pytest.mark.parametrize(
    ("kind", "quantity", "amount", "expected"),
    [
        ("CG", "2", "100.50", ("charge", Decimal(2), Decimal("100.50"))),
        ("CD", "2", "100.50", ("credit", Decimal(2), Decimal("100.50"))),
        ("CD", "-2", "-100.50", ("credit", Decimal(2), Decimal("100.50"))),
        ("CG", "-1", "", ("credit", Decimal(1), None)),
        ("CG", "1", "-5", ("credit", Decimal(1), Decimal(5))),
        ("cg", "", "5&USD", ("charge", Decimal(1), Decimal(5))),
    ],
)
def test_credits(kind, quantity, amount, expected):
    command = one(charges(replaced(replaced(replaced(FT1, 6, kind), 10, quantity), 11, amount)))
    assert (command.action, command.quantity, command.amount) == expected


@pytest.mark.parametrize(
    ("number", "value", "code"),
    [(4, "", "101"), (4, "20260231", "102"), (4, "soon", "102"), (6, "", "101"), (6, "PY", "103"), (6, "AJ", "103"),
     (7, "", "101"), (10, "two", "102"), (11, "1e9", "102"), (11, "NaN", "102"), (12, "1.1234567", "102"),
     (11, "9999999999999", "102"), (2, "x" * 129, "102"), (7, "x" * 65, "102")],
)  # fmt: skip
def test_a_charge_that_cannot_be_taken_refuses_the_message(number, value, code):
    assert refusal(charges(FT1, replaced(FT1, number, value))) == (code, f"FT1[2]-{number}", "AE")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (message(pid=""), ("100", "PID", "AE")),
        (message(pid="PID|1||^^^NORTH^MR"), ("101", "PID-3", "AE")),
        (message(pid=replaced(PID, 7, "19611332")), ("102", "PID-7", "AE")),
        (message(pid=replaced(PID, 5, "x" * 257)), ("102", "PID-5", "AE")),
        (message(pid=replaced(PID, 3, "1" * 129)), ("102", "PID-3.1", "AE")),
        (message(pv1=replaced(PV1, 44, "yesterday")), ("102", "PV1-44", "AE")),
        (message(pv1=replaced(PV1, 44, "99990101000000-2300")), ("102", "PV1-44", "AE")),
        (message(evn="EVN|A01|2026x"), ("102", "EVN-2", "AE")),
        (message(more=("IN1|1",)), ("101", "IN1[1]-3", "AE")),
        (message(more=("IN1|1||A|||||||||20260201|20260101",)), ("102", "IN1[1]-13", "AE")),
        (message("A40", pv1=""), ("100", "MRG", "AE")),
        (message("A40", pv1="", more=("MRG|",)), ("101", "MRG[1]-1", "AE")),
        (message("A40", pid="", pv1="", more=("MRG|1",)), ("100", "PID", "AE")),
        (message("A40", pv1="", more=("MRG|1", PID)), ("100", "MRG[2]", "AE")),
        (message("A45", pv1="", more=("MRG|1",)), ("101", "MRG[1]-5", "AE")),
        (message("P03", kind="DFT"), ("100", "FT1", "AE")),
    ],
)
def test_content_that_cannot_be_taken_is_refused_with_its_place(body, expected):
    assert refusal(body) == expected


def test_errors_never_show_values():
    result = examine(message(pid=replaced(PID, 5, "Verysecret" * 40)))
    assert (
        "secret" not in f"{result.error} {result.error!r} {result.error.__cause__} {result.error.__context__}".lower()
    )


@pytest.mark.parametrize(
    ("pid", "person"),
    [
        (replaced(PID, 5, "Nick^^^^^^N~Legal^Name^^^^^L"), {"family": "Legal", "given": "Name"}),
        (replaced(PID, 5, "van Dyk&van&Dyk^A"), {"family": "van Dyk"}),
        (replaced(PID, 11, "1000&Hospital Lane^^X"), {"street": "1000 Hospital Lane"}),
        (replaced(PID, 11, "12 Elm St&Elm St&12^^X"), {"street": "12 Elm St"}),
        (replaced(PID, 13, "^PRN^PH^^1^336^5550123"), {"phone": "+1 336 5550123", "email": None}),
        (replaced(PID, 13, "^PRN^FX^^1^336^1~^PRN^PH^^^^^^^^^+49 89 1"), {"phone": "+49 89 1"}),
        (replaced(PID, 7, "1961"), {"birth_date": None}),
        (replaced(PID, 7, "196106151230+0100"), {"birth_date": date(1961, 6, 15)}),
        (replaced(PID, 7, "1961-06-15"), {"birth_date": date(1961, 6, 15)}),
        (replaced(PID, 8, "f"), {"sex": "female"}),
        (replaced(PID, 8, "A"), {"sex": "other"}),
        (replaced(PID, 8, "?"), {"sex": "unknown"}),
    ],
)
def test_demographics_as_they_come(pid, person):
    found = one(message(pid=pid)).person
    assert {name: getattr(found, name) for name in person} == person


def test_coverages_without_good_set_ids_keep_their_order():
    command = one(message(more=("IN1|1||B", "IN1|1||A", "IN1|x|PLAN")))
    assert [(c.priority, c.payer_code) for c in command.coverages] == [(1, "B"), (2, "A"), (3, "PLAN")]


def test_an_unreadable_validity_does_not_refuse_an_admission():
    assert one(message(more=("IN1|1||A|||||||||SMITH^BOB|SPO",))).coverages == (CoverageData(payer_code="A"),)


def test_universal_ids_name_an_authority_that_has_no_namespace():
    assert one(message(pid="PID|1||7^^^&1.2.3&ISO^MR")).identifiers[0].authority == "1.2.3"
    assert one(message(pid="PID|1|7^^^OLD")).identifiers == (Identifier(value="7", authority="OLD"),)


@pytest.mark.parametrize(
    ("msh7", "evn", "expected"),
    [
        ("20260305101500", "EVN|A01|20260305101400", datetime(2026, 3, 5, 15, 14)),
        ("20260305101500-0800", "EVN|A01|20260305101400", datetime(2026, 3, 5, 18, 14)),
        ("20260305101500-0800", "EVN|A01|20260305101400+0100", datetime(2026, 3, 5, 9, 14)),
        ("20260305101500", "EVN|A01|20260305101400||||20260304", datetime(2026, 3, 4, 5)),
        ("20260305101500", "", datetime(2026, 3, 5, 15, 15)),
        ("2026-03-05T10:15:00Z", "", datetime(2026, 3, 5, 10, 15)),
        ("", "", datetime(2030, 1, 1)),
    ],
)
def test_times_are_utc_by_their_own_offset_or_the_messages_or_the_facilitys(msh7, evn, expected):
    body = message(msh=samples.header(f7=msh7), evn=evn)
    (command,) = decode_commands(body, zones={"NORTH": ZoneInfo("America/New_York")}, received_at=datetime(2030, 1, 1))
    assert command.occurred_at == expected


def test_commands_survive_a_trip_through_json():
    for body in (message(), message("A28"), message("A40", pv1="", more=("MRG|1",)), charges()):
        command = one(body)
        assert parse_command(command.model_dump(mode="json")) == command
