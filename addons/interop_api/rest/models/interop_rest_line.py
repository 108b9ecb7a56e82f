from odoo import api, fields, models


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
    reason = fields.Char(compute="_compute_reason")
    error = fields.Json(help="Why the line was refused at the door: places and reasons, no values")

    _number_unique = models.UniqueIndex("(job_id, number)", "The job has this line already.")

    @api.depends("message_id", "error")
    def _compute_reason(self):
        for line in self:
            errors = (line.error or {}).get("errors", [])
            told = "; ".join(f"{error.get('pointer') or '/'}: {error.get('detail')}" for error in errors)
            line.reason = told or line.message_id.error_text
