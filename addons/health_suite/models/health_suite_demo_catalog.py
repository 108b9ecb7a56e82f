from odoo import Command, fields, models

CATEGORIES = {
    "Accommodation": "room",
    "Visits": "visit",
    "Imaging": "imaging",
    "Procedures": "procedure",
    "Therapy": "procedure",
    "Pharmacy": "pharmacy",
    "Supplies": "supply",
    "Laboratory": "laboratory",
    "Courtesy": "other",
}


class HealthSuiteDemo(models.AbstractModel):
    """Services, payers, and what the source systems call them."""

    _inherit = "health.suite.demo"

    def _load_services(self, catalog) -> dict:
        """Services with their products by code."""
        names = list(dict.fromkeys(row["category"] for row in catalog))
        categories = dict(
            zip(names, self.env["product.category"].create([{"name": name} for name in names]), strict=True)
        )
        products = self.env["product.product"].create(
            [
                {
                    "name": row["name"],
                    "default_code": row["code"],
                    "type": "service",
                    "categ_id": categories[row["category"]].id,
                    "list_price": float(row["list_price"]),
                    "purchase_ok": False,
                    "company_id": False,
                    "taxes_id": [Command.clear()],  # care is exempt
                    "supplier_taxes_id": [Command.clear()],
                }
                for row in catalog
            ]
        )
        services = self.env["health.service"].create(
            [
                {
                    "code": row["code"],
                    "name": row["name"],
                    "category": CATEGORIES[row["category"]],
                    "list_price": float(row["list_price"]),
                    "billable": row["billable"] == "1",
                    "product_id": product.id,
                    "company_id": False,
                }
                for row, product in zip(catalog, products, strict=True)
            ]
        )
        return {service.code: service for service in services}

    def _codes(self, catalog) -> list[dict]:
        """Per service the source codes that have a mapping."""
        return [
            {
                "code": row["code"],
                **{
                    system: row[f"{system.lower()}_code"] if row[f"{system.lower()}_mapped"] == "1" else ""
                    for system in ("EHR", "LAB")
                },
            }
            for row in catalog
        ]

    def _load_payers(self, specs) -> dict:
        partners = self.env["res.partner"].create(
            [{"name": spec["name"], "is_company": True, "company_id": False, "ref": spec["code"]} for spec in specs]
        )
        payers = self.env["health.payer"].create(
            [
                {
                    "name": spec["name"],
                    "code": spec["code"],
                    "partner_id": partner.id,
                    "patient_share": spec["patient_share"],
                    "kind": "public" if spec["code"] == "STC" else "commercial",
                    "company_id": False,
                }
                for spec, partner in zip(specs, partners, strict=True)
            ]
        )
        return {payer.code: payer for payer in payers}

    def _map(self, model, target, systems, records, specs):
        """Create approved mappings of the specs' codes per system; an empty code stays unmapped."""
        now = fields.Datetime.now()
        self.env[model].create(
            [
                {
                    "system_id": system.id,
                    "code": spec[name],
                    target: records[spec["code"]].id,
                    "state": "approved",
                    "approved_by_id": self.env.ref("base.user_admin").id,
                    "approved_at": now,
                    "company_id": False,
                }
                for name, system in systems.items()
                for spec in specs
                if spec.get(name)
            ]
        )
