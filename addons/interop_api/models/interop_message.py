from odoo import api, models

_OWN = """
    SELECT m.uuid, m.state, m.message_type, m.received_at, m.done_at, m.next_attempt, m.attempts,
           m.error_class, m.error_code, i.code, m.trace_id
      FROM interop_message m
      JOIN interop_interface i ON i.id = m.interface_id
     WHERE m.uuid = %s AND m.interface_id = ANY(%s) AND m.direction = 'in'
"""


class InteropMessage(models.Model):
    _inherit = "interop.message"

    @api.model
    def _state_for_partner(self, uuid: str, interface_ids) -> dict | None:
        """What the sender may know of its own message: no body, no error text, no linked record.

        :param uuid: of the message
        :param interface_ids: the interfaces that the sender may use
        :return: None when there is no such message, or it is not the sender's
        """
        self.env.cr.execute(_OWN, [uuid, list(interface_ids)])
        row = self.env.cr.fetchone()
        if row is None:
            return None
        identity, state, message_type, received, done, due, attempts, error_class, error_code, interface, trace_id = row
        return {
            "uuid": identity,
            "interface": interface,
            "type": message_type,
            "state": state,
            "received_at": _time(received),
            "finished_at": _time(done),
            "next_attempt_at": _time(due),
            "attempts": attempts,
            "error": {"class": error_class, "code": error_code} if error_class or error_code else None,
            "trace_id": trace_id,
        }


def _time(value) -> str | None:
    """A database time as RFC 3339, UTC."""
    return value.isoformat(timespec="milliseconds") + "Z" if value else None
