import pytest

from odoo.addons.health_hl7v2.codec.batch import is_batch, take_apart
from odoo.addons.health_hl7v2.codec.errors import Hl7Error
from odoo.addons.health_hl7v2.codec.examine import answer, examine

from . import samples

ONE, TWO, THREE = (samples.message(control=f"C{n}") for n in (1, 2, 3))
FHS = b"FHS|^~\\&|LIS|LAB|ODOO|CITY|20260305||nightly||F7\r"
BHS = b"BHS|^~\\&|LIS|LAB|ODOO|CITY|20260305||||B7\r"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (FHS + BHS + ONE + TWO + b"BTS|2\rFTS|1\r", 2),
        (BHS + ONE + b"BTS|1|end of batch\r", 1),
        (BHS + ONE + TWO, 2),
        (ONE + TWO + THREE, 3),
        (ONE + b"BTS|1\r", 1),
        (FHS + ONE + b"FTS|1\r", 1),
        (FHS + BHS + ONE + b"BTS|1\r" + BHS + TWO + THREE + b"BTS|2\rFTS|2\r", 3),
        (BHS + b"BTS|0\r", 0),
        (b"\xef\xbb\xbf" + BHS + ONE + b"BTS\r", 1),
        (b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r", 2),
        ((BHS + ONE + b"BTS|1\r").replace(b"\r", b"\n"), 1),
        ((BHS + ONE + b"BTS|1\r").replace(b"\r", b"\r\n"), 1),
    ],
)
def test_batches_and_files_are_taken_apart(body, count):
    assert is_batch(body)
    file = take_apart(body)
    assert len(file.messages) == count
    assert [examine(message).header.control_id for message in file.messages] == [
        examine(message).header.control_id for message in (ONE, TWO, THREE)[:count]
    ]


@pytest.mark.parametrize(
    "body", [ONE, b"\x0b" + ONE + b"\x1c\r", b"\xef\xbb\xbf" + ONE, b"", b"nothing", samples.message(more=("ZBT|MSH",))]
)
def test_one_message_is_no_batch(body):
    assert not is_batch(body)


@pytest.mark.parametrize(
    ("body", "code", "location"),
    [
        (BHS + ONE + TWO + b"BTS|3\r", "102", "BTS-1"),
        (BHS + ONE + b"BTS|x\r", "102", "BTS-1"),
        (FHS + BHS + ONE + b"BTS|1\rFTS|2\r", "102", "FTS-1"),
        (BHS + b"EVN|A01\r", "100", "line 2"),
        (BHS + ONE + BHS, "100", "BHS"),
        (FHS + ONE + FHS, "100", "FHS"),
        (b"BTS|0\r", "100", "BTS"),
        (FHS + b"FTS|0\r" + ONE, "100", "FTS"),
    ],
)
def test_a_broken_batch_is_refused_as_a_whole(body, code, location):
    assert is_batch(body)
    with pytest.raises(Hl7Error) as caught:
        take_apart(body)
    assert (caught.value.code, caught.value.location) == (code, location)
    examined = examine(body)
    assert examined.error.code == code
    assert examined.key


def test_the_refusal_of_a_batch_names_the_batch_and_swaps_the_parties():
    body = BHS + ONE + b"BTS|2\r"
    lines = answer(body, examine(body).error).decode().split("\r")
    assert lines[0].split("|")[2:6] == ["ODOO", "CITY", "LIS", "LAB"]
    assert lines[1].split("|")[1:3] == ["AE", "B7"]
    assert lines[2].split("|")[3].startswith("102^")


def test_the_reply_is_framed_as_the_request_was():
    file = take_apart(FHS + BHS + ONE + TWO + b"BTS|2\r" + BHS + THREE + b"BTS|1\rFTS|2\r")
    reply = file.frame([b"ack1\r", b"ack2\r", b"ack3\r"]).decode().split("\r")
    assert [line[:4] for line in reply] == ["FHS|", "BHS|", "ack1", "ack2", "BTS|", "BHS|", "ack3", "BTS|", "FTS|", ""]
    assert [line for line in reply if line[:3] in ("BTS", "FTS")] == ["BTS|2", "BTS|1", "FTS|2"]
    head = reply[1].split("|")
    assert head[2:6] == ["ODOO", "CITY", "LIS", "LAB"]
    assert head[11] == "B7"
    assert head[10] not in ("", "B7")
    assert reply[0].split("|")[11] == "F7"
    assert take_apart("\r".join(reply).replace("ack", "MSH|^~\\&|").encode()).messages


def test_answers_that_the_sender_does_not_want_are_left_out_and_not_counted():
    file = take_apart(BHS + ONE + TWO + b"BTS|2\r")
    assert file.frame([b"", b"ack2\r"]).endswith(b"\rack2\rBTS|1\r")


def test_bare_messages_get_bare_answers():
    assert take_apart(ONE + TWO).frame([b"ack1\r", b"ack2\r"]) == b"ack1\rack2\r"


def test_each_message_of_a_batch_keeps_its_own_character_set():
    latin = samples.message(msh=samples.header(f18="8859/1"), pid="PID|1||1||Müller").decode().encode("latin-1")
    utf = samples.message(msh=samples.header(f18="UNICODE UTF-8"), pid="PID|1||1||Müller")
    for body in take_apart(BHS + latin + utf + b"BTS|2\r").messages:
        assert examine(body).commands[0].person.family == "Müller"
