"""Whatever bytes come: a message or the codec's own error, and nothing lost by encoding."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.addons.health_hl7v2.codec import batch
from odoo.addons.health_hl7v2.codec.errors import CONDITIONS, Hl7Error
from odoo.addons.health_hl7v2.codec.examine import answer, examine
from odoo.addons.health_hl7v2.codec.message import Message, parse
from odoo.addons.health_hl7v2.codec.names import outline

from .samples import charges, message

SEEDS = [
    message("A01", more=("DG1|1||R07.9^Pain^I10|||A", "IN1|1|PPO|AETNA|||||G1||||20260101|20271231")),
    message("A40", pv1="", more=("MRG|200001^^^NORTH^MR",)),
    message("A45", pv1="", more=("MRG|9||A1||V1", "PV1|1|I|||||||||||||||||V2")),
    message("P01", kind="BAR"),
    charges(),
    b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + message() + b"BTS|1\rFTS|1\r",
]
RELAXED = settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])

bits = st.one_of(
    st.sampled_from(
        [b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b'""', b"\\X", b"\\F\\", b"\x0b", b"\x1c", b"MSH|^~\\&|"]
    ),
    st.sampled_from([b"\0", b"\xff", b"\xc3", b"2026", b"-", b"9" * 30, b"x" * 300, b"\\.sp9\\", b"BTS|1", b"PID|"]),
    st.binary(max_size=6),
)
edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 12), bits), min_size=1, max_size=6)


@st.composite
def damaged(draw):
    """A good message with some places cut out and others filled in."""
    body = draw(st.sampled_from(SEEDS))
    for position, length, insertion in draw(edits):
        start = position % (len(body) + 1)
        body = body[:start] + insertion + body[start + length :]
    return body


@st.composite
def built(draw):
    """A message of random fields under random separators."""
    separators = draw(st.lists(st.sampled_from("|^~\\&#!@%*$;:§"), min_size=5, max_size=6, unique=True))
    field, *encoding = separators
    pieces = [*separators, *'abcXFSTREP.0139"é漢 \t', "\\X0D\\", "\\.br\\", "\\E\\"]
    texts = st.lists(st.sampled_from(pieces), max_size=10).map("".join)
    lines = ["MSH" + field + "".join(encoding) + field + field.join(draw(st.lists(texts, max_size=12)))]
    for name in draw(st.lists(st.sampled_from(["PID", "PV1", "ZZ9", "FT1"]), max_size=4)):
        lines.append(field.join([name, *draw(st.lists(texts, max_size=8))]))
    return draw(st.sampled_from(["\r", "\n", "\r\n"])).join(lines).encode(draw(st.sampled_from(["utf-8", "utf-16"])))


def check_any(body, content_type=""):
    found = examine(body, content_type)
    assert found.key
    if found.error is None:
        assert found.commands
    else:
        assert found.error.code in CONDITIONS
        assert found.error.ack in ("AE", "AR")
        assert not found.commands
    reply = answer(body, found.error, content_type)
    assert isinstance(reply, bytes)
    if reply:
        assert parse(reply).first("MSA").value(1)[:1] in "AC"
    try:
        file = batch.take_apart(body)
    except Hl7Error:
        return
    assert isinstance(file.frame([b"x\r"] * len(file.messages)), bytes)


def check_round_trip(body):
    try:
        read = parse(body)
    except Hl7Error:
        return
    assert isinstance(read, Message)
    outline(read)
    encoded = read.encode()
    again = parse(encoded, f"x; charset={read.grammar.codec}")
    assert [(s.name, s.tree()) for s in again.segments] == [(s.name, s.tree()) for s in read.segments]
    assert again.encode() == encoded


@RELAXED
@given(st.binary(max_size=400))
@example(b"MSH|^~\\&|\xff")
@example(b"\xff\xfeM\0S\0H\0")
@example(b"\xff\xfe\0\0M\0\0\0")
def test_any_bytes(body):
    check_any(body)
    check_round_trip(body)


@RELAXED
@given(damaged())
def test_damaged_messages(body):
    check_any(body)
    check_round_trip(body)


@RELAXED
@given(built())
def test_encoding_what_was_decoded_gives_the_same_fields(body):
    check_any(body)
    check_round_trip(body)


@settings(RELAXED, max_examples=150)
@given(
    damaged(),
    st.sampled_from(["utf-8", "iso-8859-1", "utf-16", "shift_jis", "iso2022_jp", "gb18030", "rot13", '"', "x"]),
)
def test_any_charset_of_the_transport(body, charset):
    check_any(body, f"application/hl7-v2; charset={charset}")
