"""The client certificate of a request, as a trusted proxy reports it (RFC 8705).

Odoo never sees the certificate itself: TLS ends at the proxy, which writes a header.
Two parameters switch this on: ``interop_api.certificate_header`` names the header, and
``interop_api.trusted_proxies`` lists the addresses or networks that may write it. From any
other address the header means nothing.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import ipaddress
import re
from urllib.parse import unquote

_HEX = re.compile(r"[0-9a-fA-F]{64}\Z")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*\Z")
_MAX_HEADER = 16 * 1024


def _encode(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def thumbprint_of(text: str) -> str:
    """The SHA-256 thumbprint (``x5t#S256``, base64url) that ``text`` gives; empty when it gives none.

    :param text: a thumbprint in hexadecimal (colons allowed) or base64url, or a certificate as PEM, URL-encoded
        PEM, or between colons as RFC 9440 has it
    """
    text = text.strip()[:_MAX_HEADER]
    plain = text.replace(":", "")
    if _HEX.match(plain):
        return _encode(bytes.fromhex(plain))
    if _BASE64URL.match(text):
        return text
    if text.startswith(":") and text.endswith(":"):
        body = text[1:-1]
    else:
        match = _PEM.match(unquote(text))
        body = "".join(match[1].split()) if match else ""
    try:
        der = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error):
        return ""
    return _encode(hashlib.sha256(der).digest()) if der else ""


@functools.lru_cache(maxsize=16)
def _networks(text: str) -> tuple:
    networks = []
    for word in text.replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue
    return tuple(networks)


def presented(env, httprequest) -> str:
    """The thumbprint of the certificate that the client of this request showed; empty when there is none."""
    parameter = env["ir.config_parameter"].sudo().get_param
    name = parameter("interop_api.certificate_header")
    value = name and httprequest.headers.get(name)
    if not value:
        return ""
    # Behind Odoo's proxy mode the address is the client's; who connected to us is kept beside it.
    original = httprequest.environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    try:
        peer = ipaddress.ip_address(original or httprequest.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return ""
    peer = getattr(peer, "ipv4_mapped", None) or peer
    trusted = _networks(parameter("interop_api.trusted_proxies") or "")
    if not any(peer in network for network in trusted if network.version == peer.version):
        return ""
    return thumbprint_of(value)
