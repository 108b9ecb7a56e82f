from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from odoo import api, models

from odoo.addons.health_core.canonical import Entry
from odoo.addons.interop_hub.contract import Inbound, Split
from odoo.addons.interop_hub.exceptions import Permanent, Rejected, SetFailed

from ..codec import batch, message, names
from ..codec.errors import Hl7Error
from ..codec.examine import answer, decode_commands, examine
from ..codec.header import Header


@dataclass(slots=True)
class Hl7Inbound(Inbound):
    """An inbound message that keeps its header for the acknowledgement."""

    header: Header | None = None


class HealthHl7v2Handler(models.AbstractModel):
    """HL7 v2 for the hub: everything about bytes is in ``codec``, everything about care in ``health.intake``."""

    _name = "health.hl7v2.handler"
    _inherit = "interop.handler"
    _description = "HL7 v2 Message Handler"

    _label = "HL7 v2 (ADT, DFT, BAR)"
    _content_types = ("application/hl7-v2", "application/hl7-v2+er7", "x-application/hl7-v2+er7")
    _response_type = "application/hl7-v2"

    @api.model
    def _split(self, interface, body, content_type):
        """Take batches and files apart; one that is broken stays whole, to be refused as one message."""
        if not batch.is_batch(body):
            return Split([body])
        try:
            file = batch.take_apart(body)
        except Hl7Error:
            return Split([body])
        return Split(file.messages, file.frame)

    @api.model
    def _identify(self, interface, body, content_type):
        """Read the header, and decode the content so that the sender hears at once what is wrong with it."""
        found = examine(body, content_type)
        header, error = found.header, found.error or self._unserved(found.commands)
        return Hl7Inbound(
            body=body,
            key=found.key,
            ordering=found.ordering,
            message_type=header.message_type if header else "",
            reference=header.control_id[:199] if header else "",
            content_type=content_type,
            error=Rejected(error.code, error.text, error.location, ack=error.ack) if error else None,
            header=header,
        )

    def _unserved(self, commands) -> Hl7Error | None:
        """Charges need the revenue addon; without it they are a type of message that nobody here takes."""
        if (
            commands
            and commands[0].kind == "charge.capture"
            and not hasattr(self.env["health.intake"], "_apply_charge_capture")
        ):
            return Hl7Error("200", "This message type is not supported", "MSH-9.1", "AR")
        return None

    @api.model
    def _acknowledge(self, interface, inbound, error=None):
        """The ACK that the sender asked for, which may be none."""
        return answer(inbound.body, error, inbound.content_type, getattr(inbound, "header", None))

    @api.model
    def _conflict(self, interface, inbound):
        """Table 0357: duplicate key identifier."""
        return Rejected("205", "This control id was used before for another message", "MSH-10", ack="AE")

    @api.model
    def _process(self, interface, messages):
        """Decode all messages and apply them as one set."""
        bodies = messages._bodies()
        content_types = self._content_types_of(messages)
        zones = self._zones(interface)
        system_id, company_id = interface.system_id.id, interface.company_id.id
        entries, failures = [], {}
        for msg in messages:
            try:
                commands = decode_commands(
                    bodies[msg.id], content_types.get(msg.id, ""), zones, msg.received_at.replace(microsecond=0)
                )
            except KeyError:
                failures[msg.id] = Permanent("body.missing", "The message has no body any more")
            except Hl7Error as error:
                failures[msg.id] = Permanent(error.code, error.text, error.location)
            else:
                entries.append(Entry(msg.id, system_id, interface.id, company_id, commands))
        if failures:
            raise SetFailed(failures)
        self.env["health.intake"]._apply(entries)

    def _content_types_of(self, messages) -> dict[int, str]:
        """Return the content types that name a charset, by message id."""
        self.env.cr.execute(
            "SELECT message_id, content_type FROM interop_payload"
            " WHERE message_id = ANY(%s) AND content_type ILIKE '%%charset%%'",
            [messages.ids],
        )
        return dict(self.env.cr.fetchall())

    def _zones(self, interface) -> dict[str, ZoneInfo]:
        """Return the time zones of the facilities that this system sends for, by its code of them."""
        self.env.cr.execute(
            """SELECT c.code, f.tz FROM health_facility_code c JOIN health_facility f ON f.id = c.facility_id
                WHERE c.system_id = %s AND f.active AND f.tz IS NOT NULL""",
            [interface.system_id.id],
        )
        return {code: ZoneInfo(tz) for code, tz in self.env.cr.fetchall()}

    @api.model
    def _render(self, interface, body):
        """The message by segment, each field with its name."""
        try:
            parsed = message.parse(body)
        except Hl7Error:
            return super()._render(interface, body)
        segments = [
            Markup(
                "<tr class='o_hl7_segment table-light'><th colspan='3'><code>%s</code> %s</th></tr>%s"
            ) % (name, title, Markup("").join(self._render_field(*field) for field in fields))
            for name, title, fields in names.outline(parsed)
        ]  # fmt: skip
        return Markup("<table class='table table-sm o_interop_payload o_hl7'><tbody>%s</tbody></table>") % Markup(
            ""
        ).join(segments)

    def _render_field(self, number: str, name: str, texts: list[str]) -> Markup:
        values = Markup("<br/>").join(texts)
        return Markup(
            "<tr><td class='text-nowrap text-muted'>%s</td><td class='text-nowrap'>%s</td><td>%s</td></tr>"
        ) % (
            number,
            name,
            values,
        )
