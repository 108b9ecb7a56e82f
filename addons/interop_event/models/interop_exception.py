from odoo import fields, models


class InteropException(models.Model):
    _inherit = "interop.exception"

    type = fields.Selection(
        selection_add=[("subscription", "Receiver of events failing"), ("listener", "Event listener failed")],
        ondelete={"subscription": "set other", "listener": "set other"},
    )
