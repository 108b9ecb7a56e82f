from odoo import api, fields, models, tools

from ..routes import interop_routes


class InteropRoute(models.TransientModel):
    """The machine routes that this database serves, listed anew each time that somebody looks."""

    _name = "interop.route"
    _description = "Route"
    _order = "path"
    _rec_name = "path"

    path = fields.Char(readonly=True)
    verbs = fields.Char(string="Methods", readonly=True)
    interface_id = fields.Many2one("interop.interface", string="Interface", readonly=True)
    owner_id = fields.Many2one(related="interface_id.owner_id")
    classification = fields.Selection(related="interface_id.classification")
    state = fields.Selection(related="interface_id.state")
    scope = fields.Char(readonly=True, help="Empty: decided per request, or none is needed")
    access = fields.Selection(
        [("open", "Everybody"), ("account", "Any account"), ("partner", "By record rules")],
        readonly=True,
    )
    summary = fields.Char(readonly=True)
    addon = fields.Char(readonly=True)

    @api.model
    def action_open_list(self):
        """List the routes."""
        self.env["interop.interface"].check_access("read")
        codes = {interface.code: interface.id for interface in self.env["interop.interface"].search([])}
        self.sudo().search([("create_uid", "=", self.env.uid)]).unlink()
        self.sudo().create(
            [
                {
                    "path": route.path,
                    "verbs": ", ".join(route.verbs),
                    "interface_id": codes.get(route.interface, False),
                    "scope": route.scope,
                    "access": "open"
                    if route.auth == "none"
                    else "partner"
                    if route.identity == "partner"
                    else "account",
                    "summary": route.summary,
                    "addon": route.addon,
                }
                for route in interop_routes(self.env)
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Routes"),
            "res_model": "interop.route",
            "views": [(False, "list"), (False, "search")],
            "domain": [("create_uid", "=", self.env.uid)],
            "context": {"search_default_by_interface": 1},
            "help": self.env._("Routes of the partner API appear here."),
        }

    @api.model
    @tools.ormcache()
    def _scopes(self) -> list[str]:
        """The scopes that can be asked for, for discovery documents; addons with scopes of their own add to it."""
        return sorted({route.scope for route in interop_routes(self.env) if route.scope} | {"interop/token.r"})
