"""Who a message is about: identifiers, demographics, insurance, practitioners."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from .base import Code, Contract, Key, RequiredCode, Text


class Identifier(Contract):
    """A patient's identifier (HL7 CX, FHIR Identifier).

    :ivar authority: assigning authority (CX.4.1); empty = the facility's default patient authority
    :ivar type: identifier type (CX.5, HL7 table 0203)
    :ivar value: the identifier itself
    """

    authority: Code = ""
    type: RequiredCode = "MR"
    value: Key


class Person(Contract):
    """Demographics (HL7 PID). ``None`` leaves a field as it is, ``""`` deletes it."""

    family: Text | None = None
    given: Text | None = None
    middle: Text | None = None
    birth_date: date | Literal[""] | None = None
    sex: Literal["female", "male", "other", "unknown", ""] | None = None
    street: Text | None = None
    city: Text | None = None
    state: Code | None = None
    zip: Code | None = None
    country: Code | None = None
    phone: Code | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None


class CoverageData(Contract):
    """One insurance of a patient for a visit (HL7 IN1).

    :ivar priority: 1 = primary (IN1-1 set id)
    :ivar payer_code: the sender's code of the insurance company (IN1-3)
    """

    priority: Annotated[int, Field(ge=1, le=99)] = 1
    payer_code: RequiredCode
    payer_name: Text | None = None
    plan_code: Code | None = None
    member_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    group_number: Annotated[str, StringConstraints(max_length=128)] | None = None
    relationship: Code | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _check_dates(self):
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class PractitionerRef(Contract):
    """A practitioner as the sender names one (HL7 XCN)."""

    value: Key
    authority: Code = ""
    family: Text | None = None
    given: Text | None = None
