"""The quick check of a segment is never wider than the slow one."""

import pytest
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


def sample(element, length):
    if element is None:
        return ""
    if element.components:
        return ":".join(sample(each, each.least if each else 0) for each in element.components).rstrip(":")
    if element.codes:
        return sorted(element.codes)[0]
    return {"DT": "20260131", "TM": "1200", "R": "1", "N": "1" * length}.get(element.type, "A" * length)


@pytest.mark.parametrize("name", [name for name in SEGMENTS if ":" not in name])
def test_lengths_are_the_same(name):
    sound = patterns("837P", MARKS).get(name)
    if not sound:
        return
    elements = elements_of("837P")[name]
    for least in (True, False):
        good = [sample(each, (each.least if least else each.most) if each else 0) for each in elements]
        assert sound("*".join([name, *good])), good
        for at, each in enumerate(elements):
            if each is not None and not each.components and not each.codes and each.type in {"AN", "ID", "N"}:
                long = [*good[:at], sample(each, each.most + 1), *good[at + 1 :]]
                assert not sound("*".join([name, *long])), (name, at)
                if each.least > 1:
                    short = [*good[:at], sample(each, each.least - 1), *good[at + 1 :]]
                    assert not sound("*".join([name, *short])), (name, at)


def test_what_is_right_mostly_matches():
    known = [(guide, segment) for guide, _marks, segment in POOL if segment[0] in patterns(guide, MARKS)]
    quick = [segment for guide, segment in known if patterns(guide, MARKS)[segment[0]]("*".join(segment))]
    assert len(quick) > 0.9 * len(known)
    assert len(SEGMENTS) > 50
