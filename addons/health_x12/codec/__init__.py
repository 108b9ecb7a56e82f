"""X12 005010 in pure Python: streaming reading, writing, checking, acknowledging; nothing here knows Odoo."""
