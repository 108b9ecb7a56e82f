from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime, html_sanitize

from ..states import OPEN, SELECTION

#: How a state looks, everywhere the same.
TONES = {
    "received": "info",
    "retry": "warning",
    "held": "secondary",
    "quarantined": "warning",
    "ambiguous": "danger",
    "dead": "danger",
    "done": "success",
    "rejected": "danger",
    "discarded": "secondary",
}


class InteropMessage(models.Model):
    """What the screens of messages need."""

    _inherit = "interop.message"

    overdue = fields.Boolean(search="_search_overdue")
    link_count = fields.Integer(string="Linked", compute="_compute_link_count")
    linked = fields.Json(
        string="Linked Models", compute="_compute_linked", help="Per model: how many records this message touched"
    )
    timeline = fields.Html(string="Course", compute="_compute_timeline", sanitize=False)

    @api.depends("message_type", "reference", "uuid")
    def _compute_display_name(self):
        for message in self:
            message.display_name = " ".join(filter(None, (message.message_type, message.reference))) or message.uuid

    def _search_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        late = fields.Domain("state", "in", OPEN) & fields.Domain.OR(
            [("interface_id", "=", interface.id), ("received_at", "<", now - timedelta(seconds=interface.sla_seconds))]
            for interface in self.env["interop.interface"].search([("sla_seconds", ">", 0)])
        )
        return late if True in value else ~late

    def _compute_link_count(self):
        counts = dict(
            self.env["interop.link"].sudo()._read_group([("message_id", "in", self.ids)], ["message_id"], ["__count"])
        )
        for message in self:
            message.link_count = counts.get(message, 0)

    def _compute_linked(self):
        groups = (
            self.env["interop.link"]
            .sudo()
            ._read_group([("message_id", "in", self.ids)], ["message_id", "res_model"], ["res_id:count_distinct"])
        )
        found = {}
        for message, model_name, count in groups:
            model = self.env.get(model_name)
            if model is not None and model.has_access("read"):
                icon = getattr(model, "_interop_icon", "fa-link")
                entry = {"model": model_name, "label": _plural(model), "count": count, "icon": icon}
                found.setdefault(message, []).append(entry)
        for message in self:
            message.linked = sorted(found.get(message, []), key=lambda entry: entry["label"])

    @api.depends("state", "received_at", "done_at")
    def _compute_timeline(self):
        labels = dict(SELECTION)
        for message in self:
            events = [
                {
                    "at": attempt.at,
                    "tone": TONES.get(attempt.state, "secondary"),
                    "title": labels.get(attempt.state, attempt.state),
                    "number": attempt.number if not attempt.user_id else 0,
                    "code": attempt.error_code,
                    "text": attempt.error_text,
                    "user": attempt.user_id.sudo().display_name,
                }
                for attempt in message.attempt_ids.sorted("id")
            ]
            if message.received_at:
                events.insert(0, {"at": message.received_at, "tone": "info", "title": self.env._("Accepted")})
            if message.state == "done" and message.done_at:
                events.append({"at": message.done_at, "tone": "success", "title": self.env._("Done")})
            if message.state == "retry" and message.next_attempt:
                events.append(
                    {
                        "at": message.next_attempt,
                        "tone": "secondary",
                        "title": self.env._("Next attempt"),
                        "planned": True,
                    }
                )
            message.timeline = self.env["ir.qweb"]._render(
                "interop_hub.message_timeline",
                {"events": events, "when": lambda at: format_datetime(self.env, at, dt_format="d MMM y, HH:mm:ss")},
            )

    # -- buttons ---------------------------------------------------------------

    def action_open_payload(self, reason=""):
        """Hand out the readable body of one message, and leave an audit event.

        :param reason: why the person opens it; kept in the audit trail
        :return: ``{"html": …}``
        :raises AccessError: without the payload right
        :raises UserError: without a reason
        """
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why you open this message; the reason is kept in the audit trail."))
        html = self._open_payload(reason.strip())[self.id]
        # A partner wrote this body, and a handler made it into HTML: nothing active may get through.
        return {"html": html_sanitize(html, sanitize_tags=True, strip_style=True)}

    def action_open_linked(self):
        """Records of the model in the context key ``linked_model`` that this message touched."""
        model_name = self.env.context.get("linked_model")
        if not model_name:
            raise UserError(self.env._("No model was named."))
        links = self.env["interop.link"].search([("message_id", "in", self.ids), ("res_model", "=", model_name)])
        ids = self.env[model_name].browse(set(links.mapped("res_id"))).exists().ids
        action = {
            "type": "ir.actions.act_window",
            "name": _plural(self.env[model_name]),
            "res_model": model_name,
            "domain": [("id", "in", ids)],
            "context": {"active_test": False},
        }
        if len(ids) == 1:
            return {**action, "views": [(False, "form")], "res_id": ids[0]}
        return {**action, "views": [(False, "list"), (False, "form")]}

    def action_ask_replay(self):
        """Ask before these messages are processed again."""
        return self._ask("message.replay")

    def action_ask_discard(self):
        """Ask why these messages are discarded."""
        return self._ask("message.discard")

    @api.model
    def action_ask_replay_matching(self, *_ids):
        """Ask before all that match the present search are processed again."""
        self._check_right("operator")
        return self.env["interop.reason"]._dialog("message.replay", domain=self.env.context.get("active_domain") or [])

    def _ask(self, operation: str):
        self._check_right("operator")
        return self.env["interop.reason"]._dialog(operation, messages=self)

    def action_open_exception(self):
        """The exception that this message waits for."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "interop.exception",
            "res_id": self.exception_id.id,
            "views": [(False, "form")],
        }


def _plural(model) -> str:
    """What a button calls several records of a model."""
    return getattr(model, "_interop_label", "") or model._description
