"""Guarding calls to addresses that somebody else chose (webhooks, key sets) against request forgery.

A name is resolved once, every address it stands for is judged, and the
connection goes to the judged address: a name that answers differently a moment
later (DNS rebinding) changes nothing. The certificate is still checked against
the name. Redirects are never followed. Nothing here imports Odoo.

What is refused unless an administrator allowed the host: plain HTTP, ports
below 1024 other than 80 and 443, and every address that is not global unicast
(private, loopback, link-local, carrier-grade NAT, multicast, reserved), also
when it hides inside an IPv6 address (mapped, 6to4, NAT64, Teredo). Link-local
addresses, where clouds serve their metadata, need the address itself to be
allowed: a name is not enough.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar

_SCHEMES = {"http": 80, "https": 443}
_BAD_CHARACTERS = re.compile(r"[\s\\\x00-\x1f\x7f]")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Metadata services outside of the link-local range.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))


class Forbidden(Exception):
    """A URL that may not be called.

    :param code: short machine code: ``url``, ``scheme``, ``port``, ``address``, ``unresolved``
    :param text: plain English, without addresses, which would tell about our network
    """

    def __init__(self, code: str, text: str):
        super().__init__(code, text)
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class Target(NamedTuple):
    """Where a call goes: the judged address, and the name that it stands for."""

    ip: str
    host: str
    port: int
    scheme: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _SCHEMES[self.scheme] else f"{name}:{self.port}"


def split(url: str) -> tuple[str, str, int]:
    """Scheme, host in ASCII and port of a URL.

    :raises Forbidden: when it is not a plain HTTP(S) address
    """
    if _BAD_CHARACTERS.search(url):
        raise Forbidden("url", "The address has spaces, backslashes or control characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Forbidden("url", "The address cannot be read") from None
    if parts.scheme not in _SCHEMES:
        raise Forbidden("scheme", "The address does not begin with https:// or http://")
    if not host:
        raise Forbidden("url", "The address names no host")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("url", "The address carries a user name or password")
    try:
        host = host if ":" in host else host.encode("idna").decode().rstrip(".").lower()
    except UnicodeError:
        raise Forbidden("url", "The host is not a valid name") from None
    return parts.scheme, host, port or _SCHEMES[parts.scheme]


def is_public(address: str) -> bool:
    """Whether an address is global unicast, also after unwrapping what IPv6 can hide."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        hidden = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            hidden.append(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
        if any(inner is not None and not is_public(str(inner)) for inner in hidden):
            return False
        if ip.ipv4_mapped:
            return True
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _METADATA


def _is_metadata(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or ip
    return inner.is_link_local or inner in _METADATA


def resolve(url: str, allow: frozenset[str] = frozenset(), *, lookup=socket.getaddrinfo) -> Target:
    """Judge a URL and pin it to one address.

    :param url: the address as somebody wrote it
    :param allow: hosts (``name``, ``name:port`` or an address) that an administrator allowed although
        they are inside, or speak plain HTTP
    :param lookup: stands in for ``socket.getaddrinfo`` in tests
    :raises Forbidden: when it may not be called; code ``unresolved`` may pass with time
    """
    scheme, host, port = split(url)
    allowed = host in allow or f"{host}:{port}" in allow
    if not allowed:
        if scheme != "https":
            raise Forbidden("scheme", "Plain HTTP is refused: the host is not on the list of allowed hosts")
        if port < 1024 and port not in _SCHEMES.values():
            raise Forbidden("port", "The port is refused: the host is not on the list of allowed hosts")
    try:
        found = lookup(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise Forbidden("unresolved", "The host's name has no address at the moment") from None
    addresses = list(dict.fromkeys(entry[4][0] for entry in found))
    if not addresses:
        raise Forbidden("unresolved", "The host's name has no address at the moment")
    for address in addresses:
        if _is_metadata(address) and address not in allow:
            raise Forbidden("address", "The host leads to a link-local or metadata address")
        if not allowed and not is_public(address):
            raise Forbidden("address", "The host leads to an address that is not public")
    # IPv4 first: where IPv6 is configured without a route, each call would wait for it in vain.
    return Target(min(addresses, key=lambda address: ":" in address), host, port, scheme)


class _PinnedAdapter(HTTPAdapter):
    """Sends to the pinned address; name, certificate check and Host header stay those of the host."""

    def __init__(self, target: Target, **options):
        self.target = target
        super().__init__(**options)

    def init_poolmanager(self, connections, maxsize, block=False, **pool_kwargs):
        if self.target.scheme == "https":
            pool_kwargs.update(server_hostname=self.target.host, assert_hostname=self.target.host)
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)

    def send(self, request, **options):
        scheme, host, port = split(request.url)
        if (scheme, host, port) != (self.target.scheme, self.target.host, self.target.port):
            raise Forbidden("url", "The session is pinned to another host")
        asked = request.url
        rest = asked.split("://", 1)[1]
        cut = re.search(r"[/?#]", rest)
        name = f"[{self.target.ip}]" if ":" in self.target.ip else self.target.ip
        request.url = f"{scheme}://{name}:{port}{rest[cut.start() :] if cut else '/'}"
        request.headers["Host"] = self.target.authority
        try:
            response = super().send(request, **options)
        finally:
            request.url = asked
        response.url = asked
        return response


class _NoCookies(RequestsCookieJar):
    def extract_cookies(self, response, request):
        """Forget what the other side wants remembered."""


class GuardedSession(requests.Session):
    """A session that reaches one target only: no redirects, proxies, environment, cookies.

    :param target: what :func:`resolve` returned
    :param connections: how many connections are kept open
    """

    def __init__(self, target: Target, connections: int = 4):
        super().__init__()
        self.trust_env = False
        self.cookies = _NoCookies()
        self.adapters.clear()
        self.mount(f"{target.scheme}://", _PinnedAdapter(target, pool_connections=1, pool_maxsize=connections))

    def request(self, method, url, **options):
        """Like ``requests``; a redirect is an answer like any other, and there is always a time limit."""
        options["allow_redirects"] = False
        options.setdefault("timeout", 15)
        return super().request(method, url, **options)


def session(target: Target, connections: int = 4) -> GuardedSession:
    """A ``requests`` session pinned to a target."""
    return GuardedSession(target, connections)


class PinnedConnection(http.client.HTTPConnection):
    """One plain connection to the pinned address, kept open between requests.

    It is for senders with many calls: a third of the work of a ``requests``
    session, and its socket can be shut from another thread when time is up.

    :param target: what :func:`resolve` returned
    :param timeout: seconds for each wait on the network
    :param context: TLS settings, the system's certificate authorities by default
    """

    def __init__(self, target: Target, timeout: float, context: ssl.SSLContext | None = None):
        super().__init__(target.host, target.port, timeout=timeout)
        self.target = target
        self._context = context

    def connect(self) -> None:
        """Connect to the address that was judged; with TLS, check the certificate against the name.

        :raises OSError: when there is no connection, or the certificate does not fit
        """
        connected = socket.create_connection((self.target.ip, self.target.port), self.timeout)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.target.scheme == "https":
                context = self._context or tls_context()
                connected = context.wrap_socket(connected, server_hostname=self.target.host)
        except BaseException:
            connected.close()
            raise
        self.sock = connected


_tls: ssl.SSLContext | None = None


def tls_context() -> ssl.SSLContext:
    """The TLS settings of outgoing calls: names checked, TLS 1.2 or newer; built once."""
    global _tls
    if _tls is None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _tls = context
    return _tls
