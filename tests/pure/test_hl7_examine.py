import pytest

from odoo.addons.health_hl7v2.codec.examine import examine
from odoo.addons.health_hl7v2.codec.header import EVENTS, REFUSED

from .samples import PID, charges, header, message, replaced


def refused(**fields):
    result = examine(message(msh=header(**fields)))
    return result.error and (result.error.code, result.error.location, result.error.ack)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"f10": ""}, ("101", "MSH-10", "AR")),
        ({"f10": "x" * 200}, ("102", "MSH-10", "AR")),
        ({"f9": ""}, ("200", "MSH-9.1", "AR")),
        ({"f9": "ORU^R01^ORU_R01"}, ("200", "MSH-9.1", "AR")),
        ({"f9": "XYZ^A01"}, ("200", "MSH-9.1", "AR")),
        ({"f9": "ACK"}, ("200", "MSH-9.1", "AR")),
        ({"f9": "ADT^A60"}, ("201", "MSH-9.2", "AR")),
        ({"f9": "DFT^P99"}, ("201", "MSH-9.2", "AR")),
        ({"f9": "BAR^P02"}, ("201", "MSH-9.2", "AR")),
        ({"f11": "X"}, ("202", "MSH-11", "AR")),
        ({"f11": ""}, ("202", "MSH-11", "AR")),
        ({"f12": "1.0"}, ("203", "MSH-12", "AR")),
        ({"f12": "9.9"}, ("203", "MSH-12", "AR")),
        ({"f12": ""}, ("203", "MSH-12", "AR")),
        ({"f11": "T^A"}, None),
        ({"f12": "2.8.2^USA"}, None),
        ({"f12": "2.3 "}, None),
        ({"f9": "ADT"}, None),
    ],
)
def test_what_is_not_for_us_is_refused_with_its_code(fields, expected):
    assert refused(**fields) == expected


@pytest.mark.parametrize("event", sorted(REFUSED))
def test_moves_without_counterpart_are_refused(event):
    assert refused(f9=f"ADT^{event}") == ("201", "MSH-9.2", "AR")
    assert event not in EVENTS["ADT"]


def test_the_header_is_judged_before_the_content():
    result = examine(message(msh=header(f9="ORU^R01"), more=("not a segment",)))
    assert result.error.code == "200"


def test_the_key_is_sender_and_control_id():
    key = examine(message()).key
    assert examine(message("A08")).key == key
    assert examine(message(control="C2")).key != key
    assert examine(message(msh=header(f3="OTHER"))).key != key
    assert examine(message(msh=header(f4="OTHER"))).key != key


def test_a_refused_message_may_be_corrected_under_the_same_control_id():
    wrong, worse, right = message(pid="PID|1"), message(pid="PID|2"), message()
    assert examine(wrong).key == examine(wrong).key
    assert len({examine(body).key for body in (wrong, worse, right)}) == 3


def test_garbage_is_keyed_by_its_bytes():
    assert examine(b"one").key == examine(b"one").key != examine(b"two").key
    assert examine(b"one").header is None


def test_all_messages_of_a_patient_have_the_same_ordering():
    keys = {examine(body).ordering for body in (message(), message("A31", control="2"), charges(control="3"))}
    assert len(keys) == 1
    assert keys != {""}


@pytest.mark.parametrize(
    "field",
    ["100234^^^NORTH^MR", "999887777^^^SSA^SS~100234^^^NORTH^MR", "555^^^EMPI^PI~100234^^^NORTH^MR", "100234^^^NORTH"],
)
def test_the_medical_record_number_orders_whatever_stands_beside_it(field):
    assert examine(message(pid=replaced(PID, 3, field))).ordering == examine(message()).ordering


def test_patients_of_two_facilities_with_the_same_bare_number_are_two():
    pid = replaced(PID, 3, "1001")
    assert examine(message(pid=pid)).ordering != examine(message(pid=pid, msh=header(f4="SOUTH"))).ordering


def test_a_merge_is_ordered_with_its_survivor():
    merge = message("A40", pv1="", more=("MRG|200001^^^NORTH^MR",))
    assert examine(merge).ordering == examine(message()).ordering


def test_metadata_shows_codes_only():
    assert examine(message()).header.message_type == "ADT^A01"
    assert examine(message(msh=header(f9="Everyman^Adam"))).header.message_type == "?^?"


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\x00\xff\xfe\x01", b"\xff\xfe\x01", b"\x00\xff\xfe\x01\x02\x03" * 20, b"{}"]
)
def test_what_is_no_message_is_refused_as_such(body):
    error = examine(body).error
    assert (error.code, error.location, error.ack) == ("100", "MSH", "AR")
