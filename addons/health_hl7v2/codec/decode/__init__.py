"""From a message to canonical commands; the one place of this codec that knows them."""

from datetime import UTC, datetime, tzinfo

from ..header import Header
from ..message import Message
from .charges import capture
from .context import Context
from .merges import merge, move_visit
from .visits import EVENTS, bill, record, register

_DECODERS = {
    **{("ADT", event): record for event in EVENTS if event.startswith("A")},
    **{("ADT", event): merge for event in ("A18", "A34", "A36", "A40", "A47")},
    ("ADT", "A28"): register,
    ("ADT", "A31"): register,
    ("ADT", "A45"): move_visit,
    ("BAR", "P01"): bill,
    ("BAR", "P05"): bill,
    ("DFT", "P03"): capture,
    ("DFT", "P11"): capture,
}


def commands(header: Header, message: Message, zone: tzinfo = UTC, received_at: datetime | None = None) -> list:
    """Return what a message says, as canonical commands in order.

    :param header: checked (:meth:`Header.check`)
    :param zone: the sender's time zone, for times without an offset
    :param received_at: naive UTC, when the message itself has no time at all
    :raises Hl7Error: content that cannot be taken
    """
    return _DECODERS[header.type, header.event](Context(header, message, zone, received_at))
