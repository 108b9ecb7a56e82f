from odoo import api, fields, models
from odoo.exceptions import UserError

from ..screen import names_of


class InteropLink(models.Model):
    """What the screens of links need."""

    _inherit = "interop.link"

    model_label = fields.Char(string="Object", compute="_compute_names")
    record_name = fields.Char(string="Record", compute="_compute_names")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_names(self):
        names = names_of(self.env, {(link.res_model, link.res_id) for link in self})
        for link in self:
            link.model_label, link.record_name = names[link.res_model, link.res_id]

    def action_open_record(self):
        """The record that the message touched."""
        self.ensure_one()
        model = self.env.get(self.res_model)
        if model is None or not model.browse(self.res_id).exists():
            raise UserError(self.env._("The record does not exist any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
