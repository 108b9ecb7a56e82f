"""Real files of other projects: each is read, or refused with the right reason."""

from decimal import Decimal as D

import pytest

from odoo.addons.health_x12.codec.ack import acknowledge
from odoo.addons.health_x12.codec.document import Document
from odoo.addons.health_x12.codec.errors import X12Error
from odoo.addons.health_x12.codec.read271 import read_eligibility
from odoo.addons.health_x12.codec.read277 import read_status
from odoo.addons.health_x12.codec.read835 import read_remittance
from odoo.addons.health_x12.codec.read837 import read_claims
from odoo.addons.health_x12.codec.read_ack import read_acknowledgment

from .samples import NOW, corpus_files

FILES = corpus_files()
READERS = {
    "835": lambda each: [read_remittance(each)],
    "837P": read_claims,
    "837I": read_claims,
    "271": read_eligibility,
    "277": read_status,
    "277CA": read_status,
    "999": lambda each: [read_acknowledgment(each)],
}
#: ``>`` in composites although ISA16 names another separator: first place where it shows.
_COMPOSITE = ("element", "5", "CLM05-1")
#: What is wrong with the files that are wrong: the first finding, by how the file's name ends.
REFUSED = {
    "999_accepted.txt": ("interchange", "001", "IEA02"),
    "multiple_st.txt": ("group", "5", "GE01"),
    "no_errors.txt": ("element", "1", "HI01-2"),
    "valid.txt": ("element", "1", "HI01-2"),
    "separators.txt": ("element", "1", "HI01-2"),
    "x270.txt": ("interchange", "003", "ISA12"),
    "x271.txt": ("interchange", "003", "ISA12"),
    "benefit-check-error.271": ("set", "3", "SE02"),
    "cob-contractural-adjustment.835": ("element", "5", "SVC01-1"),
    "secondary-payment.835": ("element", "5", "SVC01-1"),
    "tertiary-payment.835": ("element", "1", "SVC01-2"),
    "managed-care.835": ("element", "8", "BPR16"),
    "ambulance.example5.837": ("element", "1", "CLM05-2"),
    "cob.2ndary.example4.837": _COMPOSITE,
    "example11.837": _COMPOSITE,
    "example12.837": _COMPOSITE,
    "example6.837": _COMPOSITE,
    "example9.837": _COMPOSITE,
    "out-of-network-repriced-claim.837i": _COMPOSITE,
    "837_005010X223A3__ppo-repriced-claim.837i": _COMPOSITE,
}
#: 835s that do not balance: level and difference.
UNBALANCED = {"tertiary-payment.835": [("service", D("-21253.50"))]}
#: Files whose levels do not hang together: the reader gives up there.
TORN = dict.fromkeys(("multiple_st.txt", "837_5010__x12_valid.txt", "separators.txt"), ("HL", 2, 25))


def ending(path, table):
    return next((value for name, value in table.items() if path.name.endswith(name)), None)


def expected(path):
    if "834" in path.suffix or "834" in path.name[:3]:
        return ("group", "1", "GS01")
    if "004010X09" in path.name:
        return ("group", "2", "GS08")
    return ending(path, REFUSED)


def findings(document):
    for interchange in document.interchanges:
        yield from interchange.issues
        for group in interchange.groups:
            yield from group.issues
            for transaction in group.sets:
                yield from transaction.issues


@pytest.mark.skipif(not FILES, reason="the corpus is not on this machine")
def test_the_corpus_is_whole():
    assert len(FILES) >= 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_accepted_or_refused_rightly(path):
    with path.open("rb") as file:
        document = Document(file).read()
    first = next(
        ((each.level, each.code, each.location.split()[0]) for each in findings(document) if not each.warning), None
    )
    assert first == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_read(path):
    with path.open("rb") as file:
        for transaction in Document(file).sets():
            if transaction.guide not in READERS:
                assert expected(path) or transaction.guide in {"270", "276"}
                continue
            try:
                found = list(READERS[transaction.guide](transaction))
            except X12Error as error:
                issue = error.issue
                assert (issue.segment, issue.element, issue.position) == ending(path, TORN)
                continue
            assert found
            if transaction.guide == "835":
                wrong = [(each.level, each.amount) for each in found[0].differences]
                assert wrong == (ending(path, UNBALANCED) or [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_answered(path):
    document = Document(path.read_bytes()).read()
    for answer in acknowledge(document, 1, NOW):
        again = Document(answer)
        for transaction in again.sets():
            read_acknowledgment(transaction)
            assert transaction.accepted
        assert not again.interchanges[0].issues
    is_answer = any(group.code == "FA" for each in document.interchanges for group in each.groups)
    assert bool(acknowledge(document, 1, NOW)) is not is_answer
