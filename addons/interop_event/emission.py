"""What business code hands over when something happened (pure Python)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Happened:
    """One business event, as the code that made it happen declares it.

    :ivar type: code of an event type, e.g. ``invoice.posted``
    :ivar record: ``(model, id)`` of the record that it is about
    :ivar company_id: its company
    :ivar facility: code of the facility, where there is one
    :ivar attributes: what the type's schema describes; no patient data
    :ivar occurred_at: when, by default now
    :ivar subject: ``(model, id)`` whose events keep their order, by default the record
    """

    type: str
    record: tuple[str, int]
    company_id: int | None = None
    facility: str | None = None
    attributes: dict = field(default_factory=dict)
    occurred_at: datetime | None = None
    subject: tuple[str, int] | None = None


def uuid7s(count: int) -> list[str]:
    """So many version 7 UUIDs (RFC 9562, section 5.7), sorted, all of this moment."""
    moment = time.time_ns()
    milliseconds, rest = divmod(moment, 1_000_000)
    # The 12 bits after the version are a fraction of the millisecond; the random part counts up within a batch.
    prefix = (milliseconds << 80) | (0x7 << 76) | ((rest * 4096 // 1_000_000) << 64) | (0b10 << 62)
    start = int.from_bytes(os.urandom(8), "big") >> 3  # leaves room to count
    return [_text(prefix | (start + number)) for number in range(count)]


def _text(number: int) -> str:
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
