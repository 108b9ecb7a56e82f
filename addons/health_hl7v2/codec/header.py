"""What the door wants to know of an MSH segment, and which messages are ours."""

import re

from .errors import Hl7Error
from .message import Segment

#: Trigger events that are decoded, by message type.
EVENTS = {
    "ADT": frozenset("A01 A02 A03 A04 A05 A06 A07 A08 A11 A12 A13 A18 A28 A31 A34 A36 A40 A45 A47".split()),
    "DFT": frozenset(("P03", "P11")),
    "BAR": frozenset(("P01", "P05")),
}
#: ADT events that HL7 defines but that have no counterpart in the canonical commands: moves of
#: identifier lists (A43) and of account numbers (A44).
REFUSED = frozenset(("A43", "A44"))

_VERSION = re.compile(r"2(\.[1-9](\.[0-9])?)?")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL_ID_LENGTH = 199


class Header:
    """The fields of MSH that decide what happens with a message."""

    __slots__ = (
        "accept",
        "application",
        "charset_known",
        "control_id",
        "event",
        "key",
        "processing_id",
        "segment",
        "type",
        "version",
    )

    def __init__(self, msh: Segment, event_code: str = ""):
        self.segment = msh
        self.charset_known = True
        fields = msh.fields
        self.control_id = fields[10].strip() if len(fields) > 10 else ""
        self.type = msh.value(9)
        self.event = msh.value(9, 2) or event_code
        self.processing_id = msh.value(11)
        self.version = msh.value(12)
        self.accept = msh.value(15).upper()
        self.application = msh.value(16).upper()
        self.key = "\x1f".join((msh[3].strip(), msh[4].strip(), self.control_id))

    @property
    def message_type(self) -> str:
        """``ADT^A01``; parts that do not look like codes are replaced, because this is stored in clear."""
        kind = self.type if _TYPE.fullmatch(self.type) else "?"
        event = self.event if _TYPE.fullmatch(self.event) else ("?" if self.event else "")
        return f"{kind}^{event}" if event else kind

    @property
    def facility(self) -> str:
        """Namespace of the sending facility (MSH-4.1)."""
        return self.segment.value(4)

    def check(self) -> None:
        """Refuse what is not for us.

        :raises Hl7Error: with the code of table 0357 and ``ack="AR"``
        """
        if not self.control_id:
            raise Hl7Error("101", "The message control id is missing", "MSH-10", "AR")
        if len(self.control_id) > _CONTROL_ID_LENGTH:
            raise Hl7Error("102", "The message control id is too long", "MSH-10", "AR")
        events = EVENTS.get(self.type)
        if events is None:
            raise Hl7Error("200", "This message type is not supported", "MSH-9.1", "AR")
        if self.event not in events:
            raise Hl7Error("201", "This event is not supported", "MSH-9.2", "AR")
        if self.processing_id not in ("P", "T", "D"):
            raise Hl7Error("202", "The processing id is not supported", "MSH-11", "AR")
        if not _VERSION.fullmatch(self.version):
            raise Hl7Error("203", "The version is not supported", "MSH-12", "AR")
