"""Whatever comes in, a resource or a FhirError comes out."""

import copy
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.health_fhir.codec import bundle, jsonio, links, params, search, summary
from odoo.addons.health_fhir.codec.issues import FhirError, failures
from odoo.addons.health_fhir.codec.outcome import of_error, outcome
from odoo.addons.health_fhir.codec.validate import validate

from . import corpus
from .samples import SAMPLES

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
names = st.sampled_from(
    "resourceType id meta contained name family status subject reference period start end extension url valueString "
    "item sequence text div entry resource request method type identifier system value _status".split()
) | st.text(max_size=6)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)


def _check(body: bytes):
    try:
        resource = jsonio.parse(body)
    except FhirError as failure:
        assert failure.status in (400, 413)
        assert validate(of_error(failure)) == []
        return None
    issues = validate(resource)
    assert validate(outcome(issues)) == []
    json.loads(jsonio.dump(resource))
    return None if failures(issues) else resource


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes(body):
    _check(body)


@QUICK
@given(trees, st.sampled_from([*corpus.OURS, "Bundle", "Parameters", "Observation"]))
def test_any_json(tree, kind):
    _check(json.dumps(tree).encode())
    if isinstance(tree, dict):
        _check(json.dumps({**tree, "resourceType": kind}).encode())


def _places(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


@QUICK
@given(st.sampled_from(corpus.OURS), st.data())
def test_a_good_resource_with_anything_put_anywhere(kind, data):
    resource = copy.deepcopy(SAMPLES[kind])
    for _ in range(data.draw(st.integers(1, 2))):
        places = list(_places(resource))
        path = data.draw(st.sampled_from(places))
        target = resource
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = data.draw(trees)
    body = json.dumps(resource).encode()
    checked = _check(body)
    if checked is not None:
        for mode in ("true", "text", "data"):
            summary.summarize(checked, mode)
        assert links.rewrite(checked, {}) == checked


@QUICK
@given(trees, st.sampled_from(["transaction", "batch"]))
def test_any_bundle_whose_structure_is_valid(tree, kind):
    rows = tree if isinstance(tree, list) else [tree]
    made = {"resourceType": "Bundle", "type": kind, "entry": rows}
    if not failures(validate(made)):
        try:
            bundle.plan(made).ordered()
        except FhirError:
            pass


@QUICK
@given(st.text(max_size=60), st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]))
def test_any_request_url(url, method):
    row = {"request": {"method": method, "url": url}, "resource": {"resourceType": "Patient"}}
    try:
        (entry,) = bundle.plan({"resourceType": "Bundle", "type": "transaction", "entry": [row]}).entries
    except FhirError:
        return
    assert entry.interaction


@settings(QUICK, max_examples=400)
@given(
    st.sampled_from(corpus.OURS),
    st.lists(
        st.tuples(
            st.sampled_from([*params.REGISTRY["Encounter"], *params.REGISTRY["Invoice"], "_sort", "_include", "_revinclude",
                             "_count", "_summary", "_elements", "_total"])
            | st.text(max_size=10),
            st.sampled_from(["", ":missing", ":not", ":exact", ":Patient", ":identifier", ".identifier", ".name"]),
            st.text(max_size=14) | st.from_regex(r"(ge|sa|ap)?[0-9]{4}(-[0-9]{2})?", fullmatch=True),
        ),
        max_size=4,
    ),
    st.booleans(),
)  # fmt: skip
def test_any_search(kind, pairs, strict):
    try:
        query = search.parse_search(
            kind, [(name + suffix, value) for name, suffix, value in pairs], params.REGISTRY, strict=strict
        )
    except FhirError as failure:
        assert failure.status == 400
        return
    assert len(query.used) + len(query.issues) <= len(pairs)
