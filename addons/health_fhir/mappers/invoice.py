from collections import defaultdict

from odoo import models

from .. import values
from ..address import Source
from ..models.health_fhir_mapper import READING

NUMBER = "urn:interop:invoice"
_STATUSES = {"draft": "draft", "posted": "issued", "cancel": "cancelled"}


class HealthFhirInvoice(models.AbstractModel):
    """Invoice: an invoice or credit note about a visit, to its patient or payer; made here, never sent here."""

    _name = "health.fhir.invoice"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Invoice"

    _fhir_type = "Invoice"
    _fhir_sources = (
        Source(
            "account.move",
            "inv-",
            (("health_encounter_id", "!=", False), ("move_type", "in", ("out_invoice", "out_refund"))),
        ),
    )
    _fhir_interactions = READING
    _fhir_stage = 95

    def _render(self, records):
        visits = records.health_encounter_id
        payers = self.env["health.payer"].search(
            [("partner_id", "in", records.commercial_partner_id.ids)], order="id desc"
        )
        by_partner = {payer.partner_id.id: payer for payer in payers}
        lines = self.env["account.move.line"].search(
            [("move_id", "in", records.ids), ("display_type", "=", "product")], order="sequence, id"
        )
        refs = self._refs(
            [
                ("Patient", visits.account_id),
                ("Account", visits.account_id),
                ("Organization", payers),
                ("Organization", visits.facility_id),
                ("ChargeItem", lines.health_charge_id),
            ]
        )
        items = defaultdict(list)
        for line in lines:
            items[line.move_id.id].append(self._line(len(items[line.move_id.id]) + 1, line, refs))
        found = {}
        for move in records:
            visit = move.health_encounter_id
            sign = -1 if move.move_type == "out_refund" else 1
            payer = by_partner.get(move.commercial_partner_id.id)
            currency = move.currency_id.name
            paid = move.state == "posted" and move.payment_state in ("paid", "reversed", "in_payment")
            found[move.id] = values.clean(
                {
                    "resourceType": "Invoice",
                    "identifier": [{"system": NUMBER, "value": move.name}] if move.name and move.name != "/" else None,
                    "status": "balanced" if paid else _STATUSES[move.state],
                    "subject": refs("Patient", visit.account_id),
                    "recipient": refs("Organization", payer, payer.name)
                    if payer and move.health_part == "payer"
                    else refs("Patient", visit.account_id),
                    "date": move.invoice_date.isoformat() if move.invoice_date else None,
                    "issuer": refs("Organization", visit.facility_id, visit.facility_id.name),
                    "account": refs("Account", visit.account_id),
                    "lineItem": items[move.id],
                    "totalNet": values.money(sign * move.amount_untaxed, currency),
                    "totalGross": values.money(sign * move.amount_total, currency),
                }
            )
        return found

    @staticmethod
    def _line(sequence, line, refs):
        item = {"sequence": sequence}
        if line.health_charge_id:
            item["chargeItemReference"] = refs("ChargeItem", line.health_charge_id)
        else:
            item["chargeItemCodeableConcept"] = {"text": line.name or line.product_id.name or "item"}
        sign = -1 if line.move_id.move_type == "out_refund" else 1
        item["priceComponent"] = [
            {"type": "base", "amount": values.money(sign * line.price_subtotal, line.currency_id.name)}
        ]
        return item
