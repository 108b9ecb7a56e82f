"""Parts of resources."""

import pytest

from odoo.addons.health_fhir.codec.summary import elements, summarize
from odoo.addons.health_fhir.codec.validate import validate

from . import corpus
from .samples import SAMPLES

needs_corpus = pytest.mark.skipif(not corpus.files(), reason="the public examples are not on this machine")


def test_summary_has_marked_and_mandatory_elements():
    source = {
        **SAMPLES["Encounter"],
        "text": {"status": "generated", "div": "<div>x</div>"},
        "priority": {"text": "now"},
    }
    part = summarize(source, "true")
    assert set(part) == {"resourceType", "id", "meta", "status", "class", "subject"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "text" in source


def test_text_data_and_nothing():
    source = {**SAMPLES["Encounter"], "text": {"status": "generated", "div": "<div>x</div>"}}
    assert set(summarize(source, "text")) == {"resourceType", "id", "meta", "text", "status", "class"}
    assert set(summarize(source, "data")) == set(source) - {"text"} | {"meta"}
    assert summarize(source, "") is source


def test_elements_keep_mandatory_ones():
    part = elements({**SAMPLES["Patient"], "deceasedBoolean": False}, ("name", "deceased"))
    assert set(part) == {"resourceType", "id", "meta", "name", "deceasedBoolean"}
    assert set(elements(SAMPLES["Coverage"], ("type",))) == {
        "resourceType", "id", "meta", "status", "beneficiary", "payor",
    }  # fmt: skip


def test_the_mark_stands_once_and_the_source_is_left_alone():
    source = {**SAMPLES["Patient"], "meta": {"versionId": "3", "tag": [{"code": "x"}]}}
    part = summarize(summarize(source, "true"), "data")
    assert [tag["code"] for tag in part["meta"]["tag"]] == ["x", "SUBSETTED"]
    assert part["meta"]["versionId"] == "3"
    assert source["meta"]["tag"] == [{"code": "x"}]


@needs_corpus
@pytest.mark.parametrize("mode", ["true", "text", "data"])
def test_parts_of_public_examples_have_a_valid_structure(mode):
    # An invariant may need an optional element (app-3), and SUBSETTED says that some are left out.
    for path in corpus.files("r4-spec-examples"):
        source = corpus.load(path.stem)
        if source["resourceType"] in corpus.OURS and "contained" not in source:
            issues = [issue for issue in validate(summarize(source, mode)) if issue.code != "invariant"]
            assert issues == [], (path.stem, issues)
