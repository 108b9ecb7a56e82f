"""Reading a request body within limits."""

from __future__ import annotations

import zlib

from .problem import Problem

_GZIP = 31  # zlib's window bits for a gzip header


def read(httprequest, limit: int) -> bytes:
    """The request's body, decompressed.

    :param limit: bytes that the body may have, before and after decompression
    :raises Problem: 413 when it is larger, 415 for an unknown content coding, 400 when it is damaged
    """
    if (httprequest.content_length or 0) > limit:
        raise _too_large(limit)
    # One byte more: a chunked body that reaches the stream's limit is cut there without a word.
    httprequest.max_content_length = limit + 1
    body = httprequest.get_data(cache=True, parse_form_data=False)
    if len(body) > limit:
        raise _too_large(limit)
    coding = httprequest.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise Problem(
            415,
            "body.coding",
            "This content coding is not supported; send gzip or none.",
            headers={"Accept-Encoding": "gzip, identity"},
        )
    return _gunzip(body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(_GZIP)
    try:
        plain = decompressor.decompress(body, limit + 1)
    except zlib.error:
        raise Problem(400, "body.gzip", "The body is not valid gzip.") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not decompressor.eof or decompressor.unused_data:
        raise Problem(400, "body.gzip", "The body is not one complete gzip member.")
    return plain


def _too_large(limit: int) -> Problem:
    return Problem(413, "body.too_large", f"The body may have {limit} bytes.", limit=limit)
