"""FT1: charges and credits (HL7 v2.5.1 chapter 6, DFT P03 and P11)."""

from collections import Counter

from odoo.addons.health_core.canonical import CaptureCharge

from ..errors import Hl7Error
from ..message import Segment
from .context import Context
from .people import Field, build, each, first, given, patient_identifiers, practitioner, simple
from .values import to_date, to_number
from .visits import point_of_care, visit_ref

#: HL7 table 0017; payments and adjustments are no charges.
_ACTIONS = {"CG": "charge", "CD": "credit"}
_LOCATIONS = {
    "transaction_id": 2,
    "service_code": 7,
    "service_description": 8,
    "quantity": 10,
    "amount": 11,
    "unit_price": 12,
    "modifiers": 26,
    "order_number": 23,
    "diagnosis_codes": 19,
}


def capture(context: Context) -> list:
    """One command per FT1, in order.

    ``line`` is the ordinal of the same transaction id inside the message, so
    that a sender who repeats an id for several acts of one order keeps them apart.
    FT1-2 is optional in the standard: without it the order number (FT1-23) counts,
    and without both the message itself is the transaction.
    """
    patient = patient_identifiers(context.required("PID"))
    pv1 = context.message.first("PV1")
    visit = visit_ref(pv1, 19) if pv1 is not None else None
    transactions = context.message.all("FT1")
    if not transactions:
        raise Hl7Error("100", "The FT1 segment is missing", "FT1")
    lines = Counter()
    commands = []
    for ordinal, ft1 in enumerate(transactions, 1):
        transaction = simple(ft1, 2) or simple(ft1, 23) or f"MSH-10:{context.header.control_id}"
        lines[transaction] += 1
        commands.append(_charge(context, ft1, f"FT1[{ordinal}]", transaction, lines[transaction], visit, patient))
    return commands


def _charge(context: Context, ft1: Segment, place: str, transaction: str, line: int, visit, patient) -> CaptureCharge:
    kind = simple(ft1, 6).upper()
    if not kind:
        raise Hl7Error("101", "The transaction type is missing", f"{place}-6")
    if kind not in _ACTIONS:
        raise Hl7Error("103", "Only charges (CG) and credits (CD) are taken", f"{place}-6")
    service = first(ft1, 7)
    code = service.text(1)
    if not code:
        raise Hl7Error("101", "The transaction code is missing", f"{place}-7")
    day = to_date(simple(ft1, 4), f"{place}-4")
    if day is None:
        raise Hl7Error("101", "The transaction date is missing", f"{place}-4")
    quantity = to_number(simple(ft1, 10), f"{place}-10")
    amount = to_number(simple(ft1, 11), f"{place}-11")
    price = to_number(simple(ft1, 12), f"{place}-12")
    action = _ACTIONS[kind]
    if (quantity is not None and quantity < 0) or (amount is not None and amount < 0):
        action = "credit"
    values = {}
    if quantity is not None:
        values["quantity"] = abs(quantity)
    return build(
        CaptureCharge,
        _LOCATIONS,
        place,
        facility=context.facility,
        occurred_at=context.occurred_at,
        transaction_id=transaction,
        line=line,
        action=action,
        visit=visit,
        identifiers=patient,
        service_code=code,
        service_description=service.text(2) or given(ft1, 8),
        service_date=day,
        unit_price=None if price is None else abs(price),
        amount=None if amount is None else abs(amount),
        modifiers=_codes(each(ft1, 26)),
        point_of_care=point_of_care(ft1, 16),
        performer=practitioner(ft1, 20),
        order_number=simple(ft1, 23) or None,
        diagnosis_codes=_codes(each(ft1, 19)),
        **values,
    )


def _codes(fields: list[Field]) -> tuple[str, ...]:
    return tuple(code for code in (field.text(1) for field in fields) if code)
