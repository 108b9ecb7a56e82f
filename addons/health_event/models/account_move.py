from odoo import api, models

POSTED = {"out_invoice": "invoice.posted", "out_refund": "credit_note.posted"}


class AccountMove(models.Model):
    """Events of customer invoices and credit notes."""

    _name = "account.move"
    _inherit = ["account.move", "interop.event.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered(lambda move: move.move_type == "out_invoice")._emit_events("invoice.created")
        return moves

    def _post(self, soft=True):
        posted = super()._post(soft)
        for kind, code in POSTED.items():
            posted.filtered(lambda move, kind=kind: move.move_type == kind)._emit_events(code)
        return posted

    def _invoice_paid_hook(self):
        result = super()._invoice_paid_hook()
        self.filtered(lambda move: move.move_type == "out_invoice")._emit_events("invoice.paid")
        return result

    def _event_attributes(self, code):
        if code == "invoice.created":
            # The amounts of a draft still change, and reading them here would compute them early.
            return {}
        return {
            move.id: {
                "number": move.name,
                "amount": f"{move.amount_total:.2f}",
                "currency": move.currency_id.name,
                "part": move.health_part or None,
            }
            for move in self
        }

    def _event_facility(self):
        return {move.id: move.health_encounter_id.facility_id.code or None for move in self.sudo()}
