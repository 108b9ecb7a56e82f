from odoo import models

from odoo.addons.interop_hub.exceptions import Rejected


class InteropHandlerServe(models.AbstractModel):
    """For interfaces whose routes only serve: they exist to have an owner, a class, a state and limits."""

    _name = "interop.handler.serve"
    _inherit = ["interop.handler"]
    _description = "Routes That Serve"
    _label = "Served routes, no messages"

    def _split(self, interface, body, content_type):
        raise Rejected("interface.serve", "this interface takes no messages")
