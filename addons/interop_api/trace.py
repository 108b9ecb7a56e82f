"""W3C Trace Context, level 1: reading and writing ``traceparent``. Pure Python.

Source: www.w3.org/TR/trace-context, section 3.2.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a request belongs to, and our own span in it."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def header(self) -> str:
        """Our ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def take_over(header: str | None) -> Trace:
    """Continue the caller's trace; start a new one when the header is absent or invalid."""
    span_id = secrets.token_hex(8)
    match = _TRACEPARENT.match(header or "")
    if match:
        version, trace_id, parent, flags, rest = match.groups()
        valid = version != "ff" and int(trace_id, 16) and int(parent, 16) and not (version == "00" and rest)
        if valid:
            # Only the bits that this version defines are passed on: sampled and random.
            return Trace(trace_id, span_id, f"{int(flags, 16) & 0x03:02x}")
    return Trace(secrets.token_hex(16), span_id, "00")
