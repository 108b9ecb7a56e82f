from odoo import fields, models


class InteropLinkedMixin(models.AbstractModel):
    """Gives a business model the way back to the messages that touched its records."""

    _name = "interop.linked.mixin"
    _description = "Reached by Messages"

    message_count = fields.Integer(string="Message Count", compute="_compute_message_count")

    def _compute_message_count(self):
        self.env.cr.execute(
            "SELECT res_id, count(DISTINCT message_id) FROM interop_link"
            " WHERE res_model = %s AND res_id = ANY(%s) GROUP BY res_id",
            [self._name, self.ids],
        )
        counts = dict(self.env.cr.fetchall())
        for record in self:
            record.message_count = counts.get(record.id, 0)

    def action_open_messages(self):
        """The messages that created or changed these records."""
        messages = self.env["interop.link"]._messages(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages"),
            "res_model": "interop.message",
            "view_mode": "list,form",
            "domain": [("id", "in", messages.ids)],
        }
