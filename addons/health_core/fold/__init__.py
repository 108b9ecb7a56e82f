"""Pure folding of commands in memory; imports nothing of Odoo."""
