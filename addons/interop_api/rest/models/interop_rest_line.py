from odoo import fields, models


class InteropRestLine(models.Model):
    """One line of a bulk import: the message that it became, or why it became none."""

    _name = "interop.rest.line"
    _description = "Line of a Bulk Import"
    _log_access = False
    _order = "job_id, number"
    _rec_name = "number"

    job_id = fields.Many2one("interop.rest.job", required=True, ondelete="cascade")
    number = fields.Integer(required=True)
    message_id = fields.Many2one("interop.message", ondelete="set null", index="btree_not_null")
    message_state = fields.Selection(related="message_id.state", string="State")
    message_error = fields.Char(related="message_id.error_text", string="Reason")
    error = fields.Json(help="Why the line was refused at the door: places and reasons, no values")

    _number_unique = models.UniqueIndex("(job_id, number)", "The job has this line already.")
