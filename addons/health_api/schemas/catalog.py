"""Payers, services, mappings of codes, practitioners, facilities and their places."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.interop_api.rest.schema import Col, Id, Many, Part, Read, Ref, Write

from .common import Amount, Code, Key, OptionalId, Text, UpdatedAt

PayerKind = Literal["commercial", "public", "workers", "other"]
Category = Literal["room", "procedure", "laboratory", "imaging", "pharmacy", "supply", "visit", "other"]
PlaceKind = Literal["ward", "clinic", "emergency", "theatre", "diagnostic", "other"]
MappingState = Literal["draft", "approved", "retired"]
Share = Annotated[float, Field(ge=0, le=100)]


class PayerRead(Read):
    """An insurer or public scheme."""

    name: Annotated[str | None, Col("name", filter="eq")] = None
    code: Annotated[str | None, Col("code", filter="eq")] = None
    kind: Annotated[PayerKind | None, Col("kind", filter="eq")] = None
    patient_share: Annotated[float | None, Col("patient_share"), Field(description="Percent.")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class PayerCreate(Write):
    name: Text
    code: Code
    kind: PayerKind = "commercial"
    patient_share: Share = 0


class PayerUpdate(Write):
    name: Text = None
    kind: PayerKind = None
    patient_share: Share = None
    active: bool = None


class ServiceRead(Read):
    """An entry of the catalog of acts."""

    code: Annotated[str | None, Col("code", filter="eq")] = None
    name: Annotated[str | None, Col("name")] = None
    category: Annotated[Category | None, Col("category", filter="eq")] = None
    list_price: Annotated[Amount | None, Col("list_price", filter="range")] = None
    billable: Annotated[bool | None, Col("billable", filter="eq")] = None
    cost_center: Annotated[OptionalId, Ref("analytic_account_id", "cost-centers")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class ServiceCreate(Write):
    code: Code
    name: Text
    category: Category = "procedure"
    list_price: Amount = 0
    billable: bool = True
    cost_center: OptionalId = None


class ServiceUpdate(Write):
    name: Text = None
    category: Category = None
    list_price: Amount = None
    billable: bool = None
    cost_center: OptionalId = None
    active: bool = None


class MappingRead(Read):
    code: Annotated[str | None, Col("code", filter="eq"), Field(description="Your code.")] = None
    description: Annotated[str | None, Col("description")] = None
    source: Annotated[str | None, Col("system_id.code", filter="eq"), Field(description="Whose code it is.")] = None
    state: Annotated[MappingState | None, Col("state", filter="eq")] = None
    version: Annotated[int | None, Col("version")] = None
    valid_from: Annotated[dt.date | None, Col("date_from", filter="range")] = None
    valid_to: Annotated[dt.date | None, Col("date_to", filter="range")] = None
    updated_at: UpdatedAt = None


class ServiceMappingRead(MappingRead):
    """What a source's service code stands for."""

    service: Annotated[OptionalId, Ref("service_id", "services")] = None
    service_code: Annotated[str | None, Col("service_id.code", filter="eq")] = None


class PayerMappingRead(MappingRead):
    """What a source's payer code stands for."""

    payer: Annotated[OptionalId, Ref("payer_id", "payers")] = None


class LocationMappingRead(MappingRead):
    """What a source's unit code stands for."""

    location: Annotated[OptionalId, Ref("location_id", "locations")] = None


class MappingCreate(Write):
    """A proposal: a person approves it before it counts."""

    code: Code
    description: Text | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class ServiceMappingCreate(MappingCreate):
    service: OptionalId = None


class PayerMappingCreate(MappingCreate):
    payer: OptionalId = None


class LocationMappingCreate(MappingCreate):
    location: OptionalId = None


class PractitionerIdentifierRead(Part):
    authority: Annotated[str | None, Col("authority")] = None
    value: Annotated[str | None, Col("value")] = None


class PractitionerRead(Read):
    """Someone who attends, performs or orders."""

    name: Annotated[str | None, Col("name")] = None
    family: Annotated[str | None, Col("family", filter="eq")] = None
    given: Annotated[str | None, Col("given", filter="eq")] = None
    npi: Annotated[str | None, Col("npi", filter="eq")] = None
    specialty: Annotated[str | None, Col("specialty", filter="eq")] = None
    identifiers: Annotated[list[PractitionerIdentifierRead] | None, Many("identifier_ids")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class PractitionerCreate(Write):
    family: Text
    given: Text | None = None
    npi: Annotated[str, Field(pattern=r"^[0-9]{10}$")]
    specialty: Text | None = None


class PractitionerUpdate(Write):
    family: Text = None
    given: Text | None = None
    specialty: Text | None = None
    active: bool = None


class FacilityRead(Read):
    """A place of care."""

    name: Annotated[str | None, Col("name")] = None
    code: Annotated[str | None, Col("code", filter="eq")] = None
    timezone: Annotated[str | None, Col("tz")] = None
    cost_center: Annotated[OptionalId, Ref("analytic_account_id", "cost-centers")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class FacilityUpdate(Write):
    name: Text = None
    cost_center: OptionalId = None


class LocationRead(Read):
    """A ward, clinic, theatre or other unit of a facility."""

    name: Annotated[str | None, Col("name")] = None
    full_name: Annotated[str | None, Col("complete_name")] = None
    code: Annotated[str | None, Col("code", filter="eq")] = None
    kind: Annotated[PlaceKind | None, Col("kind", filter="eq")] = None
    facility: Annotated[OptionalId, Ref("facility_id", "facilities")] = None
    parent: Annotated[OptionalId, Ref("parent_id", "locations")] = None
    cost_center: Annotated[OptionalId, Ref("analytic_account_id", "cost-centers")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class LocationCreate(Write):
    facility: Id
    code: Code
    name: Text
    kind: PlaceKind = "ward"
    parent: OptionalId = None
    cost_center: OptionalId = None


class LocationUpdate(Write):
    name: Text = None
    kind: PlaceKind = None
    cost_center: OptionalId = None
    active: bool = None


class SupplierRead(Read):
    """Who delivers."""

    name: Annotated[str | None, Col("name")] = None
    code: Annotated[
        str | None, Col("ref", filter="eq"), Field(description="Our or your reference of the supplier.")
    ] = None
    vat: Annotated[str | None, Col("vat", filter="eq")] = None
    email: Annotated[str | None, Col("email")] = None
    phone: Annotated[str | None, Col("phone")] = None
    street: Annotated[str | None, Col("street")] = None
    city: Annotated[str | None, Col("city")] = None
    zip: Annotated[str | None, Col("zip")] = None
    country: Annotated[str | None, Col("country_id.code", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class SupplierCreate(Write):
    code: Key
    name: Text
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")] | None = None
    phone: Code | None = None
    street: Text | None = None
    city: Text | None = None
    zip: Code | None = None


class SupplierUpdate(Write):
    name: Text = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")] | None = None
    phone: Code | None = None
    street: Text | None = None
    city: Text | None = None
    zip: Code | None = None
    active: bool = None
