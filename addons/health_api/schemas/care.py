"""Patients, insurance, visits and charges."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from odoo.addons.interop_api.rest.schema import Col, Derived, Id, Many, Part, Read, Ref, Write

from .common import Amount, Code, Instant, Key, OptionalId, Quantity, Text, UpdatedAt

Sex = Literal["female", "male", "other", "unknown"]
VisitClass = Literal["inpatient", "outpatient", "emergency", "preadmit", "recurring", "obstetrics", "other"]
VisitStatus = Literal["planned", "in_progress", "finished", "cancelled"]
Event = Literal[
    "preadmit", "admit", "register", "transfer", "discharge", "update", "change_class",
    "cancel_admit", "cancel_transfer", "cancel_discharge",
]  # fmt: skip


class IdentifierRead(Part):
    authority: Annotated[str | None, Col("authority"), Field(description="Who assigned it.")] = None
    type: Annotated[str | None, Col("type"), Field(description="HL7 table 0203, e.g. MR.")] = None
    value: Annotated[str | None, Col("value")] = None


class PatientAccountRead(Read):
    """A patient's financial account."""

    name: Annotated[str | None, Col("name", phi=True)] = None
    family: Annotated[str | None, Col("family", phi=True, filter="eq")] = None
    given: Annotated[str | None, Col("given", phi=True, filter="eq")] = None
    middle: Annotated[str | None, Col("middle", phi=True)] = None
    birth_date: Annotated[dt.date | None, Col("birth_date", phi=True, filter="eq")] = None
    sex: Annotated[Sex | None, Col("sex", phi=True)] = None
    street: Annotated[str | None, Col("street", phi=True)] = None
    city: Annotated[str | None, Col("city", phi=True)] = None
    state: Annotated[str | None, Col("state_code", phi=True)] = None
    zip: Annotated[str | None, Col("zip", phi=True)] = None
    country: Annotated[str | None, Col("country_code", phi=True)] = None
    phone: Annotated[str | None, Col("phone", phi=True)] = None
    email: Annotated[str | None, Col("email", phi=True)] = None
    identifiers: Annotated[list[IdentifierRead] | None, Many("identifier_ids", phi=True)] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    merged_into: Annotated[OptionalId, Ref("merged_into_id", "patient-accounts")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None


class IdentifierWrite(Write):
    authority: Code
    type: Code = "MR"
    value: Key


class Demographics(Write):
    """``null`` clears a field; what is not sent stays as it is."""

    family: Text | None = None
    given: Text | None = None
    middle: Text | None = None
    birth_date: dt.date | None = None
    sex: Sex | None = None
    street: Text | None = None
    city: Text | None = None
    state: Code | None = None
    zip: Code | None = None
    country: Code | None = None
    phone: Code | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")] | None = None


class PatientAccountUpdate(Demographics):
    @model_validator(mode="after")
    def _says_something(self):
        if not self.model_fields_set:
            raise ValueError("Nothing to change")
        return self


class PatientAccountCreate(Demographics):
    facility: Annotated[Id, Field(description="Where the patient is registered.")]
    identifiers: Annotated[tuple[IdentifierWrite, ...], Field(min_length=1, max_length=20)]


class CoverageRead(Read):
    """A patient's insurance with one payer."""

    account: Annotated[OptionalId, Ref("account_id", "patient-accounts")] = None
    payer: Annotated[OptionalId, Ref("payer_id", "payers")] = None
    payer_name: Annotated[str | None, Col("payer_id.name")] = None
    source_payer_code: Annotated[str | None, Col("payer_code", filter="eq")] = None
    plan_code: Annotated[str | None, Col("plan_code", filter="eq")] = None
    member_id: Annotated[str | None, Col("member_id", phi=True, filter="eq")] = None
    group_number: Annotated[str | None, Col("group_number", phi=True)] = None
    relationship: Annotated[str | None, Col("relationship")] = None
    priority: Annotated[int | None, Col("priority", filter="range")] = None
    state: Annotated[Literal["active", "quarantined", "ended"] | None, Col("state", filter="eq")] = None
    valid_from: Annotated[dt.date | None, Col("valid_from", phi=True, filter="range")] = None
    valid_to: Annotated[dt.date | None, Col("valid_to", phi=True, filter="range")] = None
    updated_at: UpdatedAt = None


class CoverageCreate(Write):
    facility: Id
    account: Id
    source_payer_code: Annotated[Code, Field(description="Your own code of the payer; mapped by a steward.")]
    plan_code: Code | None = None
    member_id: Key | None = None
    group_number: Key | None = None
    relationship: Code | None = None
    priority: Annotated[int, Field(ge=1, le=99)] = 1
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @model_validator(mode="after")
    def _check_dates(self):
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self


class DiagnosisRead(Part):
    sequence: Annotated[int | None, Col("sequence")] = None
    code: Annotated[str | None, Col("code")] = None
    system: Annotated[str | None, Col("coding_system")] = None
    description: Annotated[str | None, Col("description")] = None
    type: Annotated[str | None, Col("type")] = None


class EncounterCoverageRead(Part):
    coverage: Annotated[OptionalId, Ref("coverage_id", "coverages")] = None
    sequence: Annotated[int | None, Col("sequence")] = None


class EncounterRead(Read):
    """A visit of a patient."""

    number: Annotated[str | None, Col("number", phi=True, filter="eq")] = None
    authority: Annotated[str | None, Col("authority", filter="eq")] = None
    account: Annotated[OptionalId, Ref("account_id", "patient-accounts")] = None
    facility: Annotated[OptionalId, Ref("facility_id", "facilities")] = None
    facility_code: Annotated[str | None, Col("facility_id.code", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    visit_class: Annotated[VisitClass | None, Col("class_code", filter="eq")] = None
    status: Annotated[VisitStatus | None, Col("status", filter="eq")] = None
    admitted_at: Annotated[dt.datetime | None, Col("admitted_at", phi=True, filter="range")] = None
    discharged_at: Annotated[dt.datetime | None, Col("discharged_at", phi=True, filter="range")] = None
    attending: Annotated[OptionalId, Ref("attending_id", "practitioners")] = None
    attending_name: Annotated[str | None, Col("attending_id.name")] = None
    location: Annotated[OptionalId, Ref("location_id", "locations")] = None
    location_name: Annotated[str | None, Col("location_id.complete_name")] = None
    point_of_care: Annotated[str | None, Col("location_label")] = None
    account_number: Annotated[str | None, Col("account_number", phi=True, filter="eq")] = None
    primary_coverage: Annotated[OptionalId, Ref("primary_coverage_id", "coverages")] = None
    coverages: Annotated[list[EncounterCoverageRead] | None, Many("coverage_ids", order="sequence")] = None
    diagnoses: Annotated[list[DiagnosisRead] | None, Many("diagnosis_ids", order="sequence", phi=True)] = None
    merged_into: Annotated[OptionalId, Ref("merged_into_id", "encounters")] = None
    updated_at: UpdatedAt = None


class PractitionerWrite(Write):
    """A practitioner as you name one."""

    value: Key
    authority: Code | None = None
    family: Text | None = None
    given: Text | None = None


class PointOfCareWrite(Write):
    unit: Code
    room: Code | None = None
    bed: Code | None = None


class DiagnosisWrite(Write):
    sequence: Annotated[int, Field(ge=1, le=999)] = 1
    code: Code
    system: Code | None = None
    description: Text | None = None
    type: Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[^\x00]+$")] | None = None


class VisitSaid(Write):
    """What may be said of a visit, at its beginning and later."""

    visit_class: VisitClass | None = None
    admitted_at: Instant | None = None
    discharged_at: Instant | None = None
    point_of_care: PointOfCareWrite | None = None
    attending: PractitionerWrite | None = None
    account_number: Key | None = None
    diagnoses: Annotated[tuple[DiagnosisWrite, ...], Field(max_length=99)] | None = None
    occurred_at: (
        Annotated[Instant, Field(description="When it happened; the time of the request by default.")] | None
    ) = None


class EncounterCreate(VisitSaid):
    facility: Id
    number: Annotated[Key, Field(description="Your visit number.")]
    authority: Annotated[Code, Field(description="Who assigned the number; the facility by default.")] | None = None
    account: Id
    event: Literal["preadmit", "admit", "register"] = "register"


class EncounterUpdate(VisitSaid):
    event: Annotated[Event, Field(description="What happened.")] = "update"

    @model_validator(mode="after")
    def _says_something(self):
        if not self.model_fields_set - {"occurred_at"}:
            raise ValueError("Nothing to change")
        return self


class BillingRead(Part):
    invoice: Annotated[OptionalId, Ref("move_id", "customer-invoices")] = None
    part: Annotated[Literal["payer", "patient"] | None, Col("part")] = None
    state: Annotated[str | None, Col("state")] = None
    amount: Annotated[Amount | None, Col("amount")] = None


class ChargeRead(Read):
    """A billable act."""

    transaction: Annotated[str | None, Col("transaction_id", filter="eq")] = None
    line: Annotated[int | None, Col("line", filter="eq")] = None
    state: Annotated[
        Literal["captured", "quarantined", "non_billable", "charged", "reversed"] | None, Col("state", filter="eq")
    ] = None
    quarantine_reason: Annotated[str | None, Col("quarantine_reason", filter="eq")] = None
    encounter: Annotated[OptionalId, Ref("encounter_id", "encounters")] = None
    account: Annotated[OptionalId, Ref("account_id", "patient-accounts")] = None
    facility: Annotated[OptionalId, Ref("facility_id", "facilities")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    source_service_code: Annotated[str | None, Col("service_code", filter="eq")] = None
    service: Annotated[OptionalId, Ref("service_id", "services")] = None
    service_code: Annotated[str | None, Col("service_id.code", filter="eq")] = None
    service_name: Annotated[str | None, Col("service_id.name")] = None
    service_date: Annotated[dt.date | None, Col("service_date", phi=True, filter="range")] = None
    quantity: Annotated[Quantity | None, Col("quantity")] = None
    unit_price: Annotated[Quantity | None, Col("unit_price")] = None
    amount: Annotated[Amount | None, Col("amount", filter="range")] = None
    currency: Annotated[str | None, Col("company_id.currency_id.name")] = None
    performer: Annotated[OptionalId, Ref("performer_id", "practitioners")] = None
    location: Annotated[OptionalId, Ref("location_id", "locations")] = None
    order_number: Annotated[str | None, Col("order_number", phi=True, filter="eq")] = None
    modifiers: Annotated[list[str] | None, Derived(("modifiers",), lambda text: (text or "").split())] = None
    diagnosis_codes: Annotated[
        list[str] | None, Derived(("diagnosis_codes",), lambda text: (text or "").split(), phi=True)
    ] = None
    billing: Annotated[list[BillingRead] | None, Many("billing_ids")] = None
    updated_at: UpdatedAt = None


class ChargeCreate(Write):
    """A charge, or the credit of one under the same transaction and line."""

    facility: Id
    encounter: Id
    transaction: Annotated[Key, Field(description="Your transaction or order id: with the line it names the charge.")]
    line: Annotated[int, Field(ge=1, le=9999)] = 1
    action: Literal["charge", "credit"] = "charge"
    source_service_code: Annotated[Code, Field(description="Your own code of the act; mapped by a steward.")]
    description: Text | None = None
    service_date: dt.date
    quantity: Quantity = 1
    unit_price: Amount | None = None
    amount: Amount | None = None
    modifiers: Annotated[tuple[Annotated[Code, Field(pattern=r"^[^\s\x00]+$")], ...], Field(max_length=20)] = ()
    unit: Annotated[Code, Field(description="Your code of the unit where it was done.")] | None = None
    performer: PractitionerWrite | None = None
    order_number: Key | None = None
    diagnosis_codes: Annotated[tuple[Annotated[Code, Field(pattern=r"^[^\s\x00]+$")], ...], Field(max_length=50)] = ()
    occurred_at: Instant | None = None
