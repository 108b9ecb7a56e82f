"""Answers: JSON as bytes, entity tags, compression."""

from __future__ import annotations

import gzip
import json

from odoo.http import Response, request

from . import conditions

VARY = "Accept-Encoding, Authorization, Prefer"
_WORTH_PACKING = 1400


def json_bytes(document) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def accepts_gzip() -> bool:
    """Whether the client takes gzip."""
    header = request.httprequest.headers.get("Accept-Encoding", "")
    for part in header.split(","):
        name, _semicolon, quality = part.strip().partition(";")
        if name.strip().lower() in ("gzip", "*") and quality.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00"):
            return True
    return False


def json_response(content: bytes, *, status: int = 200, headers: dict | None = None, etag: str = "",
                  content_type: str = "application/json") -> Response:  # fmt: skip
    """A response with JSON.

    :param etag: its entity tag: 304 for who has it already
    """
    headers = {"Cache-Control": "private, no-cache", "Vary": VARY, **(headers or {})}
    packed = len(content) > _WORTH_PACKING and accepts_gzip()
    if etag:
        headers["ETag"] = f'"{etag}-gzip"' if packed else f'"{etag}"'
        if not conditions.none_match(request.httprequest.headers.get("If-None-Match"), etag):
            return Response(status=304, headers=headers)
    if packed:
        content = gzip.compress(content, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, status=status, content_type=content_type, headers=headers)


def nothing(headers: dict | None = None) -> Response:
    """Done, and nothing to say."""
    response = Response(status=204, headers=headers)
    response.headers.remove("Content-Type")
    return response
