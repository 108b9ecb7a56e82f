"""Real messages of other projects: each is taken, or refused with the right code."""

import pytest

from odoo.addons.health_hl7v2.codec import batch
from odoo.addons.health_hl7v2.codec.errors import Hl7Error
from odoo.addons.health_hl7v2.codec.examine import answer, examine
from odoo.addons.health_hl7v2.codec.header import EVENTS
from odoo.addons.health_hl7v2.codec.message import parse

from .conftest import corpus_files

FILES = corpus_files()
#: Samples that are wrong on purpose, or too poor to name a patient.
CONTENT_ERRORS = {
    "edge-empty-segments.hl7": "101",
    "invalid-segment-header-length.hl7": "100",
}


def bodies(path):
    body = path.read_bytes()
    if not batch.is_batch(body):
        return [body]
    try:
        return batch.take_apart(body).messages
    except Hl7Error:
        return [body]


@pytest.mark.skipif(not FILES, reason="the corpus is not on this machine")
def test_the_corpus_is_whole():
    assert len(FILES) >= 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_taken_or_refused_rightly(path):
    for body in bodies(path):
        found = examine(body)
        header, error = found.header, found.error
        if header is None:
            assert error.code == "100"
        elif header.type not in EVENTS:
            assert (error.code, error.ack) == ("200", "AR")
        elif header.event not in EVENTS[header.type]:
            assert (error.code, error.ack) == ("201", "AR")
        elif path.name == "invalid-wrong-version.hl7":
            assert (error.code, error.ack) == ("203", "AR")
        else:
            assert (error.code if error else None) == CONTENT_ERRORS.get(path.name), error
            assert bool(found.commands) == (error is None)
        reply = answer(body, error)
        if reply:
            assert parse(reply).first("MSA").value(1)[1] == ("A" if error is None else error.ack[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_that_is_read_survives_encoding(path):
    for body in bodies(path):
        try:
            read = parse(body)
        except Hl7Error:
            continue
        again = parse(read.encode(), f"x; charset={read.grammar.codec}")
        assert [(s.name, s.tree()) for s in again.segments] == [(s.name, s.tree()) for s in read.segments]
