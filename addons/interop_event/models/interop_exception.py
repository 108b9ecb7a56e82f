from odoo import fields, models

from ..emission import Happened


class InteropException(models.Model):
    """Opening and resolving exceptions are events."""

    _inherit = "interop.exception"

    type = fields.Selection(
        selection_add=[("subscription", "Receiver of events failing"), ("listener", "Event listener failed")],
        ondelete={"subscription": "set other", "listener": "set other"},
    )

    def _assign(self):
        self._tell("exception.opened")
        return super()._assign()

    def _resolve(self, reason="", state="resolved"):
        closed = super()._resolve(reason, state)
        closed._tell("exception.resolved")
        return closed

    def _tell(self, code: str) -> None:
        self.env["interop.event"].sudo()._emit(
            [
                Happened(
                    code,
                    (self._name, record.id),
                    record.company_id.id,
                    attributes={"type": record.type, "state": record.state, "occurrences": record.count},
                )
                for record in self
            ]
        )

    def action_open_interop_events(self):
        """The recorded events about these exceptions."""
        return self.env["interop.event"]._action_of(self)
