from odoo import Command, models

LOCATION_KINDS = {
    "emergency": "emergency",
    "inpatient": "ward",
    "obstetrics": "ward",
    "outpatient": "clinic",
    "recurring": "clinic",
}


class HealthSuiteDemo(models.AbstractModel):
    """Facilities, their locations with cost centers and stock, and the people who work there."""

    _inherit = "health.suite.demo"

    def _load_facilities(self, specs, companies, systems) -> dict:
        centers = self._cost_centers([(spec["name"], spec["code"], companies[spec["company"]]) for spec in specs])
        facilities = self.env["health.facility"].create(
            [
                {
                    "name": spec["name"],
                    "code": spec["code"],
                    "company_id": companies[spec["company"]].id,
                    "analytic_account_id": center.id,
                    "patient_authority": spec["authority"],
                    "visit_authority": spec["code"],
                    "tz": "UTC",
                    "code_ids": [
                        Command.create({"system_id": systems[name].id, "code": code})
                        for name, code in spec["sending"].items()
                    ],
                }
                for spec, center in zip(specs, centers, strict=True)
            ]
        )
        return {facility.code: facility for facility in facilities}

    def _load_locations(self, specs, facilities) -> dict:
        """Units by code, each with a cost center and a stock location below its company's warehouse."""
        companies = [facilities[spec["facility"]].company_id for spec in specs]
        centers = self._cost_centers(
            [
                (f"{facilities[spec['facility']].code} {spec['name']}", spec["code"], company)
                for spec, company in zip(specs, companies, strict=True)
            ]
        )
        parents = {
            warehouse.company_id: warehouse.lot_stock_id
            for warehouse in self.env["stock.warehouse"].search([], order="id desc")
        }
        stocks = self.env["stock.location"].create(
            [
                {
                    "name": spec["name"],
                    "usage": "internal",
                    "location_id": parents[company].id if company in parents else False,
                    "company_id": company.id,
                }
                for spec, company in zip(specs, companies, strict=True)
            ]
        )
        locations = self.env["health.location"].create(
            [
                {
                    "name": spec["name"],
                    "code": spec["code"],
                    "kind": LOCATION_KINDS[spec["kind"]],
                    "facility_id": facilities[spec["facility"]].id,
                    "analytic_account_id": center.id,
                    "stock_location_id": stock.id,
                }
                for spec, center, stock in zip(specs, centers, stocks, strict=True)
            ]
        )
        return {location.code: location for location in locations}

    def _cost_centers(self, specs):
        """Analytic accounts of ``(name, code, company)``."""
        plan = self.env["account.analytic.plan"].search([("parent_id", "=", False)], limit=1)
        plan = plan or self.env["account.analytic.plan"].create({"name": "Cost centers"})
        return self.env["account.analytic.account"].create(
            [
                {"name": name, "code": code, "plan_id": plan.id, "company_id": company.id}
                for name, code, company in specs
            ]
        )

    def _load_practitioners(self, specs, facilities):
        employees = self.env["hr.employee"].create(
            [
                {
                    "name": f"{given} {family}",
                    "company_id": facilities[facility].company_id.id,
                    "job_title": "Physician",
                }
                for given, family, facility, _npi in specs
            ]
        )
        self.env["health.practitioner"].create(
            [
                {
                    "family": family,
                    "given": given,
                    "npi": npi,
                    "employee_id": employee.id,
                    "company_id": False,
                    "identifier_ids": [Command.create({"authority": "NPI", "value": npi})],
                }
                for (given, family, _facility, npi), employee in zip(specs, employees, strict=True)
            ]
        )
