"""The envelope: what is counted wrong is reported where it is."""

import pytest

from odoo.addons.health_x12.codec.ack import interchange_status
from odoo.addons.health_x12.codec.document import Document

from .samples import claim_segments, remittance

BODY = remittance("80", *claim_segments(7))


def outcome(body):
    """Every finding as (level, code, location without numbers)."""
    document = Document(body).read()
    found = []
    for interchange in document.interchanges:
        found += interchange.issues
        for group in interchange.groups:
            found += group.issues
            for transaction in group.sets:
                found += transaction.issues
    return [(issue.level, issue.code, issue.location.split(" ")[0]) for issue in found if not issue.warning]


def test_a_good_file_has_no_findings():
    assert outcome(BODY) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"IEA*1*000000001", b"IEA*1*000000002", ("interchange", "001", "IEA02")),
        (b"IEA*1*", b"IEA*2*", ("interchange", "021", "IEA01")),
        (b"IEA*1*000000001~", b"", ("interchange", "023", "IEA")),
        (b"*00501*", b"*00401*", ("interchange", "003", "ISA12")),
        (b"*261122*1200*^", b"*261322*1200*^", ("interchange", "014", "ISA09")),
        (b"*261122*1200*^", b"*261122*2500*^", ("interchange", "015", "ISA10")),
        (b"*000000001*0*P", b"*00000000A*0*P", ("interchange", "018", "ISA13")),
        (b"*0*P*:", b"*0*Q*:", ("interchange", "020", "ISA15")),
        (b"GE*1*1~", b"GE*1*2~", ("group", "4", "GE02")),
        (b"GE*1*1~", b"GE*2*1~", ("group", "5", "GE01")),
        (b"GE*1*1~", b"", ("group", "3", "GE")),
        (b"GS*HP*", b"GS*BE*", ("group", "1", "GS01")),
        (b"*X*005010X221A1", b"*X*004010X091A1", ("group", "2", "GS08")),
        (b"SE*19*0001", b"SE*19*0002", ("set", "3", "SE02")),
        (b"SE*19*0001", b"SE*20*0001", ("set", "4", "SE01")),
        (b"SE*19*0001", b"SE*x*0001", ("set", "4", "SE01")),
        (b"SE*19*0001~", b"", ("set", "2", "SE")),
        (b"ST*835*0001*005010X221A1", b"ST*835*0001*005010X221", ("set", "19", "ST03")),
        (b"ST*835*0001*005010X221A1", b"ST*837*0001*005010X222A1", ("set", "18", "ST01")),
        (b"ST*835*", b"ST*999*", ("set", "I6", "ST03")),
        (b"GE*1*1~", b"ZZZ*1~GE*1*1~", ("interchange", "022", "ZZZ")),
        (b"TRN*1*", b"TRX*1*", ("segment", "1", "TRX")),
        (b"PER*BL*", b"CLM*BL*", ("segment", "2", "CLM")),
        (b"TRN*1*TRACE1*1512345678~", b"", ("segment", "3", "TRN")),
        (b"NM1*QC*", b"NM1*82*", ("segment", "3", "NM1")),
        (b"TRN*1*TRACE1", b"TRN*1*A~TRN*1*TRACE1", ("segment", "5", "TRN")),
        (b"LX*1~", b"LX*1~SVC*HC:1*1*1~", ("segment", "7", "SVC")),
        (b"CLP*PCN000007*1*", b"CLP*PCN000007**", ("element", "1", "CLP02")),
        (b"CLP*PCN000007*1*", b"CLP*PCN000007*9*", ("element", "7", "CLP02")),
        (b"CLP*PCN000007*", b"CLP*" + b"9" * 39 + b"*", ("element", "5", "CLP01")),
        (b"CLP*PCN000007*1*120.00", b"CLP*PCN000007*1*12O.00", ("element", "6", "CLP03")),
        (b"DTM*472*20261001", b"DTM*472*20260231", ("element", "8", "DTM02")),
        (b"SVC*HC:99213*", b"SVC*HC*", ("element", "1", "SVC01-2")),
        (b"SVC*HC:99213*", b"SVC*HCC:99213*", ("element", "5", "SVC01-1")),
        (b"N4*CITY*AK", b"N4*C*AK", ("element", "4", "N401")),
        (b"AMT*B6*100.00", b"AMT*B6*100.00*C*9", ("element", "3", "AMT04")),
    ],
)
def test_what_is_wrong_is_named(old, new, expected):
    assert old in BODY
    assert expected in outcome(BODY.replace(old, new, 1))


def test_positions_count_in_the_set_and_in_the_file():
    document = Document(BODY.replace(b"CLP*PCN000007*1*", b"CLP*PCN000007*9*")).read()
    (issue,) = document.interchanges[0].groups[0].sets[0].issues
    assert (issue.position, issue.number) == (11, 13)
    assert str(issue) == ("element 7: Code value is not valid at CLP02 (segment 11 of the set, segment 13 of the file)")


def test_findings_never_show_a_value():
    body = BODY.replace(b"CLP*PCN000007*1*", b"CLP*PCN000007*SECRET*").replace(b"20261001", b"SECRETTT")
    for interchange in Document(body).read().interchanges:
        for issue in interchange.groups[0].sets[0].issues:
            assert "SECRET" not in repr(issue)


def test_several_sets_and_groups():
    start, end = BODY.index(b"ST*835"), BODY.index(b"GE*1*1")
    one = BODY[start:end]
    two = one + one.replace(b"*0001", b"*0002")
    groups = BODY[BODY.index(b"GS*") : start] + two + b"GE*2*1~"
    body = (
        BODY[:106]
        + groups
        + groups.replace(b"*1200*1*X", b"*1200*2*X").replace(b"GE*2*1", b"GE*2*2")
        + b"IEA*2*000000001~"
    )
    assert outcome(body) == []
    document = Document(body)
    assert [each.control_number for each in document.sets()] == ["0001", "0002"] * 2
    assert outcome(body.replace(b"*0002", b"*0001")).count(("set", "23", "ST02")) == 2
    assert outcome(body.replace(b"*1200*2*X", b"*1200*1*X").replace(b"GE*2*2", b"GE*2*1")) == [("group", "19", "GS06")]


def test_a_set_without_its_trailer_does_not_swallow_the_next():
    start, end = BODY.index(b"ST*835"), BODY.index(b"GE*1*1")
    body = BODY.replace(b"SE*19*0001~", BODY[start:end].replace(b"*0001", b"*0002")).replace(b"GE*1*1", b"GE*2*1")
    assert outcome(body) == [("set", "2", "SE")]


def test_an_interchange_without_its_trailer_does_not_swallow_the_next():
    broken = BODY.replace(b"IEA*1*000000001~", b"")
    other = remittance("80", *claim_segments(7), end="\n", element="|", component=">")
    for following in (BODY, other, b"\r\n" + other):
        document = Document(broken + following).read()
        assert [interchange_status(each) for each in document.interchanges] == [("R", "023"), ("A", "000")]
    document = Document(broken + BODY).read()
    assert [interchange_status(each) for each in document.interchanges] == [("R", "023"), ("A", "000")]


def test_skipping_a_set_still_checks_it():
    document = Document(BODY.replace(b"SE*19*", b"SE*18*"))
    (transaction,) = list(document.sets())
    assert [issue.code for issue in transaction.issues] == ["4"]


@pytest.mark.parametrize("cut", range(0, len(BODY), 37))
def test_a_file_that_is_cut_anywhere_is_never_accepted(cut):
    from odoo.addons.health_x12.codec.errors import X12Error

    try:
        document = Document(BODY[:cut]).read()
    except X12Error as error:
        assert error.issue.number == 1
        return
    assert not document.interchanges or document.interchanges[0].refused
