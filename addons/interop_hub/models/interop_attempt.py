from odoo import fields, models

from ..states import SELECTION


class InteropAttempt(models.Model):
    """One failed attempt to process a message, or one thing that a person did with it."""

    _name = "interop.attempt"
    _description = "Message Attempt"
    _log_access = False
    _order = "id desc"

    message_id = fields.Many2one("interop.message", required=True, ondelete="cascade", index=True)
    number = fields.Integer()
    at = fields.Datetime()
    state = fields.Selection(SELECTION, string="Outcome")
    error_class = fields.Char()
    error_code = fields.Char()
    error_text = fields.Char()
    user_id = fields.Many2one("res.users", help="Who did it; empty: the pipeline")
