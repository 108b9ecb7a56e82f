"""Storing messages: rows and bodies in one statement, however many.

Uniqueness is the unique index on (interface, idempotency key), used by
``INSERT … ON CONFLICT DO NOTHING`` in the caller's transaction. Whoever
acknowledges must have committed that transaction before.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import uuid

from . import keyring
from .contract import Accepted, Inbound

PARTITIONS = 64
_PARTITION = 10  #: its place in a row

# Rows and bodies in one statement: a second trip to the database costs more than a second table.
_INSERT = """
    WITH message AS (
        INSERT INTO interop_message (
            uuid, interface_id, system_id, company_id, lane_id, direction, state,
            idempotency_key, body_hash, ordering_key, partition, message_type, reference,
            trace_id, acknowledgement, error_class, error_code, error_text,
            attempts, size, received_at, done_at)
        VALUES {messages}
        ON CONFLICT (interface_id, idempotency_key) DO NOTHING
        RETURNING id, uuid),
    payload AS (
        INSERT INTO interop_payload (
            message_id, interface_id, key_id, sealed, sha256, size, content_type, received_at)
        SELECT m.id, b.interface_id, b.key_id, b.sealed, b.sha256, b.size, b.content_type,
               clock_timestamp() AT TIME ZONE 'UTC'
          FROM (VALUES {payloads}) AS b(uuid, interface_id, key_id, sealed, sha256, size, content_type)
          JOIN message m ON m.uuid = b.uuid)
    SELECT uuid, id FROM message
"""
_ROW = (
    "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
    "0, %s, clock_timestamp() AT TIME ZONE 'UTC', "
    "CASE WHEN %s THEN clock_timestamp() AT TIME ZONE 'UTC' END)"
)
_PAYLOAD_ROW = "(%s, %s::int, %s, %s::bytea, %s, %s::int, %s)"


def _insert(count: int) -> str:
    return _INSERT.format(messages=", ".join([_ROW] * count), payloads=", ".join([_PAYLOAD_ROW] * count))


#: Sizes that come often; a connection that prepares statements does so for these.
_OFTEN = {count: _insert(count) for count in range(1, 9)}


def time_ordered_uuid() -> str:
    """A version 7 UUID (RFC 9562): random, but growing with time, so that indexes stay dense."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def partition_of(ordering_key: str | None) -> int:
    """The share of a lane that a hashed ordering key belongs to; any share when there is no order to keep."""
    return int(ordering_key[:8], 16) % PARTITIONS if ordering_key else secrets.randbelow(PARTITIONS)


def store(cr, interface: dict, inbounds: list[Inbound], direction: str = "in") -> list[Accepted]:
    """Store messages that arrived together; nothing is committed here.

    :param cr: a database cursor, or a :class:`postbox.Postbox`
    :param interface: ``id, system_id, company_id, lane_id, ordering`` of the interface
    :param inbounds: what arrived, in order
    :return: one :class:`Accepted` for each, in the same order. ``conflict``
        means: this key was used before for another body; nothing was stored.
    """
    ring = keyring.ring()
    rows, sealed, uuids, keys, hashes = [], [], [], [], []
    ordered = interface["ordering"] == "key"
    for inbound in inbounds:
        identity = time_ordered_uuid()
        key = ring.digest(f"{interface['id']}:{inbound.key}")
        body_hash = hashlib.sha256(inbound.body).hexdigest()
        ordering = ring.digest(f"order:{interface['id']}:{inbound.ordering}") if ordered and inbound.ordering else None
        error = inbound.error
        rows.append(
            (
                identity,
                interface["id"],
                interface["system_id"],
                interface["company_id"],
                interface["lane_id"],
                direction,
                "rejected" if error else "received",
                key,
                body_hash,
                ordering,
                partition_of(ordering),
                inbound.message_type or None,
                inbound.reference or None,
                inbound.trace_id or None,
                inbound.acknowledgement or None,
                error.error_class if error else None,
                error.code if error else None,
                str(error) if error else None,
                len(inbound.body),
                bool(error),
            )
        )
        uuids.append(identity)
        keys.append(key)
        hashes.append(body_hash)
        sealed.append(ring.encrypt(inbound.body, identity.encode()))
    payloads = [
        (uuids[n], interface["id"], *sealed[n], hashes[n], len(inbound.body), inbound.content_type or None)
        for n, inbound in enumerate(inbounds)
    ]
    params = [value for row in (*rows, *payloads) for value in row]
    if len(rows) in _OFTEN:
        getattr(cr, "execute_prepared", cr.execute)(_OFTEN[len(rows)], params)
    else:
        cr.execute(_insert(len(rows)), params)
    inserted = dict(cr.fetchall())
    known = {}
    if len(inserted) < len(rows):
        cr.execute(
            """SELECT idempotency_key, id, uuid, state, body_hash, acknowledgement
                 FROM interop_message WHERE interface_id = %s AND idempotency_key = ANY(%s)""",
            [interface["id"], [key for n, key in enumerate(keys) if uuids[n] not in inserted]],
        )
        known = {row[0]: row[1:] for row in cr.fetchall()}
    results = []
    for n, inbound in enumerate(inbounds):
        if uuids[n] in inserted:
            state = "rejected" if inbound.error else "received"
            results.append(
                Accepted("new", inserted[uuids[n]], uuids[n], state, inbound.acknowledgement, rows[n][_PARTITION])
            )
            continue
        message_id, identity, state, body_hash, acknowledgement = known[keys[n]]
        if body_hash == hashes[n]:
            results.append(Accepted("duplicate", message_id, identity, state, bytes(acknowledgement or b"")))
        else:
            results.append(Accepted("conflict", message_id, identity, state, b""))
    return results
