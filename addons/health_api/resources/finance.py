"""Cost centers are written; invoices, payments and journal items are kept in accounting and read here."""

from __future__ import annotations

from odoo.addons.interop_api.rest.resource import Resource

from ..schemas import finance
from .catalog import OfCompany

GROUP = "Finance"


class Dimensions(Resource):
    name = "dimensions"
    model = "account.analytic.plan"
    scope = "dimension"
    group = GROUP
    summary = "Financial dimensions"
    read = finance.DimensionRead


class CostCenters(OfCompany):
    name = "cost-centers"
    model = "account.analytic.account"
    scope = "cost-center"
    group = GROUP
    summary = "Cost centers"
    read = finance.CostCenterRead
    create = finance.CostCenterCreate
    update = finance.CostCenterUpdate
    key = ("code",)
    examples = {
        "create": {"code": "EX-CC-1", "name": "Example cost center", "dimension": "{dimensions}"},
        "update": {"name": "Example cost center, renamed"},
    }


class CustomerInvoices(Resource):
    name = "customer-invoices"
    model = "account.move"
    scope = "invoice"
    group = GROUP
    summary = "Customer invoices"
    description = "Invoices and credit notes to payers and patients, with their payment state."
    read = finance.CustomerInvoiceRead
    domain = [("move_type", "in", ("out_invoice", "out_refund"))]


class SupplierInvoices(Resource):
    name = "supplier-invoices"
    model = "account.move"
    scope = "supplier-invoice"
    group = GROUP
    summary = "Supplier invoices"
    read = finance.SupplierInvoiceRead
    domain = [("move_type", "in", ("in_invoice", "in_refund"))]


class Payments(Resource):
    name = "payments"
    model = "account.payment"
    scope = "payment"
    group = GROUP
    summary = "Payments"
    read = finance.PaymentRead


class JournalItems(Resource):
    name = "journal-items"
    model = "account.move.line"
    scope = "journal-item"
    group = GROUP
    summary = "Journal items"
    description = "Lines of the general ledger; sections and notes of invoices are left out."
    read = finance.JournalItemRead
    domain = [("display_type", "not in", ("line_section", "line_subsection", "line_note"))]
