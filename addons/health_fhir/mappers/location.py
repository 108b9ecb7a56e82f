from odoo import models

from odoo.addons.health_core.canonical import PointOfCare

from .. import values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING
from ..work import Operation

_KINDS = {
    "ward": ("HU", "Hospital unit"),
    "clinic": ("OF", "Outpatient facility"),
    "emergency": ("ER", "Emergency room"),
    "theatre": ("HU", "Hospital unit"),
    "diagnostic": ("DX", "Diagnostics or therapeutics unit"),
}
_ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
#: Identifier system of a unit's own code in its facility.
UNIT = "urn:interop:unit"


class HealthFhirLocation(models.AbstractModel):
    """Location: a unit of one of our facilities; places of others are kept as they are."""

    _name = "health.fhir.location"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Location"

    _fhir_type = "Location"
    _fhir_sources = (Source("health.location", "loc-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 8

    def _render(self, records):
        refs = self._refs([("Location", records.parent_id), ("Organization", records.facility_id)])
        found = {}
        for location in records:
            kind = _KINDS.get(location.kind)
            found[location.id] = values.clean(
                {
                    "resourceType": "Location",
                    "identifier": [{"system": UNIT, "value": location.code}],
                    "status": "active" if location.active else "inactive",
                    "name": location.name,
                    "mode": "instance",
                    "type": [values.concept(_ROLES, *kind)] if kind else None,
                    "managingOrganization": refs("Organization", location.facility_id, location.facility_id.name),
                    "partOf": refs("Location", location.parent_id) if location.parent_id else None,
                }
            )
        return found

    # --- writing ----------------------------------------------------------------

    def _code(self, op) -> str:
        given = [entry for entry in op.resource.get("identifier", ()) if entry.get("value")]
        own = [entry for entry in given if entry.get("system") == UNIT]
        return (own or given or [{"value": op.entry.id}])[0]["value"][:64]

    def _key(self, work, op) -> tuple[int, str] | None:
        """``(facility, unit code)`` when the place is in one of our facilities."""
        facility_id = work.record(op.resource.get("managingOrganization"), "Organization", "health.facility")
        code = self._code(op)
        return (facility_id, code) if facility_id and code else None

    def _find(self, work, ops):
        keys = {op.index: key for op in ops if (key := self._key(work, op))}
        if not keys:
            return {}
        rows = (
            self.env["health.location"]
            .with_context(active_test=False)
            .search(
                [
                    ("facility_id", "in", [facility for facility, _code in keys.values()]),
                    ("code", "in", [code for _facility, code in keys.values()]),
                ]
            )
        )
        known = {(row.facility_id.id, row.code): row.id for row in rows}
        return {index: ("health.location", known[key]) for index, key in keys.items() if key in known}

    def _prepare(self, work, ops):
        Location = self.env["health.location"].with_context(interop_source=work.system_id)
        fresh = []
        for op in ops:
            key = self._key(work, op)
            vals = {
                "name": op.resource.get("name") or self._code(op),
                "active": op.resource.get("status") != "inactive",
            }
            if op.record:
                record = Location.browse(op.record[1])
                changed = {name: value for name, value in vals.items() if record[name] != value}
                if changed:
                    record.write(changed)
            elif key:
                kind = next(
                    (k for k, (c, _d) in _KINDS.items() if c == values.code(op.resource.get("type", []), _ROLES)),
                    "other",
                )
                fresh.append((op, {**vals, "facility_id": key[0], "code": key[1], "kind": kind}))
        for (op, _vals), record in zip(fresh, Location.create([vals for _op, vals in fresh]), strict=True):
            op.record = ("health.location", record.id)

    # --- for the others -----------------------------------------------------------

    def _points_of_care(self, work, chosen: dict[int, dict]) -> dict[int, PointOfCare]:
        """References to places in the terms of the canonical commands, by the caller's keys."""
        rows, found = {}, {}
        for key, reference in chosen.items():
            target = work.target(reference, "Location")
            record = (
                target.record if isinstance(target, Operation) else (target.model, target.res_id) if target else None
            )
            if record and record[0] == "health.location":
                rows[key] = record[1]
                continue
            sent = reference.get("identifier", {}).get("value") or reference.get("display")
            if not sent and reference.get("reference"):
                sent = reference["reference"].rpartition("/")[2]
            if sent:
                found[key] = PointOfCare(unit=sent[:64])
        if rows:
            codes = self.env["health.fhir.party"]._codes_of(
                work, "health.location.mapping", self.env["health.location"].browse(set(rows.values()))
            )
            found.update({key: PointOfCare(unit=codes[record_id]) for key, record_id in rows.items()})
        return found
