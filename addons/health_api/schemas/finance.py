"""Cost centers and dimensions, invoices, payments and journal items."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from odoo.addons.interop_api.rest.schema import Col, Id, Many, Part, Read, Ref, Write

from .common import Amount, Code, OptionalId, Quantity, Text, UpdatedAt

MoveState = Literal["draft", "posted", "cancel"]
PaymentState = Literal["not_paid", "in_payment", "paid", "partial", "reversed", "blocked", "invoicing_legacy"]


class DimensionRead(Read):
    """A financial dimension: an analytic plan."""

    name: Annotated[str | None, Col("name")] = None
    full_name: Annotated[str | None, Col("complete_name")] = None
    parent: Annotated[OptionalId, Ref("parent_id", "dimensions")] = None
    updated_at: UpdatedAt = None


class CostCenterRead(Read):
    """A cost center: an analytic account of a dimension."""

    code: Annotated[str | None, Col("code", filter="eq")] = None
    name: Annotated[str | None, Col("name")] = None
    dimension: Annotated[OptionalId, Ref("plan_id", "dimensions")] = None
    dimension_name: Annotated[str | None, Col("plan_id.complete_name")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    active: Annotated[bool | None, Col("active", filter="eq")] = None
    updated_at: UpdatedAt = None


class CostCenterCreate(Write):
    code: Code
    name: Text
    dimension: Id


class CostCenterUpdate(Write):
    name: Text = None
    active: bool = None


class InvoiceLineRead(Part):
    label: Annotated[str | None, Col("name", phi=True)] = None
    product_code: Annotated[str | None, Col("product_id.default_code")] = None
    quantity: Annotated[Quantity | None, Col("quantity")] = None
    unit_price: Annotated[Quantity | None, Col("price_unit")] = None
    amount: Annotated[Amount | None, Col("price_subtotal")] = None


class InvoiceRead(Read):
    number: Annotated[str | None, Col("name", filter="eq")] = None
    kind: Annotated[
        Literal["out_invoice", "out_refund", "in_invoice", "in_refund"] | None, Col("move_type", filter="eq")
    ] = None
    state: Annotated[MoveState | None, Col("state", filter="eq")] = None
    payment_state: Annotated[PaymentState | None, Col("payment_state", filter="eq")] = None
    invoice_date: Annotated[dt.date | None, Col("invoice_date", filter="range")] = None
    due_date: Annotated[dt.date | None, Col("invoice_date_due", filter="range")] = None
    untaxed: Annotated[Amount | None, Col("amount_untaxed")] = None
    tax: Annotated[Amount | None, Col("amount_tax")] = None
    total: Annotated[Amount | None, Col("amount_total", filter="range")] = None
    residual: Annotated[Amount | None, Col("amount_residual", filter="range")] = None
    currency: Annotated[str | None, Col("currency_id.name", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None


class CustomerLineRead(InvoiceLineRead):
    charge: Annotated[OptionalId, Ref("health_charge_id", "charges")] = None


class CustomerInvoiceRead(InvoiceRead):
    """An invoice or credit note to a payer or a patient, with its payment state."""

    debtor: Annotated[str | None, Col("partner_id.name", phi=True)] = None
    debtor_part: Annotated[Literal["payer", "patient"] | None, Col("health_part", filter="eq")] = None
    encounter: Annotated[OptionalId, Ref("health_encounter_id", "encounters")] = None
    service_date: Annotated[dt.date | None, Col("health_service_day", phi=True, filter="range")] = None
    lines: Annotated[list[CustomerLineRead] | None, Many("invoice_line_ids", phi=True)] = None


class SupplierInvoiceRead(InvoiceRead):
    """A bill or refund of a supplier, with its payment state."""

    supplier: Annotated[OptionalId, Ref("partner_id", "suppliers")] = None
    supplier_name: Annotated[str | None, Col("partner_id.name")] = None
    reference: Annotated[str | None, Col("ref", filter="eq"), Field(description="The supplier's own number.")] = None
    origin: Annotated[str | None, Col("invoice_origin")] = None
    lines: Annotated[list[InvoiceLineRead] | None, Many("invoice_line_ids")] = None


class PaymentRead(Read):
    """Money that came or went."""

    number: Annotated[str | None, Col("name", filter="eq")] = None
    date: Annotated[dt.date | None, Col("date", filter="range")] = None
    state: Annotated[
        Literal["draft", "in_process", "paid", "canceled", "rejected"] | None, Col("state", filter="eq")
    ] = None
    direction: Annotated[Literal["inbound", "outbound"] | None, Col("payment_type", filter="eq")] = None
    partner_kind: Annotated[Literal["customer", "supplier"] | None, Col("partner_type", filter="eq")] = None
    partner: Annotated[str | None, Col("partner_id.name", phi=True)] = None
    amount: Annotated[Amount | None, Col("amount", filter="range")] = None
    currency: Annotated[str | None, Col("currency_id.name", filter="eq")] = None
    memo: Annotated[str | None, Col("memo", phi=True)] = None
    journal: Annotated[str | None, Col("journal_id.code", filter="eq")] = None
    reconciled: Annotated[bool | None, Col("is_reconciled", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None


class JournalItemRead(Read):
    """A line of the general ledger."""

    date: Annotated[dt.date | None, Col("date", filter="range")] = None
    entry: Annotated[str | None, Col("move_id.name", filter="eq")] = None
    state: Annotated[MoveState | None, Col("parent_state", filter="eq")] = None
    journal: Annotated[str | None, Col("journal_id.code", filter="eq")] = None
    account: Annotated[OptionalId, Ref("account_id", "")] = None
    account_name: Annotated[str | None, Col("account_id.name")] = None
    label: Annotated[str | None, Col("name", phi=True)] = None
    partner: Annotated[str | None, Col("partner_id.name", phi=True)] = None
    debit: Annotated[Amount | None, Col("debit")] = None
    credit: Annotated[Amount | None, Col("credit")] = None
    balance: Annotated[Amount | None, Col("balance", filter="range")] = None
    residual: Annotated[Amount | None, Col("amount_residual")] = None
    due_date: Annotated[dt.date | None, Col("date_maturity", filter="range")] = None
    reconciled: Annotated[bool | None, Col("reconciled", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None
