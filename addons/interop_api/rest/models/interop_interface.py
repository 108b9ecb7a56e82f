from odoo import api, models, tools

from ..resource import REGISTRY

HANDLER = "interop.rest.handler"


class InteropInterface(models.Model):
    _inherit = "interop.interface"

    @api.model
    def _door_fields(self):
        return [*super()._door_fields(), "classification"]

    @api.model
    def _rest_ensure(self, addon: str) -> None:
        """Create the served interface of each resource of an addon that has none; settings of known ones stay as they are.

        They say who owns a resource and how it is classified, and stop it for
        everybody when they are paused. What a partner writes comes in by an
        inbound interface of its own. Called by the data of the addon.
        """
        offered = {r.interface_code(): r for r in REGISTRY.values() if r.addon() == addon}
        known = set(self.sudo().search([("code", "in", list(offered))]).mapped("code"))
        system = self.env.ref("interop_api.system_partner_api")
        lane = self.env.ref("interop_hub.lane_standard")
        self.sudo().create(
            [
                {
                    "name": f"REST API: {resource.summary or resource.name}",
                    "code": code,
                    "system_id": system.id,
                    "lane_id": lane.id,
                    "company_id": self.env.ref("base.main_company").id,
                    "handler": "interop.handler.serve",
                    "direction": "serve",
                    "ordering": "none",
                    "open_to_all": True,  # scopes and record rules decide
                    "state": "active",
                    "classification": "phi" if resource.phi_fields() else "internal",
                    "owner_id": self.env.ref("base.user_admin").id,
                }
                for code, resource in offered.items()
                if code not in known
            ]
        )

    @api.model
    @tools.ormcache("interface_ids")
    def _rest_exchanges(self, interface_ids: frozenset[int]) -> tuple[tuple[str, str], ...]:
        """``(code, latency class)`` of the interfaces that writes of an account may come in by."""
        found = self.sudo().search(
            [("id", "in", list(interface_ids)), ("handler", "=", HANDLER), ("direction", "=", "in")], order="code"
        )
        return tuple((interface.code, interface.lane_id.latency_class) for interface in found)
