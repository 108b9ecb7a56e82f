import pytest

from odoo.addons.health_hl7v2.codec.ack import code_for
from odoo.addons.health_hl7v2.codec.errors import Hl7Error
from odoo.addons.health_hl7v2.codec.examine import answer
from odoo.addons.health_hl7v2.codec.message import parse

from . import samples

CONTENT = Hl7Error("101", "The patient identifier is missing", "PID-3")
FOREIGN = Hl7Error("201", "This event is not supported", "MSH-9.2", "AR")


def ack(error=None, **fields):
    body = answer(samples.message(msh=samples.header(**fields)), error)
    return parse(body) if body else None


def test_a_positive_answer_swaps_the_parties_and_names_the_message():
    message = ack()
    header = message.header
    assert [header[n] for n in (3, 4, 5, 6)] == ["ODOO", "CITY", "EHR", "NORTH"]
    assert [header.value(9, n) for n in (1, 2, 3)] == ["ACK", "A01", "ACK"]
    assert header.value(12) == "2.5.1"
    assert header.value(10) not in ("", "C1")
    assert len(header.value(10)) <= 20
    assert header.value(7).endswith("+0000")
    assert [message.first("MSA").value(n) for n in (1, 2, 3)] == ["AA", "C1", ""]
    assert message.first("ERR") is None


def test_every_answer_has_its_own_control_id():
    assert ack().header.value(10) != ack().header.value(10)


def test_a_negative_answer_says_code_and_location():
    error = ack(CONTENT).first("ERR")
    assert [error.value(2, n) for n in (1, 2, 3)] == ["PID", "1", "3"]
    assert [error.value(3, n) for n in (1, 2, 3)] == ["101", "Required field missing", "HL70357"]
    assert error.value(4) == "E"
    assert error.value(8) == CONTENT.text
    assert error[1] == ""


def test_before_version_2_5_the_old_form_is_given_too():
    message = ack(CONTENT, f12="2.3.1")
    error = message.first("ERR")
    assert [error.value(1, n) for n in (1, 2, 3)] == ["PID", "1", "3"]
    assert [error.value(1, 4, n) for n in (1, 2)] == ["101", "Required field missing"]
    assert error.value(3) == "101"
    assert message.first("MSA").value(3) == CONTENT.text


def test_repeated_segments_and_components_are_located():
    error = ack(Hl7Error("102", "Not a number", "FT1[3]-10.2")).first("ERR")
    assert [error.value(2, n) for n in range(1, 6)] == ["FT1", "3", "10", "1", "2"]


@pytest.mark.parametrize(
    ("accept", "application", "positive", "refusal", "code"),
    [
        ("", "", True, "AE", "AA"),
        ("", "", False, "AE", "AE"),
        ("", "", False, "AR", "AR"),
        ("AL", "NE", True, "AE", "CA"),
        ("AL", "NE", False, "AE", "CE"),
        ("AL", "", False, "AR", "CR"),
        ("NE", "NE", True, "AE", ""),
        ("NE", "NE", False, "AR", ""),
        ("ER", "NE", True, "AE", ""),
        ("ER", "NE", False, "AE", "CE"),
        ("SU", "NE", True, "AE", "CA"),
        ("SU", "NE", False, "AE", ""),
        ("NE", "AL", True, "AE", "AA"),
        ("", "AL", False, "AR", "AR"),
        ("NE", "ER", True, "AE", ""),
        ("ER", "AL", True, "AE", "AA"),
        ("", "NE", True, "AE", ""),
    ],
)
def test_acknowledgement_modes(accept, application, positive, refusal, code):
    assert code_for(accept, application, positive, refusal) == code


def test_the_header_decides_the_mode():
    assert ack(f15="AL", f16="NE").first("MSA").value(1) == "CA"
    assert ack(FOREIGN, f15="AL").first("MSA").value(1) == "CR"
    assert ack(f15="NE", f16="NE") is None


def test_an_acknowledgement_is_never_acknowledged():
    assert answer(samples.message(msh=samples.header(f9="ACK^A01^ACK"))) == b""
    assert answer(samples.message(msh=samples.header(f9="ACK")), FOREIGN) == b""


def test_separators_and_character_set_are_the_senders():
    body = "MSH#!@%*#Ä#F!1*2#R#X#20260101##ADT!A01#7#P#2.5######8859/1\rPID#1\r".encode("latin-1")
    reply = answer(body, CONTENT)
    assert reply.startswith("MSH#!@%*#R#X#Ä#F!1*2#".encode("latin-1"))
    assert parse(reply).first("ERR").value(3) == "101"
    assert parse(reply).header.value(18) == "8859/1"


def test_control_id_of_the_sender_is_repeated_as_it_stands():
    assert b"MSA|AA|a\\T\\b^c\r" in answer(samples.message(msh=samples.header(f10="a\\T\\b^c")))


@pytest.mark.parametrize("body", [b"", b"good morning", b"PID|1||4711\r", b"\0\xff", b"{}"])
def test_what_is_no_message_gets_a_plain_refusal(body):
    message = parse(answer(body, Hl7Error("100", "The message does not begin with an MSH segment", "MSH", "AR")))
    assert message.header.value(9) == "ACK"
    assert message.first("MSA").value(1) == "AR"
    assert message.first("ERR").value(3) == "100"


def test_a_code_of_another_table_becomes_an_internal_error():
    assert ack(Hl7Error("conflict", "used before")).first("ERR").value(3) == "207"
