import pytest

from odoo.addons.health_hl7v2.codec.errors import Hl7Error
from odoo.addons.health_hl7v2.codec.message import parse

from . import samples


def name_of(codec, msh18="", content_type="", name="Dvořák"):
    text = samples.message(msh=samples.header(f18=msh18), pid=f"PID|1||1||{name}").decode()
    return parse(text.encode(codec), content_type).first("PID").value(5)


@pytest.mark.parametrize(
    ("codec", "msh18"),
    [
        ("utf-8", "UNICODE UTF-8"),
        ("utf-8", "UTF-8"),
        ("iso8859-1", "8859/1"),
        ("iso8859-2", "8859/2"),
        ("iso8859-15", "8859/15~8859/1"),
        ("iso8859-2", "ISO8859-2"),
        ("utf-8", ""),
        ("iso8859-1", ""),
        ("iso8859-1", "ASCII"),
        ("utf-16", "UNICODE UTF-16"),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-8-sig", "8859/1"),
    ],
)
def test_character_set_of_the_header(codec, msh18):
    assert name_of(codec, msh18, name="Müller") == "Müller"


@pytest.mark.parametrize(
    ("codec", "msh18", "name"),
    [("shift_jis", "ISO IR14", "山田"), ("iso2022_jp", "ISO IR87", "山田"), ("gb18030", "GB 18030-2000", "王")],
)
def test_asian_character_sets(codec, msh18, name):
    assert name_of(codec, msh18, name=name) == name


def test_charset_of_http_wins_over_the_header():
    assert name_of("utf-8", "8859/1", "application/hl7-v2; charset=UTF-8") == "Dvořák"
    assert name_of("utf-8", "8859/2", "application/hl7-v2; charset=us-ascii") == "Dvořák"
    assert name_of("iso8859-2", "UNICODE UTF-8", 'application/hl7-v2; charset="iso-8859-2"') == "Dvořák"


def test_content_type_without_charset_leaves_it_to_the_header():
    assert name_of("iso8859-2", "8859/2", "application/hl7-v2+er7") == "Dvořák"


@pytest.mark.parametrize(
    ("body", "content_type", "code", "location"),
    [
        (samples.message(msh=samples.header(f18="KLINGON")), "", "103", "MSH-18"),
        (samples.message(), "application/hl7-v2; charset=klingon", "103", "Content-Type"),
        (samples.message(), "application/hl7-v2; charset=zlib", "103", "Content-Type"),
        (samples.message(msh=samples.header(f18="UNICODE UTF-8"), pid="PID|1||\xfc").decode().encode("latin-1"), "",
         "102", "MSH-18"),
    ],
)  # fmt: skip
def test_what_cannot_be_decoded_is_refused(body, content_type, code, location):
    with pytest.raises(Hl7Error) as caught:
        parse(body, content_type)
    assert (caught.value.code, caught.value.location) == (code, location)


def test_hexadecimal_escapes_are_in_the_messages_character_set():
    message = samples.message(msh=samples.header(f18="8859/2"), pid="PID|1||1||Nov\\XE1\\k")
    assert parse(message).first("PID").value(5) == "Novák"
