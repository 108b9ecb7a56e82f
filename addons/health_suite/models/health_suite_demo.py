import csv
import json

from odoo import Command, models
from odoo.tools import file_open


class HealthSuiteDemo(models.AbstractModel):
    """The demo hospital: everything that a hospital day needs, from the files in ``data/``.

    The generator of hospital days (``scripts/hospital_day``) reads the same
    files. Codes without a mapping there have none on purpose: the day then has
    something for a person to do.
    """

    _name = "health.suite.demo"
    _description = "Demo Hospital"

    def _load(self) -> bool:
        """Load the demo hospital; do nothing when it is there already.

        :return: whether something was loaded
        """
        if self.env["interop.system"].sudo().with_context(active_test=False).search_count([("code", "=", "EHR")]):
            return False
        with file_open("health_suite/data/hospital.json") as stream:
            plan = json.load(stream)
        with file_open("health_suite/data/services.csv") as stream:
            catalog = list(csv.DictReader(stream))
        quiet = self.sudo().with_context(mail_create_nolog=True, mail_notrack=True, tracking_disable=True)
        companies = quiet._load_companies(plan["companies"])
        # What follows belongs to the first company unless it says otherwise; all companies are in sight.
        quiet.with_context(allowed_company_ids=[company.id for company in companies.values()])._load_hospital(
            plan, catalog, companies
        )
        return True

    def _load_hospital(self, plan, catalog, companies) -> None:
        """Everything that stands on the companies."""
        users = self._load_users(plan["users"], companies)
        systems = self._load_systems(plan["systems"], users)
        facilities = self._load_facilities(plan["facilities"], companies, systems)
        locations = self._load_locations(plan["locations"], facilities)
        self._load_practitioners(plan["practitioners"], facilities)
        self._map("health.location.mapping", "location_id", systems, locations, plan["locations"])
        self._map("health.payer.mapping", "payer_id", systems, self._load_payers(plan["payers"]), plan["payers"])
        self._map("health.service.mapping", "service_id", systems, self._load_services(catalog), self._codes(catalog))
        self._load_interfaces(plan["interfaces"], plan["client"], systems, users, companies)
        self._load_partners(plan["partners"], systems["EHR"], systems["PORTAL"], users, facilities)
        self._load_authority(systems["EHR"])

    def _load_companies(self, specs) -> dict:
        """The companies by key; the database's own company becomes the first."""
        first = self.env.ref("base.main_company")
        first.name = specs[0]["name"]
        others = self.env["res.company"].create([{"name": spec["name"]} for spec in specs[1:]])
        companies = first | others
        for company in companies:
            if not company.chart_template:
                self.env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
        self.env.ref("base.user_admin").company_ids = [Command.link(company.id) for company in companies]
        return {spec["key"]: company for spec, company in zip(specs, companies, strict=True)}

    def _load_users(self, specs, companies) -> dict:
        """People of the integration team and the back office; the password is the login: a demo."""
        groups = {
            "operator": ("interop_hub.group_operator", "interop_hub.group_payload", "health_core.group_user"),
            "biller": ("health_core.group_user", "health_revenue.group_biller"),
            "steward": ("health_core.group_steward", "interop_hub.group_metadata"),
            "viewer": ("interop_hub.group_metadata",),
        }
        users = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": spec["name"],
                        "login": spec["login"],
                        "password": spec["login"],
                        "company_id": next(iter(companies.values())).id,
                        "company_ids": [Command.set([company.id for company in companies.values()])],
                        "group_ids": [
                            Command.set([self.env.ref(name).id for name in ("base.group_user", *groups[spec["login"]])])
                        ],
                    }
                    for spec in specs
                ]
            )
        )
        return {user.login: user for user in users}

    def _load_systems(self, specs, users) -> dict:
        systems = self.env["interop.system"].create(
            [{**spec, "environment": "demo", "owner_id": users["steward"].id} for spec in specs]
        )
        return {system.code: system for system in systems}

    def _load_interfaces(self, specs, client, systems, users, companies):
        """Active interfaces and the client that may send to them."""
        lanes = {lane.code: lane for lane in self.env["interop.lane"].search([])}
        interfaces = self.env["interop.interface"].create(
            [
                {
                    "code": spec["code"],
                    "name": spec["name"],
                    "system_id": systems[spec["system"]].id,
                    "company_id": next(iter(companies.values())).id,
                    "lane_id": lanes[spec["lane"]].id,
                    "handler": "health.hl7v2.handler",
                    "owner_id": users["operator"].id,
                    "criticality": "high" if spec["lane"] == "realtime" else "normal",
                    "state": "active",
                }
                for spec in specs
            ]
        )
        account = self.env["interop.service.account"].create(
            {
                "name": "Demo hospital",
                "client_id": client["id"],
                "company_id": False,
                "owner_id": users["operator"].id,
                "interface_ids": [Command.set(interfaces.ids)],
            }
        )
        account._add_secret(secret=client["secret"])

    def _load_authority(self, ehr):
        """The EHR owns people and visits; Odoo owns the catalog and what is owed."""
        demographics = "family,given,middle,birth_date,sex,street,city,state_code,zip,country_code,phone,email"
        visits = "account_id,class_code,status,admitted_at,discharged_at,attending_id,location_id"
        rules = (
            ("health.patient.account", demographics, ehr.id, "flag", "Demographics are kept in the EHR."),
            ("health.encounter", visits, ehr.id, "refuse", "Visits are kept in the EHR."),
            ("health.service", "", False, "refuse", "The catalog is kept here."),
            ("health.payer", "", False, "refuse", "Payers and their terms are kept here."),
            ("account.move", "", False, "refuse", "Receivables are kept here."),
        )
        models_by_name = {
            model.model: model for model in self.env["ir.model"].search([("model", "in", [rule[0] for rule in rules])])
        }
        self.env["interop.authority"].create(
            [
                {
                    "model_id": models_by_name[name].id,
                    "field_names": names,
                    "system_id": system_id,
                    "policy": policy,
                    "note": note,
                }
                for name, names, system_id, policy, note in rules
            ]
        )
