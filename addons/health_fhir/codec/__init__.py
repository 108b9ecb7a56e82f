"""FHIR R4 in pure Python: reading, validating, searching and bundling, without Odoo and without a database."""
