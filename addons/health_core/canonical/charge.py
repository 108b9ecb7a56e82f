"""Charges as a partner sends them (HL7 FT1 in DFT P03 and P11)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Amount, BaseCommand, Code, Key, RequiredCode, Text
from .person import Identifier, PractitionerRef
from .visit import PointOfCare, VisitRef


class CaptureCharge(BaseCommand):
    """One billable act, or the credit of one.

    :ivar transaction_id: the sender's transaction or placer order id (FT1-2, else FT1-23)
    :ivar line: ordinal of the same transaction id inside one message, from 1
    :ivar unit_price: price of one (FT1-12)
    :ivar amount: extended amount (FT1-11), wins over ``unit_price``
    """

    kind: Literal["charge.capture"] = "charge.capture"
    transaction_id: Key
    line: Annotated[int, Field(ge=1, le=9999)] = 1
    action: Literal["charge", "credit"] = "charge"
    visit: VisitRef | None = None
    identifiers: tuple[Identifier, ...] = ()
    service_code: RequiredCode
    service_description: Text | None = None
    service_date: date
    quantity: Amount = Decimal(1)
    unit_price: Amount | None = None
    amount: Amount | None = None
    modifiers: tuple[Code, ...] = ()
    point_of_care: PointOfCare | None = None
    performer: PractitionerRef | None = None
    order_number: Annotated[str, StringConstraints(max_length=128)] | None = None
    diagnosis_codes: tuple[Code, ...] = ()
