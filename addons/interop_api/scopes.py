"""What a scope says, and whether a set of them allows something. Pure Python.

Two families, with the same meaning of letters: c create, r read, u update,
d delete, s search.

* ``interop/invoice.read`` (r and s), ``.write`` (c, u and d), ``.rs`` and any other
  letters in the order of ``cruds``, ``.*`` (all five), ``.phi`` (the protected fields of
  that resource, which no other scope gives);
* ``system/Encounter.rs`` and the older ``.read``, ``.write``, ``.*`` of SMART on FHIR.

``*`` in place of the resource means every one of the family. Letters out of order and
scopes narrowed by a query are not understood, so they give nothing.

Source: SMART App Launch 2, "Scopes for requesting clinical data".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LETTERS = "cruds"
PHI = "phi"
_WORDS = {"read": "rs", "write": "cud", "*": LETTERS}
_SCOPES = {
    "interop": re.compile(r"([a-z][a-z0-9_.-]{0,62}|\*)\.([a-z]+|\*)\Z"),
    "system": re.compile(r"([A-Z][A-Za-z]{0,62}|\*)\.([a-z]+|\*)\Z"),
}
# A token carries its scopes, and may have 8 kB in all.
MAX_TEXT = 4096


class ScopeError(ValueError):
    """The text is not a scope that is understood here."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: what may be done (``verbs``) with which resource of which family."""

    context: str
    resource: str
    verbs: frozenset[str]
    text: str

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read one scope.

        :raises ScopeError: for anything else
        """
        context, slash, rest = text.partition("/")
        pattern = _SCOPES.get(context) if slash else None
        match = pattern.match(rest) if pattern else None
        if not match:
            raise ScopeError("not a scope")
        resource, permission = match.groups()
        if permission == PHI and context == "interop":
            return cls(context, resource, frozenset({PHI}), text)
        letters = _WORDS.get(permission, permission)
        if not letters or letters != "".join(letter for letter in LETTERS if letter in letters):
            raise ScopeError("letters are c, r, u, d and s, each once and in this order")
        return cls(context, resource, frozenset(letters), text)

    @classmethod
    def make(cls, context: str, resource: str, verbs: Iterable[str]) -> Scope:
        """The scope for some verbs, written in letters."""
        verbs = frozenset(verbs)
        permission = PHI if PHI in verbs else "".join(letter for letter in LETTERS if letter in verbs)
        return cls(context, resource, verbs, f"{context}/{resource}.{permission}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Grant:
    """A set of scopes."""

    scopes: frozenset[Scope] = frozenset()

    @classmethod
    def parse(cls, text: str | None, *, strict: bool = False) -> Grant:
        """Read scopes separated by white space.

        :param strict: raise for one that is not understood, instead of leaving it out
        :raises ScopeError: naming its position, not its text
        """
        scopes = set()
        for position, word in enumerate((text or "").split(), 1):
            try:
                scopes.add(Scope.parse(word))
            except ScopeError as error:
                if strict:
                    raise ScopeError(f"scope {position}: {error}") from None
        return cls(frozenset(scopes))

    def allows(self, context: str, resource: str, verb: str) -> bool:
        """Whether ``verb`` is allowed.

        :param context: ``"interop"`` or ``"system"``
        :param resource: its name in that family
        :param verb: letters of ``cruds``, all of which must be allowed, or ``"phi"``
        """
        needed = {PHI} if verb == PHI else set(verb)
        if not needed:
            return False
        for scope in self.scopes:
            if scope.context == context and scope.resource in ("*", resource):
                needed -= scope.verbs
        return not needed

    def covers(self, scope: Scope) -> bool:
        """Whether everything that ``scope`` gives is given by this one as well."""
        given: set[str] = set()
        for own in self.scopes:
            if own.context == scope.context and own.resource in ("*", scope.resource):
                given |= own.verbs
        return scope.verbs <= given

    def narrow(self, requested: Grant) -> Grant:
        """What is both requested and given here: never more than either."""
        scopes = set()
        for wish in requested.scopes:
            if self.covers(wish):
                scopes.add(wish)
                continue
            common: dict[str, set[str]] = {}
            for own in self.scopes:
                if own.context != wish.context:
                    continue
                if own.resource != wish.resource and "*" not in (own.resource, wish.resource):
                    continue
                resource = wish.resource if own.resource == "*" else own.resource
                common.setdefault(resource, set()).update(own.verbs & wish.verbs)
            scopes.update(Scope.make(wish.context, resource, verbs) for resource, verbs in common.items() if verbs)
        return Grant(frozenset(scopes))

    def __str__(self) -> str:
        return " ".join(sorted(scope.text for scope in self.scopes))

    def __bool__(self) -> bool:
        return bool(self.scopes)


NOTHING = Grant()
