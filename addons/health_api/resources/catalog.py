"""Master data: written with the ORM under the rules of ownership."""

from __future__ import annotations

from odoo.addons.interop_api.rest.resource import Resource
from odoo.addons.interop_api.rest.write import Refused
from odoo.addons.interop_hub.exceptions import SetFailed

from ..schemas import catalog

GROUP = "Catalog"


class Governed(Resource):
    """Master data whose creators meet at the intake's gate, so that one key never makes two records or an error."""

    @classmethod
    def meet(cls, env, keys):
        env["health.intake.gate"].sudo()._meet(f"rest:{cls.name}", keys)


class Payers(Governed):
    name = "payers"
    model = "health.payer"
    scope = "payer"
    group = GROUP
    summary = "Payers"
    description = "Who pays. A new payer gets an invoiced partner of its own."
    read = catalog.PayerRead
    create = catalog.PayerCreate
    update = catalog.PayerUpdate
    key = ("code",)
    examples = {
        "create": {"code": "EX-PAYER", "name": "Example Mutual", "kind": "commercial", "patient_share": 10},
        "update": {"patient_share": 12.5},
    }

    @classmethod
    def prepare(cls, env, items, values):
        new = [(item, vals) for item, vals in zip(items, values, strict=True) if not item.record_id]
        partners = env["res.partner"].create(
            [{"name": vals["name"], "is_company": True, "company_id": item.company_id} for item, vals in new]
        )
        for (item, vals), partner in zip(new, partners, strict=True):
            vals |= {"partner_id": partner.id, "company_id": item.company_id}


class OfCompany(Governed):
    """Records that belong to the company of the interface that they come in by."""

    @classmethod
    def prepare(cls, env, items, values):
        for item, vals in zip(items, values, strict=True):
            if not item.record_id:
                vals["company_id"] = item.company_id


class Services(OfCompany):
    name = "services"
    model = "health.service"
    scope = "service"
    group = GROUP
    summary = "Services"
    description = "The catalog of acts, billable or not."
    read = catalog.ServiceRead
    create = catalog.ServiceCreate
    update = catalog.ServiceUpdate
    key = ("code",)
    examples = {
        "create": {"code": "EX-XRAY", "name": "Example X-ray", "category": "imaging", "list_price": "180.00"},
        "update": {"list_price": "195.00"},
    }


class Mapping(Governed):
    """Proposals for what a partner's code stands for; the first version of a code, in draft."""

    @classmethod
    def where(cls, env):
        return []

    @classmethod
    def ordering(cls, operation, token, data):
        return f"{cls.name}:{data.code}"

    @classmethod
    def prepare(cls, env, items, values):
        cls.meet(env, [(item.system_id, vals["code"]) for item, vals in zip(items, values, strict=True)])
        versions = {
            (system.id, code): version
            for system, code, version in env[cls.model]._read_group(
                [("system_id", "in", [i.system_id for i in items]), ("code", "in", [v["code"] for v in values])],
                ["system_id", "code"],
                ["version:max"],
            )
        }
        failures = {}
        for item, vals in zip(items, values, strict=True):
            key = (item.system_id, vals["code"])
            versions[key] = versions.get(key, 0) + 1
            vals |= {
                "system_id": item.system_id,
                "version": versions[key],
                "state": "draft",
                "company_id": item.company_id,
            }
            if versions[key] > 999:
                failures[item.message_id] = Refused("mapping.versions", "Too many versions of this code")
        if failures:
            raise SetFailed(failures)


class ServiceMappings(Mapping):
    name = "service-mappings"
    model = "health.service.mapping"
    scope = "mapping"
    group = GROUP
    summary = "Service mappings"
    description = "What your service codes stand for. What you send is a proposal; a steward approves it."
    read = catalog.ServiceMappingRead
    create = catalog.ServiceMappingCreate
    examples = {"create": {"code": "EX-LAB-7", "description": "Example panel", "service": "{services}"}}


class PayerMappings(Mapping):
    name = "payer-mappings"
    model = "health.payer.mapping"
    scope = "mapping"
    group = GROUP
    summary = "Payer mappings"
    description = "What your payer codes stand for. What you send is a proposal; a steward approves it."
    read = catalog.PayerMappingRead
    create = catalog.PayerMappingCreate
    examples = {"create": {"code": "EX-INS-7", "description": "Example insurer", "payer": "{payers}"}}


class LocationMappings(Mapping):
    name = "location-mappings"
    model = "health.location.mapping"
    scope = "mapping"
    group = GROUP
    summary = "Location mappings"
    description = "What your unit codes stand for. What you send is a proposal; a steward approves it."
    read = catalog.LocationMappingRead
    create = catalog.LocationMappingCreate
    examples = {"create": {"code": "EX-4W", "description": "Example ward", "location": "{locations}"}}


class Practitioners(OfCompany):
    name = "practitioners"
    model = "health.practitioner"
    scope = "practitioner"
    group = GROUP
    summary = "Practitioners"
    read = catalog.PractitionerRead
    create = catalog.PractitionerCreate
    update = catalog.PractitionerUpdate
    key = ("npi",)
    examples = {
        "create": {"family": "Okonedo", "given": "Lise", "npi": "1990009999", "specialty": "Cardiology"},
        "update": {"specialty": "Interventional cardiology"},
    }


class Facilities(Resource):
    name = "facilities"
    model = "health.facility"
    scope = "facility"
    group = GROUP
    summary = "Facilities"
    description = "Places of care. New ones are set up by people, as companies and numbers hang on them."
    read = catalog.FacilityRead
    update = catalog.FacilityUpdate
    examples = {"update": {"name": "Example General"}}


class Locations(Governed):
    name = "locations"
    model = "health.location"
    scope = "location"
    group = GROUP
    summary = "Locations"
    description = "Wards, clinics, theatres and other units."
    read = catalog.LocationRead
    create = catalog.LocationCreate
    update = catalog.LocationUpdate
    key = ("facility", "code")
    examples = {
        "create": {"facility": "{facilities}", "code": "EX-W1", "name": "Example Ward", "kind": "ward"},
        "update": {"name": "Example Ward 1"},
    }


class Suppliers(OfCompany):
    name = "suppliers"
    model = "res.partner"
    scope = "supplier"
    group = "Purchasing and stock"
    summary = "Suppliers"
    read = catalog.SupplierRead
    create = catalog.SupplierCreate
    update = catalog.SupplierUpdate
    key = ("code",)
    domain = [("supplier_rank", ">", 0)]
    examples = {
        "create": {"code": "EX-SUP-1", "name": "Example Surgical Supply", "email": "orders@example.org"},
        "update": {"phone": "+1 555 0100"},
    }

    @classmethod
    def prepare(cls, env, items, values):
        super().prepare(env, items, values)
        for item, vals in zip(items, values, strict=True):
            if not item.record_id:
                vals |= {"supplier_rank": 1, "is_company": True}
