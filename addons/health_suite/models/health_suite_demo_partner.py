from odoo import Command, models


class HealthSuiteDemo(models.AbstractModel):
    """Partners of the API: one that reads and writes, one that sees a single clinic without patient data."""

    _inherit = "health.suite.demo"

    def _load_partners(self, specs, ehr, portal, users, facilities):
        """Service accounts with scopes, and the interfaces by which their writes come in."""
        lanes = {lane.code: lane for lane in self.env["interop.lane"].search([])}
        own = [spec["interface"] for spec in specs if "interface" in spec]
        interfaces = self.env["interop.interface"].create(
            [
                {
                    "code": spec["code"],
                    "name": spec["name"],
                    "system_id": portal.id,
                    "lane_id": lanes[spec["lane"]].id,
                    "handler": "interop.rest.handler",
                    "owner_id": users["operator"].id,
                    "state": "active",
                }
                for spec in own
            ]
        )
        # What comes by FHIR is the EHR's: it owns patients and visits.
        self.env.ref("health_fhir.interface_fhir_r4").system_id = ehr
        by_code = {interface.code: interface for interface in self.env["interop.interface"].search([]) | interfaces}
        accounts = self.env["interop.service.account"].create(
            [
                {
                    "name": spec["name"],
                    "client_id": spec["id"],
                    "company_id": False,
                    "owner_id": users["operator"].id,
                    "scopes": spec["scopes"],
                    "facility_ids": [Command.set([facilities[code].id for code in spec["facilities"]])],
                    "interface_ids": [
                        Command.set(
                            [
                                by_code[code].id
                                for code in (*spec["served"], *filter(None, [spec.get("interface", {}).get("code")]))
                            ]
                        )
                    ],
                }
                for spec in specs
            ]
        )
        for account, spec in zip(accounts, specs, strict=True):
            account._add_secret(secret=spec["secret"])

    def _load_broker(self):
        """Send every event to the message broker that the server is configured for."""
        subscriptions = self.env["interop.subscription"].create(
            [
                {
                    "name": f"Everything to the message broker: {company.name}",
                    "kind": "broker",
                    "patterns": "*",
                    "company_id": company.id,
                }
                for company in self.env["res.company"].search([])
            ]
        )
        subscriptions.action_activate()
