"""From the parameters of a search to a :class:`Query` (hl7.org/fhir/R4/search.html)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from . import values
from .definitions import resource_types
from .issues import FhirError, Issue, error, warning
from .params import Definitions, Param

MAX_PARAMETERS = 60
MAX_VALUES = 200
_SHOWN = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\-]{0,63}")
_SUMMARIES = frozenset(("true", "text", "data", "count", "false"))
_TOTALS = frozenset(("none", "estimate", "accurate"))
#: Answered elsewhere (format) or without meaning for us; never an error.
_ELSEWHERE = frozenset(("_format", "_pretty"))
_ONCE = frozenset(("_count", "_total", "_summary", "_cursor"))


@dataclass(frozen=True, slots=True)
class Filter:
    """One criterion; several are joined by AND, its values by OR.

    :ivar modifier: ``exact``, ``contains``, ``not``, ``identifier``, ``missing`` or ``""``
    :ivar values: :mod:`.values` objects; for ``identifier`` tokens; none for ``missing`` and chains
    :ivar missing: of ``:missing``: whether the element must be absent
    :ivar chain: criterion on the referenced resource, whose type is ``chain_type``
    """

    param: Param
    modifier: str = ""
    values: tuple = ()
    missing: bool | None = None
    chain: "Filter | None" = None
    chain_type: str = ""


@dataclass(frozen=True, slots=True)
class Include:
    """``_include`` or ``_revinclude``: the reference parameter of the source type that is followed."""

    source: str
    param: Param
    target: str = ""


@dataclass(slots=True)
class Query:
    """A parsed search.

    :ivar used: the (name, value) pairs that were understood, in order, for the ``self`` link
    :ivar issues: warnings about what was ignored
    :ivar count: page size asked for, ``None`` when not asked
    :ivar cursor: where the page starts, opaque, ``""`` for the first
    """

    type: str
    filters: list[Filter] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    sort: list[tuple[Param, bool]] = field(default_factory=list)
    count: int | None = None
    total: str = ""
    summary: str = ""
    elements: tuple[str, ...] = ()
    cursor: str = ""
    used: list[tuple[str, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


class _Unknown(Exception):
    """A parameter that is not declared."""

    def __init__(self, what: str):
        self.what = what


def parse_search(
    kind: str,
    pairs: Iterable[tuple[str, str]],
    definitions: Definitions,
    *,
    strict: bool = False,
    base: str = "",
    zone: tzinfo = UTC,
) -> Query:
    """Parse a search.

    :param kind: resource type searched
    :param pairs: decoded names and values, in order, of URL and form body
    :param definitions: the declared parameters of every type
    :param strict: ``Prefer: handling=strict``: unknown parameters are an error; else they are ignored
    :param base: this server's FHIR base URL with ``/`` at its end
    :param zone: time zone of dates without one
    :raises FhirError: 400 for values that cannot be read, modifiers that are not supported, and what
        is unknown when ``strict``
    """
    reader = _Reader(kind, definitions, base, zone)
    problems = []
    pairs = list(pairs)
    if len(pairs) > MAX_PARAMETERS:
        raise FhirError(error("too-costly", "", f"A search may have {MAX_PARAMETERS} parameters."))
    for name, value in pairs:
        try:
            reader.take(name, value)
        except _Unknown as unknown:
            where = f"http.{name}" if _SHOWN.fullmatch(name) else "http"
            make = error if strict else warning
            problems.append(make("not-supported", where, unknown.what))
        except ValueError as failure:
            where = f"http.{name}" if _SHOWN.fullmatch(name) else "http"
            problems.append(error("invalid", where, f"The value {failure}."))
    failed = [issue for issue in problems if issue.fails]
    if failed:
        raise FhirError(failed)
    reader.query.issues = problems
    return reader.query


class _Reader:
    def __init__(self, kind, definitions, base, zone):
        self.query = Query(kind)
        self.definitions = definitions
        self.base = base
        self.zone = zone
        self.seen = set()

    def take(self, name: str, value: str) -> None:
        """Understand one pair, or raise."""
        if name in _ELSEWHERE or not value:
            # An empty value is no criterion (search.html: "treat as not provided").
            return
        head = name.partition(":")[0]
        if name in _ONCE and name in self.seen:
            raise ValueError("can be given once")
        self.seen.add(name)
        result = getattr(self, f"_take{head}", None) if head in _RESULTS else None
        if result is not None:
            if name != head:
                raise ValueError(f"belongs to a modifier of {head} that is not supported")
            result(value)
        else:
            self.query.filters.append(self._filter(self.query.type, name, value, chained=False))
        self.query.used.append((name, value))

    # -- criteria -----------------------------------------------------------------------------

    def _filter(self, kind, name, value, chained) -> Filter:
        head, dot, rest = name.partition(".")
        code, colon, modifier = head.partition(":")
        param = self.definitions.get(kind, {}).get(code)
        if param is None:
            raise _Unknown(f"{kind} has no such search parameter here.")
        if dot:
            if chained:
                raise _Unknown("Only one step of a chain is supported.")
            return self._chain(param, modifier, rest, value)
        if colon and not modifier:
            raise ValueError("belongs to an empty modifier")
        if modifier == "missing" and "missing" in param.modifiers:
            if value not in ("true", "false"):
                raise ValueError("must be true or false")
            return Filter(param, modifier, missing=value == "true")
        texts = values.split(value, ",")
        if len(texts) > MAX_VALUES:
            raise ValueError(f"may have {MAX_VALUES} alternatives")
        if modifier == "identifier" and "identifier" in param.modifiers:
            return Filter(param, modifier, tuple(values.read("token", text) for text in texts))
        targets = param.targets
        if modifier and modifier not in param.modifiers:
            if param.kind != "reference" or "type" not in param.modifiers or modifier not in targets:
                raise ValueError("has a modifier that is not supported")
            targets, modifier = (modifier,), ""
        if any(not text for text in texts):
            raise ValueError("has an empty alternative")
        found = (values.read(param.kind, text, targets=targets, base=self.base, zone=self.zone) for text in texts)
        return Filter(param, modifier, tuple(found))

    def _chain(self, param, target, rest, value) -> Filter:
        inner = rest.partition(":")[0]
        if inner not in param.chains:
            raise _Unknown("This chain is not supported.")
        targets = [kind for kind in param.targets if inner in self.definitions.get(kind, {})]
        if target:
            targets = [kind for kind in targets if kind == target]
        if not targets:
            raise _Unknown("This chain is not supported.")
        if len(targets) > 1:
            raise ValueError(f"needs the type of the reference: {param.name}:{targets[0]}.{inner}")
        return Filter(param, chain=self._filter(targets[0], rest, value, chained=True), chain_type=targets[0])

    # -- results ------------------------------------------------------------------------------

    def _take_count(self, value):
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise ValueError("must be a whole number from 0")
        self.query.count = int(value)

    def _take_cursor(self, value):
        if not re.fullmatch(r"[A-Za-z0-9_\-]{1,512}", value):
            raise ValueError("is not a cursor of this server")
        self.query.cursor = value

    def _take_total(self, value):
        if value not in _TOTALS:
            raise ValueError("must be none, estimate or accurate")
        self.query.total = value

    def _take_summary(self, value):
        if value not in _SUMMARIES:
            raise ValueError("must be true, text, data, count or false")
        self.query.summary = "" if value == "false" else value

    def _take_elements(self, value):
        names = [name.strip() for name in value.split(",")]
        if not all(re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{0,63}", name) for name in names):
            raise ValueError("must be names of elements")
        self.query.elements = (*self.query.elements, *(name.partition(".")[0] for name in names))

    def _take_sort(self, value):
        known = self.definitions.get(self.query.type, {})
        for name in value.split(","):
            param = known.get(name.removeprefix("-").strip())
            if param is None or not param.sort:
                raise _Unknown("Sorting by this is not supported.")
            self.query.sort.append((param, name.startswith("-")))

    def _take_include(self, value):
        source, param, target = self._link(value)
        if source != self.query.type:
            raise ValueError(f"must start with {self.query.type}:")
        self.query.includes.append(Include(source, param, target))

    def _take_revinclude(self, value):
        source, param, target = self._link(value)
        if self.query.type not in param.targets or target not in ("", self.query.type):
            raise ValueError("must name a reference to the type that is searched")
        self.query.revincludes.append(Include(source, param, self.query.type))

    def _link(self, value):
        source, _colon, rest = value.partition(":")
        name, _colon, target = rest.partition(":")
        if source not in resource_types() or not name:
            raise ValueError("must be Type:parameter or Type:parameter:Target")
        param = self.definitions.get(source, {}).get(name)
        if param is None or param.kind != "reference":
            raise _Unknown("Including this is not supported.")
        if target and target not in param.targets:
            raise ValueError("names a target that the reference cannot have")
        return source, param, target


_RESULTS = frozenset(("_count", "_cursor", "_total", "_summary", "_elements", "_sort", "_include", "_revinclude"))
