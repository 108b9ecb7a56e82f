"""Cursors: where a page ended, sealed and bound to the question that it belongs to. Pure Python."""

from __future__ import annotations

import base64
import binascii
import json

from odoo.addons.interop_hub import keyring

MAX_CHARS = 512


def seal(position: list, binding: bytes) -> str:
    """A cursor for the page after ``position``.

    :param position: values of the sort columns of the last row
    :param binding: what identifies the question: resource, account, filters
    """
    key_id, blob = keyring.ring().encrypt(json.dumps(position).encode(), b"rest.cursor:" + binding)
    return base64.urlsafe_b64encode(len(key_id).to_bytes(1, "big") + key_id.encode() + blob).rstrip(b"=").decode()


def unseal(text: str, binding: bytes) -> list:
    """The position in a cursor.

    :raises ValueError: it was made up, altered, or belongs to another question
    """
    if len(text) > MAX_CHARS:
        raise ValueError("too long")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        size = raw[0]
        plain = keyring.ring().decrypt(raw[1 : size + 1].decode(), raw[size + 1 :], b"rest.cursor:" + binding)
        return json.loads(plain)
    except (binascii.Error, IndexError, UnicodeError, keyring.KeyringError):
        raise ValueError("not a cursor of this question") from None
