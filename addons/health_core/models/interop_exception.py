from odoo import api, fields, models

#: How the key of a conflict between known accounts begins; their ids follow, joined by "+".
ACCOUNTS = "accounts:"


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

    @api.model
    def _settle_account_conflicts(self):
        """Resolve conflicts between accounts that are one account now; their messages run again."""
        conflicts = self.search(
            [
                ("type", "=", "identifier_conflict"),
                ("state", "in", ("open", "in_progress")),
                ("key", "=like", f"{ACCOUNTS}%"),
            ]
        )
        ids = {
            conflict: [int(part) for part in conflict.key.removeprefix(ACCOUNTS).split("+")] for conflict in conflicts
        }
        Account = self.env["health.patient.account"]
        self.union(
            *(conflict for conflict in conflicts if len(Account.browse(ids[conflict]).exists()._survivors()) == 1)
        )._resolve(self.env._("The accounts are merged."))
