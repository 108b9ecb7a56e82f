"""When a failed delivery is tried again (pure Python)."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Seconds from each attempt to the next one, as Standard Webhooks 1.0.0 proposes: ten attempts over three days.
DELAYS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
JITTER = 0.2
LONGEST_PAUSE = 24 * 3600
#: So many failures in a row open the breaker of an endpoint.
BREAKER_FAILURES = 5
#: Seconds between looks whether our own message broker is back.
BROKER_PAUSE = 10.0
BREAKER_FIRST, BREAKER_LONGEST = 15.0, 1800.0


def delay(attempts: int, retry_after: float = 0.0) -> float | None:
    """Seconds until the next attempt.

    :param attempts: how many were made
    :param retry_after: what the receiver asked for
    :return: None when the last attempt was made
    """
    if attempts > len(DELAYS):
        return None
    usual = DELAYS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return max(usual, min(retry_after, LONGEST_PAUSE))


def breaker_pause(failures: int) -> float:
    """Seconds for which an endpoint is left alone after so many failures in a row; 0 while its breaker is closed."""
    if failures < BREAKER_FAILURES:
        return 0.0
    steps = min(failures - BREAKER_FAILURES, 20)
    return min(BREAKER_FIRST * 2**steps, BREAKER_LONGEST) * random.uniform(1 - JITTER, 1 + JITTER)


def retry_after(value: str | None, now: datetime | None = None) -> float:
    """Seconds that a Retry-After header asks for (RFC 9110, section 10.2.3); 0 when it says nothing usable."""
    if not value:
        return 0.0
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), LONGEST_PAUSE))
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_PAUSE)
