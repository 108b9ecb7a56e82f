"""What became of the messages of one set, written with one statement per kind."""

from __future__ import annotations

import random
from collections import defaultdict

from .exceptions import InteropError, NeedsPerson, Retryable
from .states import FINAL, sources

_FAIL = """
    UPDATE interop_message m
       SET state = v.state, attempts = m.attempts + 1, error_class = v.error_class, error_code = v.error_code,
           error_text = v.error_text, exception_id = COALESCE(v.exception_id::int, m.exception_id),
           next_attempt = now() AT TIME ZONE 'UTC' + make_interval(secs => v.delay::float8),
           done_at = CASE WHEN v.state IN ('done', 'rejected', 'discarded') THEN clock_timestamp() AT TIME ZONE 'UTC' END
      FROM (VALUES %s) AS v(id, state, error_class, error_code, error_text, exception_id, delay)
     WHERE m.id = v.id
"""


class Outcomes:
    """Collects outcomes of one set and writes them in its transaction.

    :param cr: the cursor of the set
    :param interface: row of the interface: id, code, company_id, max_attempts, retry_base, retry_cap
    """

    def __init__(self, cr, interface: dict):
        self.cr = cr
        self.interface = interface
        self.done: list = []
        self.held: list = []
        self.failed: dict = {}
        self.keys_with_held: set[str] = set()
        self._blocked: dict[str, int] = {}

    def succeed(self, messages) -> None:
        """These messages are processed."""
        self.done += messages

    def fail(self, message, error: InteropError) -> None:
        """This message failed; unless that is its end, its followers in the set are held."""
        self.failed[message] = error
        if error.state not in FINAL and message.ordering_key and self.interface["ordering"] == "key":
            oldest = self._blocked.get(message.ordering_key, message.id)
            self._blocked[message.ordering_key] = min(oldest, message.id)

    def hold(self, message) -> None:
        """This message waits behind another of its key."""
        self.held.append(message)

    def is_blocked(self, message) -> bool:
        """Whether an older message of the same key failed in this set; the message is then held."""
        first = self._blocked.get(message.ordering_key) if message.ordering_key else None
        if first is None or first >= message.id:
            return False
        self.hold(message)
        return True

    def write(self, env, milliseconds: float) -> None:
        """Write states, attempts, exceptions and counters."""
        if self.done:
            self.cr.execute(
                """UPDATE interop_message
                      SET state = 'done', attempts = attempts + 1, next_attempt = NULL, error_class = NULL,
                          error_code = NULL, error_text = NULL, done_at = clock_timestamp() AT TIME ZONE 'UTC'
                    WHERE id = ANY(%s)""",
                [[message.id for message in self.done]],
            )
        if self.held:
            self.cr.execute(
                "UPDATE interop_message SET state = 'held' WHERE id = ANY(%s) AND state = ANY(%s)",
                [[message.id for message in self.held], list(sources("held"))],
            )
        if self.failed:
            self._write_failures(env)
        if self.keys_with_held:
            ended = [*self.done, *(m for m, error in self.failed.items() if error.state in FINAL)]
            release(self.cr, [m.ordering_key for m in ended if m.ordering_key in self.keys_with_held])
        self.cr.execute(
            """INSERT INTO interop_stat (interface_id, at, done, failed, held, milliseconds)
               VALUES (%s, date_trunc('minute', now() AT TIME ZONE 'UTC'), %s, %s, %s, %s)""",
            [self.interface["id"], len(self.done), len(self.failed), len(self.held), milliseconds],
        )

    def _write_failures(self, env) -> None:
        verdicts = {}
        for message, error in self.failed.items():
            state, delay = self._verdict(message, error)
            verdicts[message] = (state, delay, error)
        exceptions = self._open_exceptions(env, verdicts)
        self.cr.execute_values(
            _FAIL,
            [
                (m.id, state, error.error_class, error.code, str(error), exceptions.get(m), delay)
                for m, (state, delay, error) in verdicts.items()
            ],
            template="(%s, %s, %s, %s, %s, %s::int, %s::float8)",
        )
        self.cr.execute_values(
            "INSERT INTO interop_attempt (message_id, number, at, state, error_class, error_code, error_text) VALUES %s",
            [
                (m.id, m.attempts + 1, state, error.error_class, error.code, str(error))
                for m, (state, _delay, error) in verdicts.items()
            ],
            template="(%s, %s, clock_timestamp() AT TIME ZONE 'UTC', %s, %s, %s, %s)",
        )

    def _verdict(self, message, error: InteropError) -> tuple[str, float | None]:
        """The state that a failed message goes to, and the seconds until the next attempt, if there is one."""
        if error.state != "retry":
            return error.state, None
        if message.attempts + 1 >= self.interface["max_attempts"]:
            return "dead", None
        asked = error.retry_after if isinstance(error, Retryable) else 0.0
        return "retry", max(backoff(message.attempts, self.interface["retry_base"], self.interface["retry_cap"]), asked)

    def _open_exceptions(self, env, verdicts: dict) -> dict:
        """Open one exception per cause for messages that wait for a person; return its id per message."""
        groups = defaultdict(list)
        for message, (state, _delay, error) in verdicts.items():
            if isinstance(error, NeedsPerson):
                groups[error.exception_type, error.exception_key].append((message, error))
            elif state in ("dead", "ambiguous"):
                kind = "dead_letter" if state == "dead" else "ambiguous"
                groups[kind, f"{self.interface['code']}:{error.code}"].append((message, error))
        if not groups:
            return {}
        interface = env["interop.interface"].browse(self.interface["id"])
        records = env["interop.exception"]._open(
            [
                {
                    "type": kind,
                    "key": key,
                    "name": str(members[0][1]),
                    "company_id": self.interface["company_id"],
                    "interface_id": interface.id,
                    "amount": sum(getattr(error, "amount", 0.0) for _message, error in members),
                }
                for (kind, key), members in groups.items()
            ]
        )
        return {
            message: record.id
            for record, members in zip(records, groups.values(), strict=True)
            for message, _error in members
        }


def backoff(attempts: int, base: float, cap: float) -> float:
    """Seconds before the next attempt: doubling from ``base`` to ``cap``, with jitter of plus or minus a half."""
    return min(cap, base * 2 ** min(attempts, 30)) * random.uniform(0.5, 1.5)


def release(cr, keys: list[str]) -> list[int]:
    """Let held messages of these hashed ordering keys go on, up to the next one that still waits.

    :return: ids of the lanes that have work now
    """
    if not keys:
        return []
    cr.execute(
        """WITH freed AS (
               UPDATE interop_message h SET state = 'received'
                WHERE h.ordering_key = ANY(%s) AND h.state = 'held'
                  AND NOT EXISTS (
                      SELECT FROM interop_message b
                       WHERE b.ordering_key = h.ordering_key AND b.id < h.id
                         AND b.state IN ('retry', 'quarantined', 'ambiguous', 'dead'))
            RETURNING lane_id)
           SELECT DISTINCT lane_id FROM freed""",
        [list(keys)],
    )
    return [row[0] for row in cr.fetchall()]
