"""Whatever bytes come: results or the codec's own error with its place, and nothing else."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from odoo.addons.health_x12.codec.ack import acknowledge
from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.read271 import read_eligibility
from odoo.addons.health_x12.codec.read277 import read_status
from odoo.addons.health_x12.codec.read278 import read_authorization
from odoo.addons.health_x12.codec.read835 import read_remittance
from odoo.addons.health_x12.codec.read837 import read_claims
from odoo.addons.health_x12.codec.read_ack import read_acknowledgment, read_interchange_acknowledgments
from odoo.addons.health_x12.codec.write837 import write_institutional, write_professional
from odoo.addons.health_x12.codec.write_inquiry import write_authorization, write_status

from .samples import (
    ENVELOPE,
    INSTITUTIONAL,
    NOW,
    PROFESSIONAL,
    RECEIVER,
    SECONDARY,
    SUBMITTER,
    claim_segments,
    envelope,
    remittance,
)
from .test_x12_answers import ANSWER, DECIDED, EVENT, REQUEST, STATUS
from .test_x12_remittance import FULL

READERS = {
    "835": lambda each: [read_remittance(each)],
    "837P": read_claims,
    "837I": read_claims,
    "271": read_eligibility,
    "277": read_status,
    "277CA": read_status,
    "276": read_status,
    "278": read_authorization,
    "999": lambda each: [read_acknowledgment(each)],
}
CLAIMS = write_professional(ENVELOPE, SUBMITTER, RECEIVER, [PROFESSIONAL, SECONDARY])
SEEDS = [
    remittance("180", *FULL, "PLB*1*20261231*WO:A*1*72:B*2"),
    remittance("80", *claim_segments(1), end="\n") + remittance("80", *claim_segments(1), element="|"),
    CLAIMS,
    write_institutional(ENVELOPE, SUBMITTER, RECEIVER, [INSTITUTIONAL]),
    write_status(ENVELOPE, [STATUS]).replace(b"*276*", b"*277*").replace(b"GS*HR", b"GS*HN"),
    write_authorization(ENVELOPE, [REQUEST]),
    envelope("271", ANSWER),
    envelope("278", [*EVENT, *DECIDED]),
    acknowledge(Document(CLAIMS.replace(b"CLM*PCN1*", b"CLM**")).read(), 5, NOW)[0],
]
RELAXED = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])

bits = st.one_of(
    st.sampled_from(
        [b"~", b"*", b":", b"^", b"\n", b"\r\n", b"ISA", b"ISA*", b"IEA*1*1~", b"GE*1*1~", b"SE*1*1~", b"ST*835*1~"]
    ),
    st.sampled_from(
        [b"HL*1*1*22~", b"CLP*", b"CAS*CO", b"TA1*1~", b"TA1*1*2*3*4*5*6~", b"PLB*", b"LX*1~", b"~~", b"GS*FA~"]
    ),
    st.sampled_from(
        [b"\0", b"\xff", b"\xc3", b"NaN", b"-", b"9" * 30, b"1E9", b"\xef\xbb\xbf", "٣".encode(), b"x" * 300]
    ),
    st.binary(max_size=6),
)
edits = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 40), bits), min_size=1, max_size=6)


@st.composite
def damaged(draw):
    """A good file with some places cut out and others filled in."""
    body = draw(st.sampled_from(SEEDS))
    for position, length, insertion in draw(edits):
        start = position % (len(body) + 1)
        body = body[:start] + insertion + body[start + length :]
    return body


def placed(error):
    issue = error.issue
    assert issue.code
    assert issue.number >= 1
    assert str(error)


def check_any(body, check=True):
    document = Document(body, check=check)
    try:
        for transaction in document.sets():
            reader = READERS.get(transaction.guide)
            if not reader:
                continue
            try:
                list(reader(transaction))
            except X12Error as error:
                placed(error)
    except X12Error as error:
        placed(error)
    for interchange in document.interchanges:
        try:
            read_interchange_acknowledgments(interchange)
        except X12Error as error:
            assert error.issue.segment == "TA1"
        for issue in interchange.issues:
            assert str(issue)
    for answer in acknowledge(document, 7, NOW):
        again = Document(answer)
        for transaction in again.sets():
            read_acknowledgment(transaction)
            assert transaction.issues == []
        (interchange,) = again.interchanges
        assert interchange.issues == []
        assert again.issues == []
        assert acknowledge(again, 8, NOW) == []


@RELAXED
@given(st.binary(max_size=400))
@example(b"\xff\xfeI\0S\0A\0")
@example(b"ISA")
def test_any_bytes(body):
    check_any(body)
    check_any(SEEDS[0][:106] + body)
    check_any(SEEDS[0][: SEEDS[0].index(b"CLP")] + body)


@RELAXED
@given(damaged(), st.booleans())
def test_damaged_files(body, check):
    check_any(body, check)


@settings(RELAXED, max_examples=100)
@given(
    st.lists(st.lists(st.text("0123456789.-:^*AB é", max_size=6), max_size=8), max_size=8),
    st.sampled_from(sorted(READERS)),
)
def test_random_elements_in_every_guide(rows, kind):
    names = [
        "CLP",
        "CAS",
        "SVC",
        "HL",
        "NM1",
        "EB",
        "STC",
        "TRN",
        "HCR",
        "CLM",
        "SV1",
        "LX",
        "AK2",
        "IK4",
        "MIA",
        "SVD",
        "DTP",
    ]
    body = ["*".join([names[(len(row) + at) % len(names)], *row]) for at, row in enumerate(rows)]
    head = ["BPR*I*0*C*NON", "LX*1"] if kind == "835" else ["HL*1**20*1", "NM1*PR*2*A", "CLM*A*1", "LX*1"]
    check_any(envelope(kind, head + body))
