import json

from odoo import api, fields, models

from odoo.addons.interop_hub.screen import names_of


class InteropEvent(models.Model):
    """What the screens of events need."""

    _inherit = "interop.event"

    subject_name = fields.Char(string="About", compute="_compute_subject_name")
    payload_text = fields.Text(string="Attributes as Text", compute="_compute_payload_text")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_subject_name(self):
        names = names_of(self.env, {(event.res_model, event.res_id) for event in self if event.res_model})
        for event in self:
            _label, name = names.get((event.res_model, event.res_id), (None, False))
            event.subject_name = name or event.aggregatetype

    @api.depends("payload")
    def _compute_payload_text(self):
        for event in self:
            event.payload_text = json.dumps(event.payload, indent=2, ensure_ascii=False) if event.payload else False

    @api.depends("type")
    def _compute_display_name(self):
        for event in self:
            event.display_name = f"{event.type} {event.uuid[:13]}" if event.uuid else event.type
