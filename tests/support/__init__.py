"""Helpers of the black-box tests: a served Odoo, a private PostgreSQL, a look into logs."""
