"""Holds a resource against the element definitions of R4: names, types, repetitions, codes, references.

The walk goes once through the resource, keeps going after a mistake and tells the
place of each as FHIRPath. Own rules (:mod:`.rules`) are asked for each object that is
clean so far.
"""

import re

from . import narrative, reference
from .definitions import Definition, Element, definition, resource_types
from .issues import Issue, error
from .primitives import CHECKS
from .rules import rules_of

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")
_MOST_ISSUES = 200
_MAX_DEPTH = 60
_SHOWN_CODES = 12


class _Enough(Exception):
    """So many issues that more help nobody."""


class Scope:
    """What the objects of one resource share: its contained resources and who mentions them."""

    __slots__ = ("contained", "mentioned", "root")

    def __init__(self, root: dict):
        self.root = root
        self.mentioned: set[str] = set()
        self.contained: dict[str, str] = {}
        inner = root.get("contained")
        for item in inner if isinstance(inner, list) else ():
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                kind = item.get("resourceType")
                self.contained[item["id"]] = kind if isinstance(kind, str) else ""


def render(path) -> str:
    """A path as FHIRPath. A path is ``(parent, name, index)``, the root ``(None, type, -1)``."""
    parts = []
    while path is not None:
        parent, name, index = path
        parts.append(name if index < 0 else f"{name}[{index}]")
        path = parent
    return ".".join(reversed(parts))


class Walk:
    """One validation.

    :ivar issues: what was found
    """

    def __init__(self):
        self.issues: list[Issue] = []

    def run(self, resource) -> list[Issue]:
        """Validate a whole resource; a Bundle's or Parameters' resources too."""
        try:
            self._resource(resource, None, None, 0)
        except _Enough:
            self.add("too-costly", None, f"More than {_MOST_ISSUES} issues; the rest is not listed.")
        return self.issues

    def add(self, code: str, path, diagnostics: str) -> None:
        """Note an error.

        :param path: path tuple of the element, ``None`` for the whole
        """
        self.issues.append(error(code, render(path), diagnostics))
        if len(self.issues) == _MOST_ISSUES:
            raise _Enough

    # -- objects ------------------------------------------------------------------------------

    def _resource(self, value, path, scope, depth):
        """A resource in its own right, or contained in ``scope``'s."""
        if not isinstance(value, dict):
            self.add("structure", path, "A resource must be an object.")
            return
        name = value.get("resourceType")
        if not isinstance(name, str) or name not in resource_types():
            self.add("structure", path, "resourceType must name a resource type of FHIR R4.")
            return
        if path is None:
            path = (None, name, -1)
        inner = scope is not None
        if not inner:
            scope = Scope(value)
        before = len(self.issues)
        self._object(value, definition(name), path, scope, depth)
        if not inner and scope.contained and len(self.issues) == before:
            self._contained(value, path, scope)

    def _contained(self, value, path, scope):
        """dom-2 to dom-5: what a contained resource may be."""
        seen = set()
        for index, item in enumerate(value.get("contained") or ()):
            where = (path, "contained", index)
            if "contained" in item:
                self.add("invariant", (where, "contained", -1), "dom-2: contained resources cannot contain resources.")
            meta = item.get("meta") or {}
            for name in ("versionId", "lastUpdated", "security"):
                if name in meta:
                    self.add("invariant", ((where, "meta", -1), name, -1), f"A contained resource has no {name}.")
            key = item.get("id")
            if key in seen:
                self.add("duplicate", (where, "id", -1), "Two contained resources have this id.")
            seen.add(key)
            if key is None:
                self.add("required", (where, "id", -1), "A contained resource needs an id to be referred to.")
            elif key not in scope.mentioned and "" not in scope.mentioned and "#" not in scope.mentioned:
                self.add("invariant", where, "dom-3: a contained resource must be referred to.")

    def _object(self, value, kind: Definition, path, scope, depth):
        if depth > _MAX_DEPTH:
            self.add("too-long", path, f"Nested deeper than {_MAX_DEPTH} levels.")
            return
        if not value or (len(value) == 1 and "resourceType" in value and not kind.resource):
            self.add("structure", path, "An empty object is not allowed; leave the property out.")
            return
        before = len(self.issues)
        elements = kind.elements
        for name, item in value.items():
            element = elements.get(name)
            if element is not None:
                self._element(value, name, item, element, path, scope, depth)
            elif name == "resourceType" and kind.resource:
                continue
            elif name[:1] == "_" and (element := elements.get(name[1:])) is not None and element.primitive:
                self._twin(value, name, item, element, path, scope, depth)
            else:
                shown = name if _NAME.fullmatch(name) else "?"
                self.add("structure", (path, shown, -1), f"R4 defines no such property of {kind.name}.")
        for base, names in kind.required:
            if not any(name in value or f"_{name}" in value for name in names):
                self.add("required", (path, base, -1), f"{kind.name.replace('_', '.')} needs {base}.")
        for base, names in kind.choices.items():
            found = [name for name in names if name in value or f"_{name}" in value]
            if len(found) > 1:
                self.add("structure", (path, base, -1), f"Only one of {', '.join(found)} may be there.")
        if len(self.issues) == before:
            for rule in rules_of(kind.name):
                rule(self, value, path, scope)

    def _element(self, owner, name, item, element: Element, path, scope, depth):
        label = element.choice or name
        if item is None:
            self.add("structure", (path, label, -1), "null is not allowed; leave the property out.")
        elif element.many:
            if not isinstance(item, list):
                self.add("structure", (path, label, -1), "must be an array.")
            elif not item:
                self.add("structure", (path, label, -1), "An empty array is not allowed; leave the property out.")
            else:
                self._items(owner, name, item, element, path, scope, depth)
        elif isinstance(item, list):
            self.add("structure", (path, label, -1), "must be one value, not an array.")
        else:
            self._value(item, element, (path, label, -1), scope, depth)

    def _items(self, owner, name, items, element, path, scope, depth):
        twins = owner.get(f"_{name}") if element.primitive else None
        for index, item in enumerate(items):
            where = (path, element.choice or name, index)
            if item is not None:
                self._value(item, element, where, scope, depth)
            elif not (isinstance(twins, list) and index < len(twins) and twins[index] is not None):
                self.add("structure", where, "null is only allowed where the extensions' twin has a value.")

    def _twin(self, owner, name, item, element, path, scope, depth):
        """``_name``: id and extensions of the primitive ``name``."""
        where = (path, element.choice or element.name, -1)
        kind = definition("Element")
        if not element.many:
            if isinstance(item, dict):
                self._object(item, kind, where, scope, depth + 1)
            else:
                self.add("structure", where, f"{name} must be an object.")
            return
        if not isinstance(item, list) or not item:
            self.add("structure", where, f"{name} must be an array with values.")
            return
        values = owner.get(element.name)
        for index, entry in enumerate(item):
            place = (path, element.name, index)
            if isinstance(entry, dict):
                self._object(entry, kind, place, scope, depth + 1)
            elif entry is not None:
                self.add("structure", place, f"{name} must have objects and null.")
            elif not (isinstance(values, list) and index < len(values) and values[index] is not None):
                self.add("structure", place, f"{name} may have null only beside a value.")

    # -- values -------------------------------------------------------------------------------

    def _value(self, item, element: Element, path, scope, depth):
        kind = element.type
        if element.primitive:
            if kind == "xhtml":
                complaint = narrative.check(item)
                if complaint is None and 'href="#' in item:
                    scope.mentioned.update(re.findall(r'href="#([^"]*)"', item))
            else:
                complaint = CHECKS[kind](item)
            if complaint:
                self.add("value", path, f"{complaint[0].upper()}{complaint[1:]}.")
            elif element.codes is not None:
                if item not in element.codes:
                    shown = sorted(element.codes)[:_SHOWN_CODES]
                    more = ", …" if len(element.codes) > _SHOWN_CODES else ""
                    self.add("code-invalid", path, f"The code must be one of {', '.join(shown)}{more}.")
            elif kind in ("uri", "canonical", "url") and item[0] == "#":
                scope.mentioned.add(item[1:])
        elif kind == "Resource":
            contained = path[1] == "contained"
            self._resource(item, path, scope if contained else None, depth + 1)
        elif not isinstance(item, dict):
            self.add("structure", path, f"must be an object ({kind.replace('_', '.')}).")
        else:
            self._object(item, definition(kind), path, scope, depth + 1)
            if kind == "Reference":
                self._reference(item, element, path, scope)

    def _reference(self, item, element, path, scope):
        text = item.get("reference")
        stated = item.get("type")
        target = stated if isinstance(stated, str) and stated in resource_types() else ""
        if isinstance(text, str) and text:
            literal = reference.parse(text)
            where = (path, "reference", -1)
            if literal is None:
                self.add("value", where, "must be Type/id, a URL, a URN, # and an id, or Type?search.")
                return
            pointed = literal.type
            if literal.kind == "contained":
                scope.mentioned.add(literal.id)
                if literal.id and literal.id not in scope.contained:
                    self.add("invariant", where, "ref-1: no contained resource has this id.")
                    return
                pointed = scope.contained.get(literal.id) or str(scope.root.get("resourceType"))
            if pointed and target and pointed != target:
                self.add("invariant", (path, "type", -1), "Reference.type and Reference.reference disagree.")
            target = pointed or target
        if target and element.targets is not None and target not in element.targets:
            wanted = ", ".join(sorted(element.targets))
            self.add("value", path, f"The reference must point to {wanted}, not to {target}.")
