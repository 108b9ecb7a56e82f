from decimal import Decimal

from odoo import api, models

from odoo.addons.health_core.canonical import Entry, Identifier
from odoo.addons.health_core.models.health_facility_code import ANY_CODE
from odoo.addons.health_core.models.health_intake import Step

from .. import values
from ..work import Operation
from .health_fhir_engine import SITES
from .health_fhir_naming import MADE


class HealthFhirParty(models.AbstractModel):
    """Who and where a resource speaks of, in the terms of the canonical commands; one query per kind."""

    _name = "health.fhir.party"
    _description = "Parties of FHIR Resources"

    # --- facilities ---------------------------------------------------------------

    @api.model
    def _sites(self, work) -> dict:
        """Facilities by ``(system id, code)`` as the intake will find them."""
        if "sites" not in work.cache:
            work.cache["sites"] = self.env["health.intake"].with_context(**{SITES: True})._sites([work.system_id])
        return work.cache["sites"]

    @api.model
    def _own_facilities(self, work) -> list[int]:
        """Facilities that the sender may act for, oldest first."""
        if "facilities" not in work.cache:
            work.cache["facilities"] = (
                work.reader.env["health.facility"]
                .search([("company_id", "in", work.env.companies.ids)], order="id")
                .ids
            )
        return work.cache["facilities"]

    @api.model
    def _site(self, work, code: str):
        sites = self._sites(work)
        return sites.get((work.system_id, code)) or sites.get((work.system_id, ANY_CODE))

    @api.model
    def _step(self, work, code: str):
        """What the intake's lookups need to know of a sender; ``None`` while the facility is unknown."""
        site = self._site(work, code)
        entry = Entry(work.message_id, work.system_id, work.interface.id, work.interface.company_id.id)
        return Step(entry, None, site) if site else None

    @api.model
    def _registrar(self, work, op, organization) -> str:
        """The intake's code for the facility that a patient is registered by: the one named, else any of the sender's."""
        facility_id = work.record(organization, "Organization", "health.facility")
        own = self._own_facilities(work)
        if facility_id:
            return self._checked(work, op, "managingOrganization", values.own_code(facility_id))
        known = {site.id for (system, _code), site in self._sites(work).items() if system == work.system_id}
        usual = [facility for facility in own if facility in known] or own
        return values.own_code(usual[0]) if usual else ""

    @api.model
    def _provider(self, work, op, element: str) -> str:
        """The intake's code for the facility where care was given, which must be one of the sender's.

        :raises FhirError: 403 for another's facility
        """
        code = self._facility(work, op.resource.get(element))
        own = self._own_facilities(work)
        if not code and len(own) == 1:
            return values.own_code(own[0])
        return self._checked(work, op, element, code)

    @api.model
    def _checked(self, work, op, element: str, code: str) -> str:
        site = self._site(work, code)
        if site and site.id not in self._own_facilities(work):
            raise op.refuse(403, "forbidden", element, "This account may not act for this facility.")
        return code

    @api.model
    def _facility(self, work, reference) -> str:
        """The intake's code for the facility that a reference to an Organization names."""
        if not reference:
            return ""
        facility_id = work.record(reference, "Organization", "health.facility")
        if facility_id:
            return values.own_code(facility_id)
        if reference.get("identifier", {}).get("value"):
            return reference["identifier"]["value"][:64]
        target = work.target(reference, "Organization")
        if target is None:
            return reference.get("reference", "").rpartition("/")[2][:64]
        resource = target.resource if isinstance(target, Operation) else self._kept(work, target)
        sent = next((entry["value"] for entry in resource.get("identifier", ()) if entry.get("value")), "")
        return (sent or target.fhir_id)[:64]

    def _kept(self, work, row) -> dict:
        """A resource that the message refers to; one query per message for all of them."""
        if "kept" not in work.cache:
            rows = [ref for ref in work.refs.values() if not ref.model and not ref.deleted]
            work.cache["kept"] = {
                at: served.resource for at, served in self.env["health.fhir.store"]._present(rows).items()
            }
        return work.cache["kept"].get(row.address, {})

    # --- merged records -------------------------------------------------------------

    @api.model
    def _refuse_merged(self, ops) -> None:
        """What was merged into another is written there.

        :raises FhirError: 422 naming the other
        """
        known = [op for op in ops if op.record]
        if not known:
            return
        records = self.env[known[0].record[0]].browse(op.record[1] for op in known)
        refs = self.env["health.fhir.mapper"]._refs([(known[0].type, records.merged_into_id)])
        for op, record in zip(known, records, strict=True):
            if record.merged_into_id:
                other = refs(op.type, record.merged_into_id)["reference"]
                raise op.refuse(422, "business-rule", "id", f"This was merged into {other}; write to that.")

    # --- patients -----------------------------------------------------------------

    @api.model
    def _patient_keys(self, work, facility: str, identifiers) -> list[tuple[str, str, str]]:
        step = self._step(work, facility)
        return self.env["health.intake"]._identifier_keys(step, identifiers) if step else []

    @api.model
    def _identifiers_of(self, account_ids) -> dict[int, Identifier]:
        """One identifier per account, by which commands name it; made where an account has none."""
        rows = self.env["health.patient.identifier"].search_fetch(
            [("account_id", "in", list(account_ids))], ["account_id", "authority", "type", "value"], order="id"
        )
        found = {}
        for row in rows:
            found.setdefault(row.account_id.id, Identifier(authority=row.authority, type=row.type, value=row.value))
        bare = set(account_ids) - found.keys()
        if bare:
            accounts = self.env["health.patient.account"].browse(sorted(bare))
            made = {account.id: Identifier(authority=MADE, type="RI", value=account.reference) for account in accounts}
            self.env["health.patient.identifier"].create(
                [
                    {"account_id": account, "authority": MADE, "type": "RI", "value": key.value}
                    for account, key in made.items()
                ]
            )
            found.update(made)
        return found

    @api.model
    def _patients(self, work, ops, element: str) -> dict[int, tuple[Identifier, ...]]:
        """Identifiers of the patients that operations are about: ``{op.index: identifiers}``.

        :raises FhirError: 422 for a patient that is not there
        """
        found, rows = {}, {}
        for op in ops:
            value = op.resource.get(element)
            value = value[0] if isinstance(value, list) and value else value or {}
            target = work.target(value, "Patient")
            if isinstance(target, Operation) and "identifiers" in target.said:
                found[op.index] = target.said["identifiers"]
            elif work.record(value, "Patient", "health.patient.account"):
                rows[op.index] = work.record(value, "Patient", "health.patient.account")
            elif value.get("identifier", {}).get("value") and not value.get("reference"):
                authority, kind = self.env["health.fhir.naming"]._authority(value["identifier"].get("system", ""))
                kind = values.identifier_type(value["identifier"], kind or "MR")
                found[op.index] = (
                    Identifier(authority=authority[:64], type=kind[:64], value=value["identifier"]["value"][:128]),
                )
            else:
                raise op.refuse(422, "not-found", element, "This patient is not known here.")
        known = self._identifiers_of(set(rows.values()))
        found.update({index: (known[account],) for index, account in rows.items()})
        return found

    # --- money --------------------------------------------------------------------

    @api.model
    def _amount(self, work, op, money: dict, element: str, on) -> Decimal | None:
        """A FHIR Money in the company's currency, by the rate of a day.

        :raises FhirError: 422 when the currency has no rate here
        """
        company = work.interface.company_id
        code = money.get("currency", company.currency_id.name)
        if "value" not in money or code == company.currency_id.name:
            return money.get("value")
        currency = self.env["res.currency"].search(
            [("name", "=", code), ("rate_ids.company_id", "in", [company.id, False])]
        )
        if not currency:
            raise op.refuse(422, "business-rule", f"{element}.currency", "This currency has no rate here.")
        return Decimal(str(currency._convert(float(money["value"]), company.currency_id, company, on)))

    # --- codes ----------------------------------------------------------------------

    @api.model
    def _codes_of(self, work, model: str, records) -> dict[int, str]:
        """The codes under which the sender's system knows our records, by record id.

        A client that names our own record by its FHIR id needs no mapping: one
        that says just that is added and approved where there is none.

        :param model: of the mapping, e.g. ``health.payer.mapping``
        """
        mapping = self.env[model].sudo()
        target = mapping._target_field
        rows = mapping.search(
            [("system_id", "=", work.system_id), (target, "in", records.ids), ("state", "=", "approved")], order="id"
        )
        found = {row[target].id: row.code for row in reversed(rows)}
        missing = [record_id for record_id in records.ids if record_id not in found]
        if missing:
            prefix = model.split(".")[1]
            made = mapping.create(
                [
                    {
                        "system_id": work.system_id,
                        "code": f"{prefix}-{record_id}",
                        "description": self.env._("Named by its FHIR id"),
                        target: record_id,
                    }
                    for record_id in missing
                ]
            )
            made.action_approve()
            found.update({row[target].id: row.code for row in made})
        return found
