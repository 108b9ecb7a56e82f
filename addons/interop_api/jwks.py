"""Key sets of partners and outside issuers, fetched from the address that was registered for them.

Guarded against request forgery by ``interop_hub.net_guard``; small, quick, no redirects.
Kept as long as the answer allows (``Cache-Control``), never longer than an hour; a key id
that is not in what we have makes us look again, but not more often than every ten seconds.
No Odoo import.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from odoo.addons.interop_hub import net_guard

from . import jose_guard

_logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
MAX_KEYS = 50
SECONDS = 5.0
DEFAULT_AGE = 300
MAX_AGE = 3600
LOOK_AGAIN = 10.0
MAX_SETS = 256
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})\"?\s*(?:,|$)", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*no-(?:store|cache)\b", re.IGNORECASE)


class Unavailable(Exception):
    """The key set cannot be had. The text says why, without anything that the other side sent."""


@dataclass(slots=True)
class KeySet:
    """What an address gave, and until when it may be used (on the monotonic clock)."""

    keys: list[dict]
    until: float
    fetched: float
    built: dict[tuple[str, str], jose_guard.GuardedKey | None] = field(default_factory=dict)

    def find(self, kid: str, algorithm: str) -> jose_guard.GuardedKey | None:
        """The one key with this id and of the algorithm's type; None when there is none, or more than one."""
        if (kid, algorithm) not in self.built:
            kty = jose_guard.key_type(algorithm)
            named = [jwk for jwk in self.keys if jwk.get("kid") == kid and jwk.get("kty") == kty]
            key = None
            if len(named) == 1:
                try:
                    key = jose_guard.build_key(named[0], kid=kid, algorithm=algorithm)
                except jose_guard.KeyRefused:
                    key = None
            if len(self.built) > MAX_KEYS:
                self.built.clear()
            self.built[kid, algorithm] = key
        return self.built[kid, algorithm]


_sets: dict[str, KeySet] = {}
_failed: dict[str, tuple[float, str]] = {}
_lock = threading.Lock()


def find(
    url: str, kid: str, algorithm: str, allow: frozenset[str] = frozenset()
) -> tuple[jose_guard.GuardedKey | None, float]:
    """The key of this id and algorithm at ``url``, and for how many seconds what we have may be used.

    :param allow: hosts that an administrator allowed although they are inside
    :raises Unavailable: when the set cannot be had
    """
    now = time.monotonic()
    known = _sets.get(url)
    if known is None or known.until <= now:
        known = _fetch(url, allow, now)
    key = known.find(kid, algorithm)
    if key is None and now - known.fetched >= LOOK_AGAIN:
        known = _fetch(url, allow, now)
        key = known.find(kid, algorithm)
    return key, max(0.0, known.until - now)


def forget(url: str) -> None:
    """Fetch the set anew at its next use."""
    with _lock:
        _sets.pop(url, None)
        _failed.pop(url, None)


def _fetch(url: str, allow: frozenset[str], now: float) -> KeySet:
    failed = _failed.get(url)
    if failed and now - failed[0] < LOOK_AGAIN:
        raise Unavailable(failed[1])
    try:
        keys, age = download(url, allow)
    except Unavailable as error:
        with _lock:
            if len(_failed) >= MAX_SETS:
                _failed.clear()
            _failed[url] = (now, str(error))
        _logger.info("A key set could not be fetched: %s", error)
        raise
    known = KeySet(keys, now + age, now)
    with _lock:
        if len(_sets) >= MAX_SETS:
            _sets.clear()
        _sets[url] = known
        _failed.pop(url, None)
    return known


def download(url: str, allow: frozenset[str] = frozenset()) -> tuple[list[dict], int]:
    """Fetch a key set: its keys, and for how many seconds they may be kept.

    :raises Unavailable: for whatever is wrong with address or answer
    """
    connection = None
    try:
        target = net_guard.resolve(url, allow)
        connection = net_guard.PinnedConnection(target, 2.0)
        alarm = threading.Timer(SECONDS, _shut, [connection])  # each wait has its limit, and all together have
        alarm.start()
        try:
            parts = urlsplit(url)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                "GET",
                path,
                headers={"Host": target.authority, "Accept": "application/jwk-set+json, application/json"},
            )
            answer = connection.getresponse()
            if answer.status != 200:  # a redirect is no answer either
                raise Unavailable(f"the answer was {answer.status}")
            content = answer.read(MAX_BYTES + 1)
        finally:
            alarm.cancel()
        control = answer.getheader("Cache-Control", "")
    except net_guard.Forbidden as error:
        raise Unavailable(error.text) from None
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise Unavailable(f"no connection ({type(error).__name__})") from None
    finally:
        if connection is not None:
            connection.close()
    if len(content) > MAX_BYTES:
        raise Unavailable("the answer is too large")
    return parse(content), _age(control)


def _shut(connection) -> None:
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def parse(content: bytes | str) -> list[dict]:
    """The keys of a key set (or a lone key).

    :raises Unavailable: when it is not one
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise Unavailable("the answer is not JSON") from None
    if isinstance(document, dict) and "kty" in document:
        return [document]
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, dict) for key in keys):
        raise Unavailable("the answer is not a key set")
    return keys


def _age(control: str) -> int:
    if _NO_CACHE.search(control):
        return 0
    match = _MAX_AGE.search(control)
    return min(int(match[1]), MAX_AGE) if match else DEFAULT_AGE
