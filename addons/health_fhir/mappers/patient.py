from collections import defaultdict

from pydantic import ValidationError

from odoo import models

from odoo.addons.health_core.canonical import Identifier, Person, RegisterPatient

from .. import errors, values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING
from ..models.health_fhir_naming import MADE

_ELEMENTS = {
    "family": "name",
    "given": "name",
    "middle": "name",
    "birth_date": "birthDate",
    "sex": "gender",
    "street": "address",
    "city": "address",
    "state": "address",
    "zip": "address",
    "country": "address",
    "phone": "telecom",
    "email": "telecom",
    "identifiers": "identifier",
}
#: Column of the account, by element.
_COLUMNS = {
    "name": {"family": "family", "given": "given", "middle": "middle"},
    "birthDate": {"birth_date": "birth_date"},
    "gender": {"sex": "sex"},
    "address": {
        "street": "street",
        "city": "city",
        "state": "state_code",
        "zip": "zip",
        "country": "country_code",
    },
    "telecom": {"phone": "phone", "email": "email"},
}
_NO_ADDRESS = dict.fromkeys(("street", "city", "state", "zip", "country"), "")


class HealthFhirPatient(models.AbstractModel):
    """Patient: the patient account."""

    _name = "health.fhir.patient"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Patient"

    _fhir_type = "Patient"
    _fhir_sources = (Source("health.patient.account", "pat-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 20

    def _render(self, records):
        naming = self.env["health.fhir.naming"]
        refs = self._refs([("Patient", records.merged_into_id)])
        identifiers = self.env["health.patient.identifier"].search_fetch(
            [("account_id", "in", records.ids), ("authority", "!=", MADE)],
            ["account_id", "authority", "type", "value"],
            order="id",
        )
        by_account = defaultdict(list)
        for row in identifiers:
            by_account[row.account_id.id].append(values.identifier(naming._uri(row.authority), row.value, row.type))
        found = {}
        for account in records:
            address = values.clean(
                {
                    "line": [account.street] if account.street else None,
                    "city": account.city,
                    "state": account.state_code,
                    "postalCode": account.zip,
                    "country": account.country_code,
                }
            )
            name = values.human_name(account.family, account.given, account.middle)
            found[account.id] = {"resourceType": "Patient", "active": account.active} | values.clean(
                {
                    "identifier": by_account[account.id],
                    "name": [name] if name else None,
                    "telecom": values.contact_points(account.phone, account.email),
                    "gender": account.sex,
                    "birthDate": account.birth_date.isoformat() if account.birth_date else None,
                    "address": [address] if address else None,
                    "link": [{"other": refs("Patient", account.merged_into_id), "type": "replaced-by"}]
                    if account.merged_into_id
                    else None,
                }
            )
        return found

    # --- writing ----------------------------------------------------------------

    def _find(self, work, ops):
        self._read(work, ops)
        keys = {key for op in ops for key in op.said["keys"]}
        accounts = self.env["health.intake"]._find_accounts(keys)
        found = {}
        for op in ops:
            ids = {accounts[key] for key in op.said["keys"] if key in accounts}
            if len(ids) == 1:  # of several, the intake asks a person
                found[op.index] = ("health.patient.account", ids.pop())
        return found

    def _read(self, work, ops):
        """Take identifiers and facility out of the resources, once."""
        for op in ops:
            if "identifiers" in op.said:
                continue
            organization = op.resource.get("managingOrganization")
            op.said["facility"] = self.env["health.fhir.party"]._registrar(work, op, organization)
            op.said["identifiers"] = self._identifiers(op)
            op.said["keys"] = self.env["health.fhir.party"]._patient_keys(
                work, op.said["facility"], op.said["identifiers"]
            )

    def _identifiers(self, op) -> tuple[Identifier, ...]:
        naming = self.env["health.fhir.naming"]
        found = []
        for position, entry in enumerate(op.resource.get("identifier", ())):
            if not entry.get("value"):
                continue
            authority, kind = naming._authority(entry.get("system", ""))
            try:
                found.append(
                    Identifier(
                        authority=authority,
                        type=values.identifier_type(entry, kind or "MR"),
                        value=entry["value"],
                    )
                )
            except ValidationError as failure:
                raise errors.of_contract(
                    failure, "Patient", dict.fromkeys(("authority", "type", "value"), f"identifier[{position}]")
                ) from None
        return tuple(dict.fromkeys(found))

    def _prepare(self, work, ops):
        self._read(work, ops)
        party = self.env["health.fhir.party"]
        party._refuse_merged(ops)
        known = party._identifiers_of([op.record[1] for op in ops if op.record])
        for op in ops:
            identifiers = op.said["identifiers"]
            if op.record:
                own = known[op.record[1]]
                identifiers = tuple(dict.fromkeys((*identifiers, own)))
            elif not identifiers:
                identifiers = (Identifier(authority=MADE, type="RI", value=op.fhir_id),)
            op.said["identifiers"] = identifiers
            op.said["keys"] = party._patient_keys(work, op.said["facility"], identifiers)
            try:
                person = self._person(op)
                command = RegisterPatient(
                    facility=op.said["facility"], occurred_at=work.now, identifiers=identifiers, person=person
                )
            except ValidationError as failure:
                raise errors.of_contract(failure, "Patient", _ELEMENTS) from None
            op.wanted = {
                element: {column: getattr(person, field) for field, column in columns.items() if getattr(person, field)}
                for element, columns in _COLUMNS.items()
            }
            work.commands.append(command)

    def _person(self, op) -> Person:
        """Demographics; what an update leaves out is deleted, what a create leaves out is not said."""
        resource = op.resource
        said = {}
        if resource.get("name"):
            said["family"], said["given"], said["middle"] = values.name_parts(values.best(resource["name"]))
        if len(resource.get("birthDate", "")) == 10:
            said["birth_date"] = values.day(resource["birthDate"])
        if resource.get("gender"):
            said["sex"] = resource["gender"]
        if resource.get("address"):
            address = values.best(resource["address"], ("home", "work"))
            said.update(
                street=", ".join(address.get("line", ())),
                city=address.get("city", ""),
                state=address.get("state", ""),
                zip=address.get("postalCode", ""),
                country=address.get("country", ""),
            )
        for field, system in (("phone", "phone"), ("email", "email")):
            value = values.telecom(resource.get("telecom"), system)
            if value:
                said[field] = value
        before = op.before.resource if op.before else {}
        if op.method == "update":
            absent = {
                "name": {"family": "", "given": "", "middle": ""},
                "birthDate": {"birth_date": ""},
                "gender": {"sex": ""},
                "address": _NO_ADDRESS,
            }
            for element, deleted in absent.items():
                if element in before and element not in resource:
                    said.update(deleted)
            for field in ("phone", "email"):
                if field not in said and values.telecom(before.get("telecom"), field):
                    said[field] = ""
        elif before:
            said = {field: value for field, value in said.items() if value != ""}
        return Person(**said)

    def _complete(self, work, ops):
        accounts = self.env["health.intake"]._find_accounts({key for op in ops for key in op.said["keys"]})
        for op in ops:
            found = next((accounts[key] for key in op.said["keys"] if key in accounts), None)
            if found:
                op.record = ("health.patient.account", found)
            self._keep_identifiers(op)

    def _keep_identifiers(self, op):
        """An update takes no identifier away: those of other formats would no longer find the patient."""
        if not op.before:
            return
        sent = {(entry.get("system"), entry.get("value")) for entry in op.resource.get("identifier", ())}
        kept = [
            entry
            for entry in op.before.resource.get("identifier", ())
            if (entry.get("system"), entry.get("value")) not in sent
        ]
        if kept:
            op.resource = {**op.resource, "identifier": [*op.resource.get("identifier", ()), *kept]}
            op.issues.append(
                errors.Issue("warning", "business-rule", "Patient.identifier", "Identifiers are not taken away.")
            )
