from odoo import models

from .. import values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING

SERVICE = "urn:interop:service"


class HealthFhirChargeItemDefinition(models.AbstractModel):
    """ChargeItemDefinition: a service of the catalog with its list price."""

    _name = "health.fhir.charge.item.definition"
    _inherit = "health.fhir.mapper"
    _description = "FHIR ChargeItemDefinition"

    _fhir_type = "ChargeItemDefinition"
    _fhir_sources = (Source("health.service", "svc-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 6

    def _render(self, records):
        return {
            service.id: values.clean(
                {
                    "resourceType": "ChargeItemDefinition",
                    "url": f"{SERVICE}:{service.id}",
                    "title": service.name,
                    "status": "active" if service.active else "retired",
                    "code": {"coding": [{"system": SERVICE, "code": service.code, "display": service.name}]},
                    "propertyGroup": [
                        {
                            "priceComponent": [
                                {"type": "base", "amount": values.money(service.list_price, service.currency_id.name)}
                            ]
                        }
                    ],
                }
            )
            for service in records
        }

    # --- writing ----------------------------------------------------------------

    @staticmethod
    def _code(op) -> str:
        given = [entry["value"] for entry in op.resource.get("identifier", ()) if entry.get("value")]
        return (values.code(op.resource.get("code")) or next(iter(given), "") or op.resource["url"].rpartition("/")[2])[
            :64
        ]

    def _find(self, work, ops):
        rows = self.env["health.service"].search(
            [
                ("code", "in", [self._code(op) for op in ops]),
                ("company_id", "in", [work.interface.company_id.id, False]),
            ],
            order="company_id desc",
        )
        known = {row.code: row.id for row in rows}
        return {op.index: ("health.service", known[code]) for op in ops if (code := self._code(op)) in known}

    def _prepare(self, work, ops):
        Service = self.env["health.service"].with_context(interop_source=work.system_id)
        pairs = [(Service.browse(op.record[1] if op.record else ()), self._values(work, op)) for op in ops]
        screened = self.env["interop.authority"]._screen(pairs, work.system_id, work.message_id)
        fresh = []
        for op, (record, vals), kept in zip(ops, pairs, screened, strict=True):
            op.wanted = {"title": {"name": vals["name"]}, "status": {"active": vals["active"]}}
            if "list_price" in vals:
                op.wanted["propertyGroup"] = {"list_price": vals["list_price"]}
            if not record:
                fresh.append((op, {**kept, "code": self._code(op), "company_id": work.interface.company_id.id}))
            elif changed := {name: value for name, value in kept.items() if record[name] != value}:
                record.write(changed)
        for (op, _vals), record in zip(fresh, Service.create([vals for _op, vals in fresh]), strict=True):
            op.record = ("health.service", record.id)

    def _values(self, work, op) -> dict:
        resource = op.resource
        vals = {
            "name": resource.get("title") or resource.get("code", {}).get("text") or self._code(op),
            "active": resource["status"] != "retired",
        }
        price = self._price(resource)
        if price is not None:
            amount = self.env["health.fhir.party"]._amount(work, op, price, "propertyGroup", work.now.date())
            if amount is not None:
                vals["list_price"] = float(amount)
        return vals

    @staticmethod
    def _price(resource) -> dict | None:
        """The base price that always applies."""
        for group in resource.get("propertyGroup", ()):
            if group.get("applicability"):
                continue
            for component in group.get("priceComponent", ()):
                if component.get("type") == "base" and component.get("amount"):
                    return component["amount"]
        return None
