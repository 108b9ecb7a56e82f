from odoo import api, fields, models
from odoo.exceptions import UserError


class InteropMappingMixin(models.AbstractModel):
    """Source system + source code → our record, with validity, version and approval.

    A concrete model defines the Many2one to our record and names it in ``_target_field``.
    Only approved mappings that are valid on the day count.
    """

    _name = "interop.mapping.mixin"
    _description = "Code Mapping"
    _order = "system_id, code, version desc"
    _rec_name = "code"

    _target_field = ""

    system_id = fields.Many2one("interop.system", required=True, ondelete="restrict")
    code = fields.Char(string="Source Code", required=True)
    description = fields.Char(help="What the source system calls it")
    company_id = fields.Many2one("res.company", help="Empty: for all companies")
    date_from = fields.Date(string="Valid From")
    date_to = fields.Date(string="Valid To")
    version = fields.Integer(default=1, required=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("retired", "Retired")],
        required=True,
        default="draft",
        copy=False,
        index=True,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)

    _validity = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_to >= date_from)", "The validity ends before it begins."
    )
    _code_version = models.UniqueIndex("(system_id, code, version)", "This version of the mapping exists already.")

    @api.model
    def _resolve_codes(self, system_id: int, codes, on=None) -> dict:
        """Our records for source codes, in one query.

        :param system_id: the source system
        :param codes: source codes
        :param on: the day on which the mapping must be valid, today by default
        :return: ``{code: record}``; unmapped codes are missing
        """
        on = on or fields.Date.context_today(self)
        mappings = self.sudo().search_fetch(
            [
                ("system_id", "=", system_id),
                ("code", "in", list(codes)),
                ("state", "=", "approved"),
                "|", ("date_from", "=", False), ("date_from", "<=", on),
                "|", ("date_to", "=", False), ("date_to", ">=", on),
            ],
            ["system_id", "code", self._target_field],
            order="version",
        )  # fmt: skip
        return {mapping.code: mapping[self._target_field] for mapping in mappings if mapping[self._target_field]}

    def action_approve(self):
        """Put mappings into force; what waited for them is done again."""
        for mapping in self:
            if not mapping[self._target_field]:
                raise UserError(self.env._("Choose what the code %s stands for before you approve it.", mapping.code))
        self.write({"state": "approved", "approved_by_id": self.env.uid, "approved_at": fields.Datetime.now()})
        self.env["interop.audit.event"]._record("mapping.approve", self)
        self._on_approved()

    def action_retire(self):
        """Take mappings out of force; what they did before stays."""
        self.write({"state": "retired"})
        self.env["interop.audit.event"]._record("mapping.retire", self)

    def _on_approved(self):
        """Hook: do again what was blocked by the missing mapping."""
