"""Charges: captured, amended and credited by canonical commands."""

from __future__ import annotations

from odoo.addons.health_core.canonical import CaptureCharge, PointOfCare, VisitRef

from ..schemas import care
from .care import GROUP, practitioner
from .command import CommandResource, said_or_now


class Charges(CommandResource):
    name = "charges"
    model = "health.charge"
    scope = "charge"
    group = GROUP
    summary = "Charges"
    description = (
        "Billable acts. A charge sent again under its transaction and line amends the first; a credit takes it back. "
        "An act whose service code has no approved mapping is kept, quarantined, and billed once it has one."
    )
    read = care.ChargeRead
    create = care.ChargeCreate
    examples = {
        "create": {
            "facility": "{facilities}",
            "encounter": "{encounters}",
            "transaction": "EX-T-1",
            "source_service_code": "LAB100",
            "service_date": "2026-03-02",
            "quantity": "1",
            "amount": "125.00",
        }
    }

    @classmethod
    def ordering(cls, operation, token, data):
        return f"encounters:{data.encounter}"

    @classmethod
    def before(cls, context, current):
        context.facilities = context.referred("health.facility", "facility", ["code"])
        context.encounters = context.referred("health.encounter", "encounter", ["number", "authority", "facility_id"])
        for item in context.items:
            facility, visit = context.facilities.get(item.message_id), context.encounters.get(item.message_id)
            if facility and visit and visit.facility_id != facility:
                context.refuse(item, "/facility", "facility", "The visit belongs to another facility")

    @classmethod
    def command(cls, context, item, record):
        data, visit = item.data, context.encounters[item.message_id]
        return CaptureCharge(
            facility=context.sending_code(item, context.facilities.get(item.message_id)),
            occurred_at=said_or_now(item),
            transaction_id=data.transaction,
            line=data.line,
            action=data.action,
            visit=VisitRef(number=visit.number, authority=visit.authority),
            service_code=data.source_service_code,
            service_description=data.description,
            service_date=data.service_date,
            quantity=data.quantity,
            unit_price=data.unit_price,
            amount=data.amount,
            modifiers=data.modifiers,
            point_of_care=PointOfCare(unit=data.unit) if data.unit else None,
            performer=practitioner(data.performer),
            order_number=data.order_number,
            diagnosis_codes=data.diagnosis_codes,
        )
