from odoo import _, api, fields, models
from odoo.exceptions import UserError


class InteropLink(models.Model):
    """What the screens of links need."""

    _inherit = "interop.link"

    model_label = fields.Char(string="Object", compute="_compute_names")
    record_name = fields.Char(string="Record", compute="_compute_names")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_names(self):
        for model_name, links in self.grouped("res_model").items():
            model = self.env.get(model_name)
            if model is None:
                links.model_label = model_name
                links.record_name = False
                continue
            records = model.browse(set(links.mapped("res_id"))).exists()
            names = {}
            if model.has_access("read"):
                names = {record.id: record.display_name for record in records._filtered_access("read")}
            for link in links:
                link.model_label = model._description
                link.record_name = names.get(link.res_id, False)

    def action_open_record(self):
        """The record that the message touched."""
        self.ensure_one()
        model = self.env.get(self.res_model)
        if model is None or not model.browse(self.res_id).exists():
            raise UserError(_("The record does not exist any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
