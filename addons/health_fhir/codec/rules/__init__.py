"""The rules that no element definition says: invariants and orders, by type.

A rule is ``rule(walk, value, path, scope)``; it is asked only about objects whose
structure is clean, so it may rely on types. It complains by ``walk.add(code, path, text)``.
"""

from collections.abc import Callable

from . import bundles, datatypes, resources

_RULES: dict[str, tuple[Callable, ...]] = {}
for _table in (datatypes.RULES, resources.RULES, bundles.RULES):
    for _name, _found in _table.items():
        _RULES[_name] = (*_RULES.get(_name, ()), *_found)


def rules_of(name: str) -> tuple[Callable, ...]:
    """The rules of a type, of a backbone by its path (``Appointment_Participant``)."""
    return _RULES.get(name, ())
