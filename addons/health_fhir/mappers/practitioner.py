from collections import defaultdict

from pydantic import ValidationError

from odoo import models

from odoo.addons.health_core.bulk import select_rows
from odoo.addons.health_core.canonical import PractitionerRef

from .. import errors, values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING
from ..models.health_fhir_naming import MADE
from ..work import Operation

NPI = "http://hl7.org/fhir/sid/us-npi"
NPI_AUTHORITY = "NPI"


class HealthFhirPractitioner(models.AbstractModel):
    """Practitioner: who attends and performs; master data that a client may add and correct."""

    _name = "health.fhir.practitioner"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Practitioner"

    _fhir_type = "Practitioner"
    _fhir_sources = (Source("health.practitioner", "prac-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 10

    def _render(self, records):
        naming = self.env["health.fhir.naming"]
        rows = self.env["health.practitioner.identifier"].search(
            [("practitioner_id", "in", records.ids), ("authority", "!=", MADE)], order="id"
        )
        identifiers = defaultdict(list)
        for row in rows:
            if not (row.authority == NPI_AUTHORITY and row.practitioner_id.npi == row.value):
                identifiers[row.practitioner_id.id].append(values.identifier(naming._uri(row.authority), row.value))
        found = {}
        for practitioner in records:
            npi = [values.identifier(NPI, practitioner.npi)] if practitioner.npi else []
            name = values.human_name(practitioner.family, practitioner.given)
            if not name and practitioner.name:
                name = {"text": practitioner.name}
            found[practitioner.id] = {"resourceType": "Practitioner", "active": practitioner.active} | values.clean(
                {
                    "identifier": npi + identifiers[practitioner.id],
                    "name": [name] if name else None,
                    "qualification": [{"code": {"text": practitioner.specialty}}] if practitioner.specialty else None,
                }
            )
        return found

    # --- writing ----------------------------------------------------------------

    def _keys(self, op) -> list[tuple[str, str]]:
        """``(authority, value)`` of a resource's identifiers."""
        naming = self.env["health.fhir.naming"]
        found = []
        for entry in op.resource.get("identifier", ()):
            value = entry.get("value", "")
            if not value:
                continue
            if len(value) > values.MAX_KEY:
                raise op.refuse(422, "value", "identifier", "The value is too long for the record.")
            if entry.get("system") == NPI:
                found.append((NPI_AUTHORITY, value))
            else:
                authority = naming._authority(entry.get("system", ""))[0]
                if authority:
                    found.append((authority, value))
        return list(dict.fromkeys(found))

    def _find(self, work, ops):
        by_key = self._known({key for op in ops for key in self._keys(op)})
        found = {}
        for op in ops:
            ids = {by_key[key] for key in self._keys(op) if key in by_key}
            if len(ids) > 1:
                raise op.refuse(409, "conflict", "identifier", "The identifiers belong to different practitioners.")
            if ids:
                found[op.index] = ("health.practitioner", ids.pop())
        return found

    def _known(self, keys) -> dict[tuple[str, str], int]:
        rows = select_rows(
            self.env.cr,
            """SELECT i.authority, i.value, i.practitioner_id FROM (VALUES %s) AS k (authority, value)
                 JOIN health_practitioner_identifier i ON i.authority = k.authority AND i.value = k.value""",
            sorted(keys),
        )
        found = {(authority, value): practitioner_id for authority, value, practitioner_id in rows}
        numbers = [value for authority, value in keys if authority == NPI_AUTHORITY]
        if numbers:
            for practitioner in self.env["health.practitioner"].search([("npi", "in", numbers)]):
                found[NPI_AUTHORITY, practitioner.npi] = practitioner.id
        return found

    def _prepare(self, work, ops):
        Practitioner = self.env["health.practitioner"]
        authority = self.env["interop.authority"]
        pairs = [(Practitioner.browse(op.record[1] if op.record else ()), self._values(op)) for op in ops]
        screened = authority._screen(pairs, work.system_id, work.message_id)
        fresh = [(op, vals) for op, (record, _v), vals in zip(ops, pairs, screened, strict=True) if not record]
        made = Practitioner.with_context(interop_source=work.system_id).create(
            [{**vals, "from_message": True} for _op, vals in fresh]
        )
        for (op, _vals), record in zip(fresh, made, strict=True):
            op.record = ("health.practitioner", record.id)
        for op, (record, vals), kept in zip(ops, pairs, screened, strict=True):
            if record:
                changed = {name: value for name, value in kept.items() if (record[name] or None) != (value or None)}
                if changed:
                    record.with_context(interop_source=work.system_id).write(changed)
            op.wanted = {"name": {"family": vals.get("family"), "given": vals.get("given")}}
        self._identify(ops)

    def _values(self, op) -> dict:
        resource = op.resource
        family, given, middle = values.name_parts(values.best(resource.get("name")))
        npi = next(
            (e["value"] for e in resource.get("identifier", ()) if e.get("system") == NPI and e.get("value")), ""
        )
        vals = {"family": family or False, "given": " ".join(part for part in (given, middle) if part) or False}
        if not (family or given):
            vals["name"] = values.best(resource.get("name")).get("text") or self.env._("Practitioner without a name")
        if len(npi) == 10:
            vals["npi"] = npi
        vals["active"] = resource.get("active", True)
        return vals

    def _identify(self, ops):
        """Give practitioners the identifiers that nobody has, and one of our making to who has none."""
        wanted = {}
        for op in ops:
            keys = self._keys(op)
            if not keys and not op.row:
                keys = [(MADE, op.fhir_id)]
            for key in keys:
                wanted.setdefault(key, op.record[1])
        known = self._known(set(wanted))
        self.env["health.practitioner.identifier"].create(
            [
                {"practitioner_id": practitioner_id, "authority": key[0], "value": key[1]}
                for key, practitioner_id in wanted.items()
                if key not in known
            ]
        )

    # --- for the others -----------------------------------------------------------

    def _references(self, work, chosen: dict[int, dict]) -> dict[int, PractitionerRef]:
        """References to practitioners in the terms of the canonical commands, by the caller's keys.

        :param chosen: ``{key: Reference}``; what leads nowhere is missing from the answer
        """
        found, rows = {}, {}
        for key, reference in chosen.items():
            target = work.target(reference, "Practitioner")
            record = (
                target.record if isinstance(target, Operation) else (target.model, target.res_id) if target else None
            )
            if record and record[0] == "health.practitioner":
                rows[key] = record[1]
            elif reference.get("identifier", {}).get("value"):
                authority = self.env["health.fhir.naming"]._authority(reference["identifier"].get("system", ""))[0]
                try:
                    found[key] = PractitionerRef(value=reference["identifier"]["value"], authority=authority)
                except ValidationError as failure:
                    raise errors.of_contract(failure, "Reference", {}) from None
        identifiers = self._identifiers_of(set(rows.values()))
        found.update({key: identifiers[record_id] for key, record_id in rows.items()})
        return found

    def _identifiers_of(self, ids) -> dict[int, PractitionerRef]:
        rows = self.env["health.practitioner.identifier"].search([("practitioner_id", "in", list(ids))], order="id")
        found = {}
        for row in rows:
            found.setdefault(row.practitioner_id.id, PractitionerRef(value=row.value, authority=row.authority))
        bare = sorted(set(ids) - found.keys())
        self.env["health.practitioner.identifier"].create(
            [{"practitioner_id": record_id, "authority": MADE, "value": f"prac-{record_id}"} for record_id in bare]
        )
        found.update({record_id: PractitionerRef(value=f"prac-{record_id}", authority=MADE) for record_id in bare})
        return found
