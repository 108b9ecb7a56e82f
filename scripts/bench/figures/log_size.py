"""Whether a long log of finished messages slows the lane down."""

from __future__ import annotations

import time

from .. import database, settings
from ..report import Figure, say
from .common import ADT, drain_rate, serve, served

NAMES = ("log",)
SMALL, LARGE = "bench_log_small", "bench_log_large"

#: Finished messages over the last 60 days, each with a sealed body, for the interface that is measured.
FILL = """
WITH numbers AS (
    SELECT n, md5(n::text) AS h, now() AT TIME ZONE 'UTC' - interval '60 days' * (1 - n::float8 / %(count)s) AS at
      FROM generate_series(1, %(count)s) AS n),
stored AS (
    INSERT INTO interop_message (
        uuid, interface_id, system_id, company_id, lane_id, direction, state, idempotency_key, body_hash, ordering_key,
        partition, message_type, reference, attempts, size, received_at, done_at, acknowledgement)
    SELECT gen_random_uuid(), i.id, i.system_id, i.company_id, i.lane_id, 'in', 'done',
           h || md5(h), md5(h || 'b') || h, md5((n %% 50000)::text) || md5('o'), n %% 64, 'ADT^A08', 'F' || n, 1, 1030,
           at, at + interval '0.3 seconds', decode(repeat(h, 5), 'hex')
      FROM numbers, interop_interface i WHERE i.code = %(code)s
  ORDER BY n
 RETURNING id, interface_id, received_at)
INSERT INTO interop_payload (message_id, interface_id, key_id, sealed, sha256, size, content_type, received_at)
SELECT id, interface_id, %(key)s, decode(repeat(md5(id::text), 66), 'hex'), md5(id::text) || md5(id::text), 1030,
       'application/hl7-v2', received_at
  FROM stored
"""


def measure(_wanted: set[str]) -> list[Figure]:
    """The same work in turn on two copies of one database that differ in their log only."""
    sizes = settings.SIZES
    with served(SMALL, settings.PORT) as suite:
        drain_rate(suite, ADT, "admit", "P", sizes.log_patients)
    database.copy(SMALL, LARGE)
    _fill(SMALL, sizes.log_small)
    started = time.monotonic()
    _fill(LARGE, sizes.log_large)
    say(f"a log of {sizes.log_large:,} messages: filled in {time.monotonic() - started:.0f} s")
    small, large = [], []
    with serve(SMALL, settings.PORT) as one, serve(LARGE, settings.PORT + 4) as other:
        for suite in (one, other):
            drain_rate(suite, ADT, "update", "W", sizes.log_patients, patients=sizes.log_patients, of="P")
        for number in range(sizes.rounds):
            for suite, rates in ((one, small), (other, large)):
                rates.append(
                    drain_rate(
                        suite, ADT, "update", f"U{number}x", sizes.log_messages, patients=sizes.log_patients, of="P"
                    )
                )  # fmt: skip
            say(f"log size, round {number + 1}: small {small[-1]:,.0f}/s, large {large[-1]:,.0f}/s")
    database.drop(LARGE)
    return [
        Figure(
            "log", f"Lane rate, {sizes.log_large:,} done messages in the log", "messages/s", large,
            f"{sizes.log_small:,} in the log", small, 0.9,
            note=f"{sizes.log_messages} updates and transfers of {sizes.log_patients} patients per round",
        )
    ]  # fmt: skip


def _fill(name: str, count: int) -> None:
    key = database.query(name, "SELECT key_id FROM interop_payload LIMIT 1")[0][0]
    database.query(name, FILL, {"count": count, "code": ADT, "key": key})
    database.query(name, "VACUUM ANALYZE")
    database.query(name, "CHECKPOINT")
