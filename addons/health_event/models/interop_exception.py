from odoo import fields, models


class InteropException(models.Model):
    _inherit = "interop.exception"

    type = fields.Selection(
        selection_add=[("discharge_review", "Discharge to be reviewed")], ondelete={"discharge_review": "cascade"}
    )
