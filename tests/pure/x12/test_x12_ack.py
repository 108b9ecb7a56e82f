"""What is answered to what came in, and that the answer says the same when it is read."""

import datetime as dt

import pytest

from odoo.addons.health_x12.codec.ack import acknowledge
from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.read_ack import read_acknowledgment, read_interchange_acknowledgments
from odoo.addons.health_x12.codec.write837 import write_professional

from .samples import ENVELOPE, NOW, PROFESSIONAL, RECEIVER, SECONDARY, SUBMITTER, claim_segments, remittance

ASKED = write_professional(ENVELOPE, SUBMITTER, RECEIVER, [PROFESSIONAL, SECONDARY])
QUIET = ASKED.replace(b"*000000017*1*P", b"*000000017*0*P")


def answers(body):
    """What is answered: (TA1s, 999s) per answer; the answer itself must be flawless and must not be answered."""
    found = []
    for answer in acknowledge(Document(body).read(), 900, NOW):
        document = Document(answer)
        groups = [read_acknowledgment(each) for each in document.sets()]
        (interchange,) = document.interchanges
        assert interchange.issues == []
        for group in interchange.groups:
            assert group.issues == []
            assert [issue for each in group.sets for issue in each.issues] == []
        assert acknowledge(document, 901, NOW) == []
        found.append((read_interchange_acknowledgments(interchange), groups))
    return found


def test_a_good_file_is_accepted():
    (((note,), (group,)),) = answers(ASKED)
    assert (note.control_number, note.status, note.note) == ("000000017", "A", "000")
    assert (note.date, note.time) == (dt.date(2026, 11, 22), "1200")
    assert (group.code, group.control_number, group.version, group.status) == ("HC", "17", "005010X222A1", "A")
    assert (group.included, group.received, group.accepted_sets) == (1, 1, 1)
    (each,) = group.sets
    assert (each.set_id, each.control_number, each.status, each.issues) == ("837", "0001", "A", ())
    assert note.accepted
    assert group.accepted
    assert each.accepted


def test_without_being_asked_there_is_no_ta1():
    (((), (group,)),) = [(tuple(notes), tuple(groups)) for notes, groups in answers(QUIET)]
    assert group.accepted


def test_the_answer_goes_back_to_who_sent():
    (answer,) = acknowledge(Document(QUIET).read(), 900, NOW)
    assert b"*ZZ*RECEIVER       *ZZ*SENDER         *" in answer
    assert b"GS*FA*RECEIVER*SENDER*20261122*1200*900*X*005010X231A1~" in answer
    assert b"*000000900*0*P*" in answer


def test_every_finding_comes_back():
    bad = QUIET.replace(b"CLM*PCN1*130.5", b"CLM**1x0").replace(b"HI*ABK:R079*", b"QQQ*1~HI*ABK:R079*")
    bad = bad.replace(b"SV1*HC:99213:25*", b"SV1*HC:99213:255*")
    document = Document(bad).read()
    sent = [
        (issue.level, issue.code, issue.segment, issue.position, issue.element, issue.component)
        for issue in document.interchanges[0].groups[0].sets[0].issues
        if issue.level != "set"
    ]
    ((_notes, (group,)),) = answers(bad)
    (each,) = group.sets
    got = [
        (issue.level, issue.code, issue.segment, issue.position, issue.element, issue.component)
        for issue in each.issues
    ]
    assert len(sent) == 4
    assert sorted(got) == sorted(sent)
    assert (group.status, each.status, each.codes, group.accepted_sets) == ("R", "R", ("4", "5"), 0)


def test_one_bad_set_of_two_is_a_part():
    start, end = QUIET.index(b"ST*837"), QUIET.index(b"GE*1*")
    one = QUIET[start:end]
    body = QUIET.replace(one, one + one.replace(b"*0001", b"*0002").replace(b"CLM*PCN1*", b"CLM**"))
    ((_notes, (group,)),) = answers(body.replace(b"GE*1*", b"GE*2*"))
    assert (group.status, group.received, group.accepted_sets) == ("P", 2, 1)
    assert [each.status for each in group.sets] == ["A", "R"]


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (b"*00501*", b"*00401*", "003"),
        (b"IEA*1*000000017", b"IEA*1*000000018", "001"),
        (b"IEA*1*", b"IEA*3*", "021"),
        (b"IEA*1*000000017~", b"", "023"),
    ],
)
def test_a_bad_interchange_is_refused_by_ta1_alone(old, new, note):
    for body in (ASKED, QUIET):
        (((found,), groups),) = answers(body.replace(old, new))
        assert (found.status, found.note, found.accepted) == ("R", note, False)
        assert groups == []


@pytest.mark.parametrize(
    ("old", "new", "group_code", "set_code"),
    [
        (b"005010X222A1", b"004010X098A1", "2", "I6"),
        (b"005010X222A1", b"005010X999", "", "I6"),
        (b"GS*HC*", b"GS*BE*", "1", "18"),
        (b"GE*1*", b"GE*2*", "5", ""),
        (b"GE*1*17~", b"", "3", ""),
        (b"SE*", b"SX*", "", "2"),
    ],
)
def test_a_group_that_is_not_taken(old, new, group_code, set_code):
    ((_notes, (group,)),) = answers(QUIET.replace(old, new))
    assert (group.status, group.accepted_sets) == ("R", 0)
    assert group_code in (group.codes or ("",))
    assert set_code in (group.sets[0].codes or ("",))


def test_acknowledgements_are_not_answered():
    for body in (ASKED, ASKED.replace(b"CLM*PCN1*", b"CLM**"), ASKED.replace(b"*00501*", b"*00401*")):
        (answer,) = acknowledge(Document(body).read(), 900, NOW)
        for damage in (
            answer,
            answer.replace(b"AK9", b"AKX"),
            answer.replace(b"*0*P*:", b"*1*P*:"),
            answer.replace(b"IEA*", b"IEA*7"),
        ):
            assert acknowledge(Document(damage).read(), 901, NOW) == []


def test_a_group_of_acknowledgements_is_not_answered_whatever_is_in_it():
    (answer,) = acknowledge(Document(QUIET).read(), 900, NOW)
    start, end = answer.index(b"ST*"), answer.index(b"GE*")
    for inside in (b"", QUIET[QUIET.index(b"ST*837") : QUIET.index(b"GE*")]):
        assert acknowledge(Document(answer[:start] + inside + answer[end:]).read(), 901, NOW) == []
    odd = answer.replace(b"GS*FA*", b"GS*HC*")
    assert acknowledge(Document(odd).read(), 901, NOW) == []


def test_a_remittance_is_answered_too():
    ((_notes, (group,)),) = answers(remittance("80", *claim_segments(1)))
    assert (group.code, group.status, group.sets[0].set_id) == ("HP", "A", "835")


def test_several_interchanges_are_answered_one_by_one():
    found = answers(ASKED + QUIET.replace(b"000000017", b"000000018") + ASKED.replace(b"*00501*", b"*00401*"))
    assert [(len(notes), len(groups)) for notes, groups in found] == [(1, 1), (0, 1), (1, 0)]
    numbers = [each[90:99] for each in acknowledge(Document(ASKED + ASKED).read(), 900, NOW)]
    assert numbers == [b"000000900", b"000000901"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GS*HC*", b"GS*H*"), (b"GS*HC*", b"GS**"), (b"*ZZ*SENDER ", b"*Z *SENDER "), (b"*ZZ*SENDER  ", b"*ZZ*S:D:R   "),
        (b"ST*837*0001", b"ST**"), (b"*261122*1200*^", b"*26 122*12 0*^"), (b"SENDER  ", "SÉNDER ".encode()),
    ],
)  # fmt: skip
def test_what_cannot_be_repeated_is_answered_all_the_same(old, new):
    assert old in QUIET
    answers(QUIET.replace(old, new, 1))
