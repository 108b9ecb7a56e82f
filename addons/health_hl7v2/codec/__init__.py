"""HL7 v2 in pure Python: reading, writing, acknowledging; nothing here knows Odoo."""
