"""The list of machine routes: read from the controllers that answer them, never typed."""

from __future__ import annotations

import functools
import inspect
import re
from typing import NamedTuple

_PARAMETER = re.compile(r"<(?:[a-z]+(?:\([^)]*\))?:)?([a-zA-Z_]+)>")


@functools.lru_cache(maxsize=1024)
def pattern(rule: str) -> str:
    """A route as people write it: ``{name}`` for each argument."""
    return _PARAMETER.sub(r"{\1}", rule)


class RouteInfo(NamedTuple):
    """One route as a partner sees it."""

    path: str  #: with ``{names}`` for its arguments
    verbs: tuple[str, ...]
    interface: str  #: code; ``{interface_code}`` when the address names it
    scope: str
    summary: str
    addon: str
    auth: str
    identity: str


def interop_routes(env) -> list[RouteInfo]:
    """All routes of ``type="interop"`` that this database serves, by path."""
    found = {}
    for rule in env["ir.http"].routing_map().iter_rules():
        endpoint, routing = rule.endpoint, rule.endpoint.routing
        if routing.get("type") != "interop":
            continue
        path = pattern(rule.rule)
        method = getattr(endpoint, "original_endpoint", None) or getattr(endpoint, "func", endpoint)
        text = routing.get("summary") or (inspect.getdoc(method) or "").partition("\n")[0]
        interface = "{interface_code}" if "{interface_code}" in path else routing.get("interface", "")
        found[path] = RouteInfo(
            path,
            tuple(routing.get("verbs", ("GET",))),
            interface,
            routing.get("scope", ""),
            text.rstrip("."),
            _addon_of(method),
            routing.get("auth", ""),
            routing.get("identity", "system"),
        )
    return [found[path] for path in sorted(found)]


_interop_routes = interop_routes


def _addon_of(method) -> str:
    method = inspect.unwrap(getattr(method, "__func__", method))
    parts = (getattr(method, "__module__", "") or "").split(".")
    return parts[2] if parts[:2] == ["odoo", "addons"] and len(parts) > 2 else ""
