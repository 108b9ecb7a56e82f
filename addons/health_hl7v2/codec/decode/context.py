"""What all commands of one message share."""

from datetime import UTC, datetime, tzinfo

from odoo.addons.health_core.canonical import Person

from ..errors import Hl7Error
from ..header import Header
from ..message import Message, Segment
from .people import person, simple
from .values import offset_of, to_time


class Context:
    """One message on its way to commands.

    :ivar event: trigger event, e.g. ``A01``
    :ivar facility: namespace of MSH-4
    :ivar zone: zone of times without offset: that of MSH-7 if it has one (2.5.1, 2.14.9.7), else the sender's
    :ivar occurred_at: EVN-6, else EVN-2, else MSH-7, naive UTC
    """

    __slots__ = ("_person", "event", "facility", "header", "message", "occurred_at", "zone")

    def __init__(self, header: Header, message: Message, zone: tzinfo = UTC, received_at: datetime | None = None):
        self.header = header
        self.message = message
        self.event = header.event
        self.facility = header.facility
        if len(self.facility) > 64:
            raise Hl7Error("102", "The value is too long", "MSH-4")
        sent = simple(header.segment, 7)
        self.zone = (len(sent) > 14 and offset_of(sent)) or zone
        self.occurred_at = self._occurred_at(sent, received_at)
        self._person = None

    def _occurred_at(self, sent: str, received_at: datetime | None) -> datetime:
        evn = self.message.first("EVN")
        if evn is not None:
            for number in (6, 2):
                value = to_time(simple(evn, number), f"EVN-{number}", self.zone)
                if value:
                    return value
        value = to_time(sent, "MSH-7", self.zone) or received_at
        if value is None:
            raise Hl7Error("101", "The time of the event is missing", "EVN-2")
        return value

    def required(self, name: str) -> Segment:
        """Return the first segment of that name.

        :raises Hl7Error: there is none
        """
        segment = self.message.first(name)
        if segment is None:
            raise Hl7Error("100", f"The {name} segment is missing", name)
        return segment

    def groups(self, name: str) -> list[list[Segment]]:
        """Return the runs of segments that begin with a segment of that name."""
        found = []
        for segment in self.message.segments:
            if segment.name == name:
                found.append([segment])
            elif found:
                found[-1].append(segment)
        return found

    def person(self, pid: Segment) -> Person:
        """Return the message's patient, decoded once."""
        if self._person is None:
            self._person = person(pid)
        return self._person
