"""The quick check of a segment is never wider than the slow one."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.health_x12.codec.check import Checker
from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.patterns import elements_of, patterns
from odoo.addons.health_x12.codec.structure import SEGMENTS
from odoo.addons.health_x12.codec.tokenizer import Delimiters

from .test_x12_fuzz import SEEDS

MARKS = Delimiters()
GOOD = {}
for seed in SEEDS:
    for transaction in Document(seed).sets():
        for each in transaction:
            GOOD.setdefault((transaction.guide, transaction.delimiters), []).append(each)
POOL = [(guide, marks, segment) for (guide, marks), found in GOOD.items() for segment in found if marks == MARKS]
values = st.one_of(
    st.sampled_from(
        ["", "1", "-1.50", "20260229", "20260228", "20261131", "HC:99213", "HC", ":", "A^B", "1200", "2560", "é", "\t"]
    ),
    st.sampled_from(
        ["CO", "ZZ", "12345678901234567890", "1234567890123.12345", "1.", ".5", "30^98", "A:B:C:D:E:F:G:H:I"]
    ),
    st.text("A1.:^ -", max_size=40),
)


@st.composite
def varied(draw):
    guide, _marks, segment = draw(st.sampled_from(POOL))
    found = list(segment)
    for place, value in draw(st.lists(st.tuples(st.integers(1, 20), values), max_size=3)):
        found += [""] * (place + 1 - len(found))
        found[place] = value
    return guide, found


class Notes:
    """As much of a transaction set as the checker asks for."""

    position, start, delimiters = 5, 1, MARKS

    def __init__(self, guide):
        self.guide, self.issues = guide, []

    def note(self, issue):
        self.issues.append(issue)


@settings(deadline=None, max_examples=1500, suppress_health_check=[HealthCheck.too_slow])
@given(varied())
def test_what_matches_is_right(case):
    guide, segment = case
    sound = patterns(guide, MARKS).get(segment[0])
    elements = elements_of(guide).get(segment[0])
    if not sound or not elements or not sound("*".join(segment)):
        return
    notes = Notes(guide)
    Checker(notes)._elements(segment, elements)
    assert notes.issues == []


def test_what_is_right_mostly_matches():
    known = [(guide, segment) for guide, _marks, segment in POOL if segment[0] in patterns(guide, MARKS)]
    quick = [segment for guide, segment in known if patterns(guide, MARKS)[segment[0]]("*".join(segment))]
    assert len(quick) > 0.9 * len(known)
    assert len(SEGMENTS) > 50
