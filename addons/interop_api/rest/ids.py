"""Ids on the wire: opaque, stable, and worth nothing for another kind of record.

An id is one encrypted block: which model it belongs to, and the record's
number. Counting up finds nothing, a partner cannot tell how many records there
are, and an id of one resource is unknown to every other. Rights do not rest on
that: record rules decide what a caller may see. Pure Python.
"""

from __future__ import annotations

import functools
import hashlib
import re
import time
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from odoo.addons.interop_hub import keyring

_TOKEN = re.compile(r"[0-9a-f]{32}\Z")
PATTERN = "^[0-9a-f]{32}$"


@functools.lru_cache(maxsize=1024)
def _tag(model: str) -> bytes:
    return hashlib.blake2b(model.encode(), digest_size=8).digest()


@functools.lru_cache(maxsize=4)
def _cipher_of(key: bytes) -> Cipher:
    # One block, never two: a permutation of blocks is all that is wanted of the cipher.
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305


_kept: tuple[float, Cipher] = (0.0, None)
_KEEP_SECONDS = 2.0


def _cipher() -> Cipher:
    """The cipher of the keyring's index key, which does not rotate; looked for again every now and then."""
    global _kept
    now = time.monotonic()
    if now >= _kept[0]:
        _kept = (now + _KEEP_SECONDS, _cipher_of(keyring.ring().mac("rest.id", b"ids on the wire")))
    return _kept[1]


def encode_all(model: str, record_ids: Iterable[int]) -> dict[int, str]:
    """The wire ids of many records of one model."""
    wanted = list(record_ids)
    if not wanted:
        return {}
    tag = _tag(model)
    sealed = _cipher().encryptor().update(b"".join([tag + number.to_bytes(8, "big") for number in wanted])).hex()
    return {number: sealed[at : at + 32] for number, at in zip(wanted, range(0, len(sealed), 32), strict=True)}


def encode(model: str, record_id: int) -> str:
    """The wire id of one record."""
    return encode_all(model, (record_id,))[record_id]


def decode(model: str, token: str) -> int | None:
    """The record's number, or ``None`` for what is no wire id of this model."""
    if not isinstance(token, str) or not _TOKEN.match(token):
        return None
    block = _cipher().decryptor().update(bytes.fromhex(token))
    number = int.from_bytes(block[8:], "big")
    return number if block[:8] == _tag(model) and 0 < number < 2**31 else None
