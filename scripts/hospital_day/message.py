"""One message of the day."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, what must be answered, and what it says.

    :ivar seq: send order inside its interface
    :ivar wave: wave 2 is sent when everything of wave 1 has taken effect
    :ivar shard: the patient; messages of one shard and interface keep their order
    :ivar control: MSH-10
    :ivar ack: expected MSA-1 (AA, CA, AE, AR), or ``refused`` for what is no HL7 at all
    :ivar error: expected code of HL7 table 0357, empty when acknowledged
    :ivar facts: what it says as plain dicts, empty when it must have no effect
    :ivar note: which case of the day it is
    """

    seq: int
    wave: int
    interface: str
    shard: str
    raw: bytes
    control: str
    ack: str
    error: str = ""
    facts: tuple[dict, ...] = field(default=(), hash=False)
    note: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the message is acknowledged and stored for processing."""
        return self.ack in ("AA", "CA")
