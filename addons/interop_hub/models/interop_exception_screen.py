from odoo import api, fields, models

from .interop_message import _human


class InteropException(models.Model):
    """What the screens of exceptions need."""

    _inherit = "interop.exception"

    age = fields.Char(compute="_compute_age")

    @api.depends("create_date", "resolved_at")
    def _compute_age(self):
        now = fields.Datetime.now()
        for record in self:
            start = record.create_date or now
            record.age = _human(max(int(((record.resolved_at or now) - start).total_seconds()), 0))

    def action_ask_resolve(self):
        """Ask what was done before the blocked messages are processed again."""
        self._check_operator()
        return self.env["interop.reason"]._dialog("exception.resolve", exceptions=self)

    def action_ask_dismiss(self):
        """Ask why these exceptions are closed without doing anything."""
        self._check_operator()
        return self.env["interop.reason"]._dialog("exception.dismiss", exceptions=self)
