import json

from odoo import api, fields, models

from ..states import BLOCKING

OPERATIONS = [
    ("message.replay", "Replay messages"),
    ("message.discard", "Discard messages"),
    ("exception.resolve", "Resolve exceptions"),
    ("exception.dismiss", "Dismiss exceptions"),
]


class InteropReason(models.TransientModel):
    """Asks why before something is done that others have to understand later."""

    _name = "interop.reason"
    _description = "Reason"

    operation = fields.Selection(OPERATIONS, required=True, readonly=True)
    message_ids = fields.Many2many("interop.message", readonly=True)
    exception_ids = fields.Many2many("interop.exception", readonly=True)
    domain = fields.Char(readonly=True, help="JSON: the search that chooses the messages instead")
    count = fields.Integer(readonly=True)
    finished_count = fields.Integer(readonly=True, help="Messages among them that had their effect already")
    reason = fields.Char(help="Kept with the message and in the audit trail. Name no patient.")

    @api.model
    def _dialog(self, operation: str, messages=None, exceptions=None, domain=None):
        """Open the dialog for an operation on messages, exceptions or all messages of a search."""
        values = {"operation": operation}
        if domain is not None:
            waiting = fields.Domain(domain) & fields.Domain("state", "in", BLOCKING)
            values |= {"domain": json.dumps(list(domain)), "count": self.env["interop.message"].search_count(waiting)}
        elif messages is not None:
            values |= {
                "message_ids": [(6, 0, messages.ids)],
                "count": len(messages),
                "finished_count": len(messages.filtered(lambda message: message.state == "done")),
            }
        else:
            values |= {"exception_ids": [(6, 0, exceptions.ids)], "count": len(exceptions)}
        return {
            "type": "ir.actions.act_window",
            "name": dict(OPERATIONS)[operation],
            "res_model": self._name,
            "res_id": self.create(values).id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_confirm(self):
        """Do it.

        :raises UserError: where a reason is needed and none is given
        """
        self.ensure_one()
        reason = (self.reason or "").strip()
        if self.operation == "message.discard":
            text = self.env._("%s message(s) discarded.", self.message_ids.action_discard(reason))
        elif self.operation == "message.replay" and self.domain:
            done = self.env["interop.message"].action_replay_matching(json.loads(self.domain), reason)
            text = self.env._("%s message(s) go through again.", done)
        elif self.operation == "message.replay":
            text = self.env._("%s message(s) go through again.", self.message_ids.action_replay(reason))
        elif self.operation == "exception.resolve":
            self.exception_ids.action_resolve(reason)
            text = self.env._("Resolved; what waited for it goes through again.")
        else:
            self.exception_ids.action_dismiss(reason)
            text = self.env._("Dismissed.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": text, "next": {"type": "ir.actions.act_window_close"}},
        }
