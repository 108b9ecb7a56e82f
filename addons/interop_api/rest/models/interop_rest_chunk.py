from odoo import fields, models


class InteropRestChunk(models.Model):
    """A sealed piece of an export."""

    _name = "interop.rest.chunk"
    _description = "Piece of an Export"
    _log_access = False
    _order = "job_id, number"

    job_id = fields.Many2one("interop.rest.job", required=True, ondelete="cascade")
    number = fields.Integer(required=True)
    key_id = fields.Char(required=True)
    sealed = fields.Binary(attachment=False, required=True)

    _number_unique = models.UniqueIndex("(job_id, number)", "The job has this piece already.")
