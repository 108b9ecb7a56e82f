from odoo import models


class HealthEncounter(models.Model):
    _inherit = "health.encounter"

    # For those who follow changes page by page.
    _changes = models.Index("(write_date, id)")
