import pytest

from odoo.addons.health_hl7v2.codec.errors import Hl7Error
from odoo.addons.health_hl7v2.codec.grammar import grammar
from odoo.addons.health_hl7v2.codec.message import parse

from . import samples


def names(body, content_type=""):
    return [segment.name for segment in parse(body, content_type).segments]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\r\n", "\n  \r"])
def test_any_line_end_cuts_segments(end):
    assert names(samples.message(end=end)) == ["MSH", "EVN", "PID", "PV1"]


def test_mixed_line_ends_cut_segments():
    lines = samples.message().decode().split("\r")
    assert names("\n".join([lines[0] + "\r" + lines[1], lines[2] + "\r\n" + lines[3]]).encode()) == [
        "MSH",
        "EVN",
        "PID",
        "PV1",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"\xef\xbb\xbf", b""), (b"\x0b", b"\x1c\r"), (b"\x0b\xef\xbb\xbf", b"\x1c"), (b"\r\n \t", b"\r\n\r\n")],
)
def test_byte_order_mark_framing_and_blank_lines_around_are_ignored(before, after):
    message = parse(before + samples.message() + after)
    assert message.header.value(10) == "C1"
    assert message.first("PV1").value(19) == "V20001"


def test_separators_come_from_the_header():
    message = parse(b"MSH#!@%*#A#F#R#X#20260101##ADT!A01#7#P#2.5\rPID#1##1!!!H*1.2*ISO!MR@2!!!S!SS##Do%F%e!J\r")
    pid = message.first("PID")
    assert pid.value(3) == "1"
    assert pid.value(3, 4, 2) == "1.2"
    assert pid.value(3, 1, repetition=2) == "2"
    assert pid.value(5) == "Do#e"
    assert message.header.value(9, 2) == "A01"
    assert message.header[1] == "#"
    assert message.header[2] == "!@%*"


def test_fifth_encoding_character_is_the_truncation_character():
    message = parse(b"MSH|^~\\&#|A|F|R|X|2026||ADT^A01|7|P|2.7\rPID|1||a\\P\\b\r")
    assert message.first("PID").value(3) == "a#b"


def test_left_out_encoding_characters_split_nothing():
    message = parse(b"MSH|^~|A|F|R|X|2026||ADT^A01|7|P|2.5\rPID|1||a&b\\F\\~c^d\r")
    assert message.first("PID").value(3) == "a&b\\F\\"
    assert message.first("PID").value(3, 2, repetition=2) == "d"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\\F\\b", "a|b"),
        ("\\S\\\\T\\\\R\\\\E\\", "^&~\\"),
        ("\\X41C3A9\\", "Aé"),
        ("\\X4\\", "\\X4\\"),
        ("\\X00\\", "\\X00\\"),
        ("\\XFF\\", "\\XFF\\"),
        ("one\\.br\\two", "one\ntwo"),
        ("a\\.sp2\\b", "a\n\nb"),
        ("a\\.sk3\\b", "a   b"),
        ("a\\.sp99999\\b", "a\\.sp99999\\b"),
        ("\\.in+4\\a\\.ti-2\\b\\.fi\\c\\.nf\\d\\.ce\\e", "abcd\ne"),
        ("\\H\\bold\\N\\", "bold"),
        ("\\Zlocal\\x", "\\Zlocal\\x"),
        ("\\C2842\\x", "\\C2842\\x"),
        ("\\Zlocal\\F\\", "\\Zlocal\\F\\"),
        ("C:\\temp\\F\\", "C:\\temp|"),
        ("\\", "\\"),
        ("a\\F", "a\\F"),
        ("\\P\\", "\\P\\"),
    ],
)
def test_escape_sequences(raw, text):
    assert grammar("|", "^~\\&").decode(raw) == text


@pytest.mark.parametrize("text", ["a|b^c~d\\e&f", "line\nline\rline", "\x0b\x1c", "\\F\\", "é€漢", "plain"])
def test_encoded_text_decodes_to_itself(text):
    rules = grammar("|", "^~\\&")
    encoded = rules.encode(text)
    assert not set("|^~&\r\n\x0b\x1c") & set(encoded)
    assert rules.decode(encoded) == text


def test_fields_that_are_not_there_are_empty():
    pid = parse(samples.message()).first("PID")
    assert pid[99] == ""
    assert pid.value(99) == pid.value(3, 9) == pid.value(3, 1, 7) == pid.value(3, 1, 1, 5) == pid.value(8, 2) == ""


def test_unknown_and_own_segments_are_kept():
    assert names(samples.message(more=("ZZ1|a|b", "QQ9"))) == ["MSH", "EVN", "PID", "PV1", "ZZ1", "QQ9"]


@pytest.mark.parametrize(
    ("body", "code", "location"),
    [
        (b"", "100", "MSH"),
        (b"PID|1||4711\r", "100", "MSH"),
        (b"MSH", "102", "MSH-1"),
        (b"MSHA^~\\&A", "102", "MSH-1"),
        (b"MSH|", "102", "MSH-2"),
        (b"MSH|^~\\&#!|A", "102", "MSH-2"),
        (b"MSH|^^\\&|A", "102", "MSH-2"),
        (b"MSH|^|\\&|A\rpid|1", "100", "line 2"),
        (b"MSH|^~\\&|A\rPIDX|1", "100", "line 2"),
        (b"MSH|^~\\&|A\rPID|1\rsecret name", "100", "line 3"),
        (b"MSH|^~\\&|A\rPID^1", "100", "line 2"),
        (b"MSH|^~\\&|A\rMSH|^~\\&|B", "100", "MSH[2]"),
        (b"MSH|^~\\&|A\rMSH", "100", "MSH[2]"),
        (b"MSH|^~\\&|A\rPID|\0", "102", "MSH"),
    ],
)
def test_unreadable_messages_say_where(body, code, location):
    with pytest.raises(Hl7Error) as caught:
        parse(body)
    assert (caught.value.code, caught.value.location) == (code, location)
    assert "secret" not in str(caught.value)


def test_encoding_what_was_read_gives_the_same_fields():
    message = parse(samples.message(more=('ZZ1|a\\F\\b^c\\T\\d&e~f|""||\\.br\\|x',)))
    again = parse(message.encode())
    assert [(s.name, s.tree()) for s in again.segments] == [(s.name, s.tree()) for s in message.segments]
    assert again.header.value(10) == "C1"
