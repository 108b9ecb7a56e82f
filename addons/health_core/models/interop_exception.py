from odoo import fields, models


class InteropException(models.Model):
    """What the intake of care data may need a person for."""

    _inherit = "interop.exception"

    type = fields.Selection(
        selection_add=[
            ("unknown_facility", "Unknown Facility"),
            ("identifier_conflict", "Identifier Conflict"),
            ("unknown_visit", "Unknown Visit"),
            ("unmapped_payer", "Unmapped Payer"),
        ],
        ondelete={
            "unknown_facility": "cascade",
            "identifier_conflict": "cascade",
            "unknown_visit": "cascade",
            "unmapped_payer": "cascade",
        },
    )
