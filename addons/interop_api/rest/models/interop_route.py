from odoo import api, models

from ..openapi import scopes_of
from ..resource import installed


class InteropRoute(models.TransientModel):
    _inherit = "interop.route"

    @api.model
    def _scopes(self):
        """Those of the REST resources as well."""
        return sorted({*super()._scopes(), *scopes_of(installed(self.env))})
