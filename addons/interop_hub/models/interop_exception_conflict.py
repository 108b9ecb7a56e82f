from odoo import fields, models


class InteropException(models.Model):
    """Exceptions about ownership: they carry conflicts, and close with them."""

    _inherit = "interop.exception"

    conflict_ids = fields.One2many("interop.authority.conflict", "exception_id", string="Conflicts", readonly=True)
    conflict_count = fields.Integer(compute="_compute_conflict_count")

    def _compute_conflict_count(self):
        counts = self.env["interop.authority.conflict"]._read_group(
            [("exception_id", "in", self.ids), ("state", "=", "open")], ["exception_id"], ["__count"]
        )
        counts = {exception.id: count for exception, count in counts}
        for exception in self:
            exception.conflict_count = counts.get(exception.id, 0)

    def _resolve(self, reason: str = "", state: str = "resolved"):
        """Closing an exception leaves the owners' values, where nobody decided otherwise."""
        closed = super()._resolve(reason, state)
        left = closed.sudo().conflict_ids.filtered(lambda conflict: conflict.state == "open")
        left.write({"state": "dismissed", "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        return closed

    def action_open_conflicts(self):
        """The conflicts behind this exception."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_hub.action_authority_conflict")
        return dict(action, domain=[("exception_id", "=", self.id)])
