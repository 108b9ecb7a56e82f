from odoo import api, fields, models

from ..screen import names_of


class InteropAuditEvent(models.Model):
    """What the screen of the audit trail needs."""

    _inherit = "interop.audit.event"

    record_name = fields.Char(string="Record", compute="_compute_record_name")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record_name(self):
        named = self.filtered("res_model")
        names = names_of(self.env, {(event.res_model, event.res_id) for event in named})
        for event in self:
            name = names[event.res_model, event.res_id][1] if event in named else False
            event.record_name = name or (f"# {event.res_id}" if event.res_id else False)
