from odoo import models

from .. import values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING

TYPES = "http://terminology.hl7.org/CodeSystem/organization-type"
_PAYERS = ("pay", "ins")
#: Identifier systems of our own codes.
PAYER, FACILITY = "urn:interop:payer", "urn:interop:facility"


class HealthFhirOrganization(models.AbstractModel):
    """Organization: a payer, or one of our facilities; any other is kept as it is.

    A client may add payers. Facilities are ours to define: an organization that
    bears a facility's sending code is that facility, others are kept, and what
    they send waits for a steward who says which facility they are.
    """

    _name = "health.fhir.organization"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Organization"

    _fhir_type = "Organization"
    _fhir_sources = (Source("health.payer", "payer-"), Source("health.facility", "fac-"))
    _fhir_interactions = READING | WRITING
    _fhir_stage = 5

    def _render(self, records):
        return {
            record.id: self._payer(record) if records._name == "health.payer" else self._place(record)
            for record in records
        }

    @staticmethod
    def _payer(payer):
        partner = payer.partner_id
        address = values.clean(
            {
                "line": [line for line in (partner.street, partner.street2) if line],
                "city": partner.city,
                "state": partner.state_id.code,
                "postalCode": partner.zip,
                "country": partner.country_id.code,
            }
        )
        return {"resourceType": "Organization", "active": payer.active} | values.clean(
            {
                "identifier": [{"system": PAYER, "value": payer.code}] if payer.code else None,
                "type": [values.concept(TYPES, "pay", "Payer")],
                "name": payer.name,
                "telecom": values.contact_points(partner.phone, partner.email),
                "address": [address] if address else None,
            }
        )

    @staticmethod
    def _place(facility):
        return {
            "resourceType": "Organization",
            "identifier": [{"system": FACILITY, "value": facility.code}],
            "active": facility.active,
            "type": [values.concept(TYPES, "prov", "Healthcare Provider")],
            "name": facility.name,
        }

    # --- writing ----------------------------------------------------------------

    def _is_payer(self, op) -> bool:
        codes = {c.get("code") for c in values.codings(op.resource.get("type", [])) if c.get("system") == TYPES}
        return bool(codes & set(_PAYERS))

    @staticmethod
    def _sent(op) -> list[str]:
        return [entry["value"] for entry in op.resource.get("identifier", ()) if entry.get("value")]

    def _find(self, work, ops):
        sent = {value for op in ops for value in self._sent(op)}
        if not sent:
            return {}
        payers = self._payers(work, sent)
        facilities = self._facilities(work, sent)
        found = {}
        for op in ops:
            known, model = (payers, "health.payer") if self._is_payer(op) else (facilities, "health.facility")
            ids = {known[value] for value in self._sent(op) if value in known}
            if len(ids) == 1:
                found[op.index] = (model, ids.pop())
        return found

    def _payers(self, work, sent) -> dict[str, int]:
        mapped = self.env["health.payer.mapping"]._resolve_codes(work.system_id, sent)
        found = {code: payer.id for code, payer in mapped.items()}
        for payer in self.env["health.payer"].search(
            [("code", "in", list(sent)), ("company_id", "in", [*self.env.companies.ids, False])]
        ):
            found.setdefault(payer.code, payer.id)
        return found

    def _facilities(self, work, sent) -> dict[str, int]:
        rows = self.env["health.facility.code"].search(
            [("system_id", "=", work.system_id), ("code", "in", [code for code in sent if code != "*"])]
        )
        found = {row.code: row.facility_id.id for row in rows}
        for facility in self.env["health.facility"].search([("code", "in", list(sent))]):
            found.setdefault(facility.code, facility.id)
        return found

    def _prepare(self, work, ops):
        payers = [
            op for op in ops if (op.record and op.record[0] == "health.payer") or (not op.record and self._is_payer(op))
        ]
        Payer = self.env["health.payer"].with_context(interop_source=work.system_id)
        pairs = [(Payer.browse(op.record[1] if op.record else ()), self._values(work, op)) for op in payers]
        screened = self.env["interop.authority"]._screen(pairs, work.system_id, work.message_id)
        fresh = []
        for op, (record, vals), kept in zip(payers, pairs, screened, strict=True):
            op.wanted = {"name": {"name": vals["name"]}, "active": {"active": vals["active"]}}
            if not record:
                fresh.append((op, kept))
            elif changed := {name: value for name, value in kept.items() if record[name] != value}:
                record.write(changed)
        partners = self.env["res.partner"].create(
            [{"name": vals["name"], "is_company": True, **self._contact(op)} for op, vals in fresh]
        )
        made = Payer.create(
            [
                {
                    **vals,
                    "partner_id": partner.id,
                    "code": self._free_code(op),
                    "company_id": work.interface.company_id.id,
                }
                for (op, vals), partner in zip(fresh, partners, strict=True)
            ]
        )
        for (op, _vals), record in zip(fresh, made, strict=True):
            op.record = ("health.payer", record.id)
        for op in ops:
            if op.record and op.record[0] == "health.facility":
                op.wanted = {"name": {"name": op.resource.get("name")}}

    def _values(self, work, op) -> dict:
        return {
            "name": op.resource.get("name") or next(iter(self._sent(op)), op.fhir_id),
            "active": op.resource.get("active", True),
        }

    def _free_code(self, op):
        return next(iter(self._sent(op)), False)

    @staticmethod
    def _contact(op) -> dict:
        address = values.best(op.resource.get("address"), ("work", "billing"))
        lines = address.get("line", [])
        return {
            "street": lines[0] if lines else False,
            "street2": ", ".join(lines[1:]) or False,
            "city": address.get("city", False),
            "zip": address.get("postalCode", False),
            "phone": values.telecom(op.resource.get("telecom"), "phone") or False,
            "email": values.telecom(op.resource.get("telecom"), "email") or False,
        }
