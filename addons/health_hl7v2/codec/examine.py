"""All that the door asks of a message, in one pass and without raising."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from . import batch
from .ack import acknowledge, refuse_batch
from .charsets import decode
from .decode import commands
from .errors import Hl7Error
from .header import Header
from .message import Message, Segment, read_header, read_message

#: Identifier types (table 0203) in the order in which they name a patient best.
_BEST_TYPES = ("MR", "", "PI", "PT", "PE", "AN")


@dataclass(slots=True)
class Examination:
    """The result of :func:`examine`.

    :ivar header: ``None`` when no MSH could be read
    :ivar error: why the message is refused, ``None`` when it is taken
    :ivar key: idempotency key in clear
    :ivar ordering: ordering key in clear
    """

    key: str
    header: Header | None = None
    message: Message | None = None
    error: Hl7Error | None = None
    ordering: str = ""
    commands: list = field(default_factory=list)


def examine(body: bytes, content_type: str = "", zone: tzinfo = UTC) -> Examination:
    """Read a message as far as it can be read and decode it.

    The key is (MSH-3, MSH-4, MSH-10). A refused message is keyed by its body
    too, so that the sender may send the corrected one under the same control id.
    """
    result = Examination(key="")
    try:
        if batch.is_batch(body):
            _refuse_batch(body)
        text, codec = decode(body, content_type)
        result.header = read(text, codec)
        result.header.check()
        result.message = read_message(result.header.segment, text)
        result.ordering = ordering(result.header, result.message)
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        result.commands = commands(result.header, result.message, zone, now)
        result.key = result.header.key
    except Hl7Error as error:
        result.error = error
        if result.header is None:
            result.header = salvage(body, content_type)
            if result.header is None and error.location in ("MSH", "MSH-18"):
                result.error = Hl7Error("100", "The message does not begin with an MSH segment", "MSH", "AR")
        prefix = result.header.key if result.header else ""
        result.key = f"{prefix}\x1frefused\x1f{hashlib.sha256(body).hexdigest()}"
    return result


def decode_commands(
    body: bytes,
    content_type: str = "",
    zones: Mapping[str, tzinfo] | None = None,
    received_at: datetime | None = None,
) -> list:
    """Return the commands of a message that was taken at the door.

    :param zones: time zone by sending facility (MSH-4.1), ``"*"`` for any other; UTC when unknown
    :param received_at: naive UTC, for a message that has no time at all
    :raises Hl7Error: the message would be refused now
    """
    text, codec = decode(body, content_type)
    header = read(text, codec)
    header.check()
    zone = (zones.get(header.facility) or zones.get("*") or UTC) if zones else UTC
    return commands(header, read_message(header.segment, text), zone, received_at)


def read(text: str, codec: str = "utf-8") -> Header:
    """Read the header of a text; an event that MSH-9 leaves out is taken from EVN-1.

    :raises Hl7Error: no usable MSH segment
    """
    header = Header(read_header(text, codec))
    if not header.event:
        start = max(text.find("\rEVN"), text.find("\nEVN"))
        if start >= 0:
            line = text[start + 1 :].partition("\r")[0].partition("\n")[0]
            header.event = Segment("EVN", line, header.segment.grammar).value(1)
    return header


def ordering(header: Header, message: Message) -> str:
    """Return the key in whose order messages are processed: the patient.

    It is the best PID-3 repetition (a medical record number before others)
    with its authority, or with the sending facility when it names none. DFT and
    BAR carry the same PID-3, so a visit's charges stay behind its admission.

    A merge concerns two patients but a message has one key: it is the
    survivor's, because everything that comes after the merge comes under the
    survivor's identifier and must find it done. What is still waiting under
    the prior identifier when the merge passes is safe: a merged account's
    identifiers lead to the survivor, so it arrives there later.
    """
    pid = message.first("PID")
    if pid is None:
        return ""
    rules = pid.grammar
    for number in (3, 2, 18):
        raw = pid[number]
        if not raw:
            continue
        candidates = []
        for repetition in rules.repetitions(raw):
            parts = [*rules.components(repetition), "", "", "", "", ""]
            value = parts[0].strip()
            if value and value != '""':
                kind = parts[4].strip()
                rank = _BEST_TYPES.index(kind) if kind in _BEST_TYPES else len(_BEST_TYPES)
                candidates.append((rank, len(candidates), parts[3].strip() or f"@{header.facility}", value))
        if candidates:
            _rank, _position, authority, value = min(candidates)
            return f"{authority}\x1f{value}"
    return ""


def _refuse_batch(body: bytes) -> None:
    """A batch arrives here only when it could not be taken apart, or stands inside a batch."""
    batch.take_apart(body)
    raise Hl7Error("100", "A batch cannot be one message", "BHS", "AR")


def salvage(body: bytes, content_type: str = "") -> Header | None:
    """Read the header alone, whatever the rest is worth; ``None`` when there is none.

    When the character set is not known, the header's text stands for the bytes
    one by one, so that an answer repeats the sender's bytes.
    """
    try:
        text, codec = decode(body, content_type)
        known = True
    except Hl7Error:
        text = body.removeprefix(b"\xef\xbb\xbf").decode("iso8859-1").replace("\0", "").lstrip(" \t\r\n\x0b\x1c")
        codec, known = "iso8859-1", False
    try:
        header = read(text, codec)
    except Hl7Error:
        return None
    header.charset_known = known
    return header


def answer(body: bytes, error: Hl7Error | None = None, content_type: str = "", header: Header | None = None) -> bytes:
    """Build the acknowledgement of a message, or of a batch that cannot be taken apart.

    :param error: anything with ``code``, ``text``, ``location`` and ``ack``; ``None`` accepts
    :param header: of the message, when it was read before
    """
    if header is not None:
        return acknowledge(header, error)
    opening = batch.opening_header(body) if error else None
    return refuse_batch(opening, error) if opening else acknowledge(salvage(body, content_type), error)
