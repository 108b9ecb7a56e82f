"""Purchasing and stock."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from odoo.addons.interop_api.rest.schema import Col, Derived, Many, Part, Read, Ref

from .common import Amount, OptionalId, Quantity, UpdatedAt

Approval = Literal["not_asked", "waiting", "approved", "refused"]
_APPROVAL = {
    "draft": "not_asked",
    "sent": "not_asked",
    "to approve": "waiting",
    "purchase": "approved",
    "cancel": "refused",
}


class OrderLineRead(Part):
    product: Annotated[OptionalId, Ref("product_id", "")] = None
    product_code: Annotated[str | None, Col("product_id.default_code")] = None
    label: Annotated[str | None, Col("name")] = None
    quantity: Annotated[Quantity | None, Col("product_qty")] = None
    received: Annotated[Quantity | None, Col("qty_received")] = None
    invoiced: Annotated[Quantity | None, Col("qty_invoiced")] = None
    unit: Annotated[str | None, Col("product_uom_id.name")] = None
    unit_price: Annotated[Quantity | None, Col("price_unit")] = None
    amount: Annotated[Amount | None, Col("price_subtotal")] = None
    expected_at: Annotated[dt.datetime | None, Col("date_planned")] = None


class PurchaseOrderRead(Read):
    """An order to a supplier, with its approval state."""

    number: Annotated[str | None, Col("name", filter="eq")] = None
    supplier: Annotated[OptionalId, Ref("partner_id", "suppliers")] = None
    supplier_name: Annotated[str | None, Col("partner_id.name")] = None
    supplier_reference: Annotated[str | None, Col("partner_ref", filter="eq")] = None
    state: Annotated[Literal["draft", "sent", "to approve", "purchase", "cancel"] | None, Col("state", filter="eq")] = (
        None
    )
    approval: Annotated[Approval | None, Derived(("state",), _APPROVAL.get)] = None
    approved_at: Annotated[dt.datetime | None, Col("date_approve", filter="range")] = None
    ordered_at: Annotated[dt.datetime | None, Col("date_order", filter="range")] = None
    expected_at: Annotated[dt.datetime | None, Col("date_planned", filter="range")] = None
    untaxed: Annotated[Amount | None, Col("amount_untaxed")] = None
    total: Annotated[Amount | None, Col("amount_total", filter="range")] = None
    currency: Annotated[str | None, Col("currency_id.name")] = None
    invoice_status: Annotated[Literal["no", "to invoice", "invoiced"] | None, Col("invoice_status", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    lines: Annotated[list[OrderLineRead] | None, Many("order_line", order="sequence")] = None
    updated_at: UpdatedAt = None


class InventoryLevelRead(Read):
    """How much of a product, of a lot, lies in a place."""

    product: Annotated[OptionalId, Ref("product_id", "")] = None
    product_code: Annotated[str | None, Col("product_id.default_code", filter="eq")] = None
    product_name: Annotated[str | None, Col("product_id.product_tmpl_id.name")] = None
    location: Annotated[str | None, Col("location_id.complete_name")] = None
    lot: Annotated[OptionalId, Ref("lot_id", "lots")] = None
    lot_number: Annotated[str | None, Col("lot_id.name", filter="eq")] = None
    quantity: Annotated[Quantity | None, Col("quantity", filter="range")] = None
    reserved: Annotated[Quantity | None, Col("reserved_quantity")] = None
    unit: Annotated[str | None, Col("product_id.product_tmpl_id.uom_id.name")] = None
    since: Annotated[dt.datetime | None, Col("in_date", filter="range")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None


class StockMovementRead(Read):
    """A movement of a product from one place to another."""

    transfer: Annotated[str | None, Col("picking_id.name", filter="eq")] = None
    product: Annotated[OptionalId, Ref("product_id", "")] = None
    product_code: Annotated[str | None, Col("product_id.default_code", filter="eq")] = None
    lot: Annotated[OptionalId, Ref("lot_id", "lots")] = None
    lot_number: Annotated[str | None, Col("lot_id.name", filter="eq")] = None
    quantity: Annotated[Quantity | None, Col("quantity")] = None
    unit: Annotated[str | None, Col("product_uom_id.name")] = None
    origin: Annotated[str | None, Col("location_id.complete_name")] = None
    destination: Annotated[str | None, Col("location_dest_id.complete_name")] = None
    state: Annotated[
        Literal["draft", "waiting", "confirmed", "partially_available", "assigned", "done", "cancel"] | None,
        Col("state", filter="eq"),
    ] = None
    moved_at: Annotated[dt.datetime | None, Col("date", filter="range")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None


class LotRead(Read):
    """A lot or serial number."""

    number: Annotated[str | None, Col("name", filter="eq")] = None
    supplier_number: Annotated[str | None, Col("ref", filter="eq")] = None
    product: Annotated[OptionalId, Ref("product_id", "")] = None
    product_code: Annotated[str | None, Col("product_id.default_code", filter="eq")] = None
    company: Annotated[str | None, Col("company_id.name")] = None
    updated_at: UpdatedAt = None
