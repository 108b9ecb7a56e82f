"""What the door, the handlers and the inbox hand to each other. Pure Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .exceptions import InteropError, Rejected


@dataclass(slots=True)
class Inbound:
    """What a handler knows of one message before any business is done.

    ``key`` and ``ordering`` may hold identifiers: the inbox stores only their
    keyed hashes. ``message_type`` and ``reference`` are stored as they are and
    must be free of patient data.
    """

    body: bytes
    key: str
    ordering: str = ""
    message_type: str = ""
    reference: str = ""
    content_type: str = ""
    error: Rejected | None = None
    acknowledgement: bytes = b""
    trace_id: str = ""


@dataclass(slots=True)
class Accepted:
    """What became of one message: ``status`` is ``new``, ``duplicate`` or ``conflict``."""

    status: str
    message_id: int
    uuid: str
    state: str
    acknowledgement: bytes
    partition: int = 0


@dataclass(slots=True)
class Split:
    """A request body taken apart; ``frame`` joins the acknowledgements into the response body."""

    bodies: list[bytes]
    frame: Callable[[list[bytes]], bytes] = b"".join


@dataclass(slots=True)
class Reception:
    """The answer to one request: what to send back, and what was stored."""

    body: bytes
    content_type: str
    results: list[Accepted] = field(default_factory=list)


@dataclass(slots=True)
class Now:
    """What became of a message that was processed while its sender waits.

    ``state`` is ``done`` (its effects are in the transaction), ``rejected``
    (``error`` says why, nothing changed), or one in which it waits for a lane or
    a person: the sender is told that it was taken, not that it was done.
    """

    status: str
    state: str
    message_id: int
    uuid: str
    error: InteropError | None = None
    acknowledgement: bytes = b""

    def remember(self, env, acknowledgement: bytes) -> None:
        """Keep a short answer, free of patient data, for the case that the same message comes again."""
        self.acknowledgement = acknowledgement
        env["interop.message"]._remember(self.message_id, acknowledgement)
