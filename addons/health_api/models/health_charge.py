from odoo import models


class HealthCharge(models.Model):
    _inherit = "health.charge"

    # For those who follow changes page by page.
    _changes = models.Index("(write_date, id)")
