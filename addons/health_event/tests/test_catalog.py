from odoo.tests import TransactionCase, tagged

PROMISED = {
    "encounter.admitted", "encounter.transferred", "encounter.discharged", "encounter.cancelled", "account.created",
    "account.merged", "coverage.changed", "charge.captured", "charge.quarantined", "charge.reversed", "invoice.created",
    "invoice.posted", "invoice.paid", "credit_note.posted", "purchase_order.approved", "receipt.done",
    "stock.adjusted", "stock.below_minimum", "consumption.recorded", "exception.opened", "exception.resolved",
    "mapping.approved",
}  # fmt: skip


@tagged("post_install", "-at_install")
class TestCatalog(TransactionCase):
    def test_what_is_promised_is_declared_and_owned(self):
        types = self.env["interop.event.type"].search([])
        self.assertFalse(PROMISED - set(types.mapped("code")))
        for kind in types:
            self.assertTrue(kind.description and kind.owner_id and kind.classification, kind.code)

    def test_examples_fit_their_schemas(self):
        try:
            from jsonschema import Draft202012Validator
        except ImportError:
            self.skipTest("jsonschema is not installed")
        for kind in self.env["interop.event.type"].search([]):
            with self.subTest(kind.code):
                Draft202012Validator.check_schema(kind._schema_document())
                if kind.example:
                    Draft202012Validator(kind.schema).validate(kind.example)
