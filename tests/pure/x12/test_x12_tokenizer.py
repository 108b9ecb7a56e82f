"""Bytes to segments, however they are delimited, broken and cut into blocks."""

import io

import pytest

from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.read835 import read_remittance
from odoo.addons.health_x12.codec.tokenizer import segments

from .samples import claim_segments, remittance

BODY = remittance("80", *claim_segments(7))
PLAIN = list(segments(BODY))


class Dribble(io.RawIOBase):
    """A file that gives one byte at a time."""

    def __init__(self, body):
        self.body = io.BytesIO(body)

    def readable(self):
        return True

    def read(self, size=-1):
        return self.body.read(min(size, 1) if size else 0)


def wrapped(body, width, line_break=b"\r\n"):
    return line_break.join(body[at : at + width] for at in range(0, len(body), width))


def test_segments_are_lists_of_elements():
    assert PLAIN[0][0] == "ISA"
    assert len(PLAIN[0]) == 17
    assert PLAIN[2] == ["ST", "835", "0001", "005010X221A1"]
    assert PLAIN[-1] == ["IEA", "1", "000000001"]


@pytest.mark.parametrize("end", ["~", "\n", "\r\n", "\r", "\x1c", "'", "~\n", "~\r\n", "~ \r\n", "|"])
def test_any_terminator(end):
    found = list(segments(remittance("80", *claim_segments(7), end=end)))
    assert found[1:] == PLAIN[1:]


@pytest.mark.parametrize(("element", "component"), [("|", ">"), ("\x1d", "\x1f"), ("+", "/")])
def test_any_separators(element, component):
    body = remittance("80", *claim_segments(7), element=element, component=component)
    found = list(segments(body))
    assert found[2:] == [[each.replace(":", component) for each in segment] for segment in PLAIN[2:]]
    (transaction,) = [read_remittance(each) for each in Document(body).sets()]
    assert transaction.claims[0].services[0].code == "99213"


@pytest.mark.parametrize("width", [1, 7, 40, 80, 105, 106, 107])
@pytest.mark.parametrize("line_break", [b"\r\n", b"\n", b"\r"])
def test_line_breaks_anywhere(width, line_break):
    assert list(segments(wrapped(BODY, width, line_break))) == PLAIN


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\r\n\r\n", b"  \n", b"\0\0"])
def test_what_may_stand_before(start):
    assert list(segments(start + BODY)) == PLAIN


def test_utf16():
    assert list(segments(BODY.decode().encode("utf-16"))) == PLAIN


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n", b"\x1a", b"\0" * 40, b" "])
def test_what_may_stand_behind(end):
    assert list(segments(BODY + end)) == PLAIN


def test_the_last_terminator_may_be_missing():
    assert list(segments(BODY[:-1])) == PLAIN


def test_blocks_of_one_byte():
    assert list(segments(Dribble(b"\xef\xbb\xbf" + BODY))) == PLAIN
    assert list(segments(Dribble(wrapped(BODY, 11)))) == PLAIN


def test_names_outside_of_ascii():
    for codec in ("utf-8", "latin-1"):
        body = BODY.replace(b"DOE7", "MÜLLER".encode(codec))
        assert next(each for each in segments(body) if each[0] == "NM1")[3] == "MÜLLER"


def test_several_interchanges_with_separators_of_their_own():
    other = remittance("80", *claim_segments(7), end="\n", element="|", component=">")
    third = remittance("80", *claim_segments(7), end="'", element="+", component="^").replace(b"+^+00501", b"+!+00501")
    document = Document(BODY + b"\r\n" + other + third + BODY)
    found = [read_remittance(each) for each in document.sets()]
    assert [each.claims[0].patient_control_number for each in found] == ["PCN000007"] * 4
    assert len(document.interchanges) == 4
    assert not any(each.issues for each in document.interchanges)
    assert not document.issues


def test_data_between_interchanges_are_reported_and_the_next_is_found():
    document = Document(BODY + b"-- end of file --\n" + BODY)
    assert len([each.drain() for each in document.sets()]) == 2
    (issue,) = document.issues
    assert (issue.code, issue.number) == ("022", len(PLAIN) + 1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"MSH|^~\\&|", "022"),
        (b"ISA", "023"),
        (b"ISA*00*", "023"),
        (BODY[:105], "023"),
        (BODY.replace(b"ISA*00*          ", b"ISA*00*"), "026"),
        (BODY.replace(b"*P*:~", b"*P*1~"), "027"),
        (BODY.replace(b"*P*:~", b"*P*::"), "022"),
        (BODY.replace(b"*", b"A"), "022"),
        (BODY.replace(b"*P*:~", b"*P*:A"), "004"),
        (BODY[:106] + b"x" * 400_000, "004"),
    ],
)
def test_what_is_no_interchange(body, code):
    with pytest.raises(X12Error) as caught:
        Document(body).read()
    assert caught.value.issue.code == code
    assert caught.value.issue.number >= 1


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\xef\xbb\xbf", b"\0"])
def test_an_empty_file_has_nothing(body):
    assert list(segments(body)) == []
