from collections import defaultdict

from pydantic import ValidationError

from odoo import models

from odoo.addons.health_core.bulk import select_rows
from odoo.addons.health_core.canonical import DiagnosisData, PointOfCare, PractitionerRef, RecordVisit, VisitRef

from .. import errors, values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING
from ..models.health_fhir_naming import MADE
from ..overlay import OWN_CONTAINED
from ..work import Operation

_CLASSES = {
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "SS": "inpatient",
    "OBSENC": "inpatient",
    "AMB": "outpatient",
    "EMER": "emergency",
    "PRENC": "preadmit",
    "HH": "other",
    "FLD": "other",
    "VR": "other",
}
_CODES = {"inpatient": "IMP", "outpatient": "AMB", "emergency": "EMER", "preadmit": "PRENC"}
#: Our classes that have no code of their own in FHIR.
_OWN_CLASSES = "urn:interop:encounter-class"
_STATUSES = {
    "planned": "planned",
    "in_progress": "in-progress",
    "finished": "finished",
    "cancelled": "cancelled",
}
_STATES = {
    "planned": "planned",
    "arrived": "in_progress",
    "triaged": "in_progress",
    "in-progress": "in_progress",
    "onleave": "in_progress",
    "finished": "finished",
    "cancelled": "cancelled",
    "entered-in-error": "cancelled",
}
_FIRST_EVENT = {
    "planned": "preadmit",
    "in_progress": "admit",
    "finished": "discharge",
    "cancelled": "cancel_admit",
    None: "update",
}
#: (status now, status said) -> event.
_EVENTS = {
    ("planned", "in_progress"): "admit",
    ("planned", "finished"): "discharge",
    ("planned", "cancelled"): "cancel_admit",
    ("in_progress", "finished"): "discharge",
    ("in_progress", "cancelled"): "cancel_admit",
    ("finished", "in_progress"): "cancel_discharge",
    ("finished", "cancelled"): "cancel_admit",
    ("cancelled", "planned"): "preadmit",
    ("cancelled", "in_progress"): "admit",
    ("cancelled", "finished"): "discharge",
    ("finished", "finished"): "discharge",
}
_ELEMENTS = {
    "visit": "identifier",
    "number": "identifier",
    "authority": "identifier",
    "point_of_care": "location",
    "attending": "participant",
    "account_number": "account",
    "diagnoses": "diagnosis",
}
_ATTENDING = "ATND"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


class HealthFhirEncounter(models.AbstractModel):
    """Encounter: the visit."""

    _name = "health.fhir.encounter"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Encounter"

    _fhir_type = "Encounter"
    _fhir_sources = (Source("health.encounter", "enc-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 40

    # --- reading ----------------------------------------------------------------

    def _render(self, records):
        naming = self.env["health.fhir.naming"]
        places = self.env["health.encounter.location"].search([("encounter_id", "in", records.ids)], order="id")
        diagnoses = self.env["health.encounter.diagnosis"].search(
            [("encounter_id", "in", records.ids)], order="sequence, id"
        )
        refs = self._refs(
            [
                ("Patient", records.account_id),
                ("Account", records.account_id),
                ("Organization", records.facility_id),
                ("Practitioner", records.attending_id),
                ("Location", places.location_id),
            ]
        )
        by_visit = {name: defaultdict(list) for name in ("places", "contained", "diagnosis")}
        for place in places:
            where = refs("Location", place.location_id, place.label) if place.location_id else {"display": place.label}
            by_visit["places"][place.encounter_id.id].append(
                values.clean(
                    {
                        "location": where,
                        "status": "completed" if place.to_at else "active",
                        "period": values.period(values.time(place.from_at), values.time(place.to_at)),
                    }
                )
            )
        for row in diagnoses:
            patient = refs("Patient", row.encounter_id.account_id)
            contained, use = self._diagnosis(row, patient)
            by_visit["contained"][row.encounter_id.id].append(contained)
            by_visit["diagnosis"][row.encounter_id.id].append(use)
        found = {}
        for visit in records:
            account = refs("Account", visit.account_id)
            if visit.account_number:
                account["identifier"] = {"value": visit.account_number}
            attending = visit.attending_id
            found[visit.id] = values.clean(
                {
                    "resourceType": "Encounter",
                    "contained": by_visit["contained"][visit.id],
                    "identifier": [values.identifier(naming._uri(visit.authority), visit.number, "VN")]
                    if visit.authority != MADE
                    else None,
                    "status": _STATUSES[visit.status],
                    "class": self._class(visit.class_code),
                    "subject": refs("Patient", visit.account_id),
                    "participant": [
                        {
                            "type": [values.concept(_PARTICIPATION, _ATTENDING)],
                            "individual": refs("Practitioner", attending, attending.name),
                        }
                    ]
                    if attending
                    else None,
                    "period": values.period(values.time(visit.admitted_at), values.time(visit.discharged_at)),
                    "diagnosis": by_visit["diagnosis"][visit.id],
                    "account": [account],
                    "location": by_visit["places"][visit.id],
                    "serviceProvider": refs("Organization", visit.facility_id, visit.facility_id.name),
                }
            )
        return found

    @staticmethod
    def _class(code):
        if code in _CODES:
            return {"system": values.V3_ACT, "code": _CODES[code]}
        return {"system": _OWN_CLASSES, "code": code}

    def _diagnosis(self, row, patient):
        """A diagnosis of a message as a contained Condition, and its use in the visit."""
        name = f"{OWN_CONTAINED}dx{row.sequence}"
        coding = values.clean(
            {
                "system": self.env["health.fhir.naming"]._uri(row.coding_system) if row.coding_system else None,
                "code": row.code,
                "display": row.description,
            }
        )
        condition = {"resourceType": "Condition", "id": name, "code": {"coding": [coding]}, "subject": patient}
        return condition, {"condition": {"reference": f"#{name}"}, "rank": row.sequence}

    # --- writing ----------------------------------------------------------------

    def _find(self, work, ops):
        self._read(work, ops)
        visits = self._visits({op.said["key"] for op in ops if op.said["key"]})
        return {op.index: ("health.encounter", visits[op.said["key"]]) for op in ops if op.said["key"] in visits}

    def _visits(self, keys) -> dict:
        rows = select_rows(
            self.env.cr,
            """SELECT own.authority, own.number, COALESCE(own.merged_into_id, own.id)
                 FROM (VALUES %s) AS k (authority, number)
                 JOIN health_encounter own ON own.authority = k.authority AND own.number = k.number""",
            sorted(keys),
        )
        return {(authority, number): visit_id for authority, number, visit_id in rows}

    def _read(self, work, ops):
        """Take the facility and the visit's number out of the resources, once."""
        party = self.env["health.fhir.party"]
        for op in ops:
            if "key" in op.said:
                continue
            op.said["facility"] = party._provider(work, op, "serviceProvider")
            op.said["visit"] = visit = self._number(op)
            step = party._step(work, op.said["facility"])
            op.said["key"] = self.env["health.intake"]._visit_key(step, visit) if visit and step else None

    def _number(self, op) -> VisitRef | None:
        """The visit number: of type VN, else the official one, else the first."""
        given = [entry for entry in op.resource.get("identifier", ()) if entry.get("value")]
        if not given:
            return None
        typed = [entry for entry in given if values.identifier_type(entry) == "VN"]
        chosen = typed[0] if typed else values.best(given)
        authority, _kind = self.env["health.fhir.naming"]._authority(chosen.get("system", ""))
        try:
            return VisitRef(number=chosen["value"], authority=authority)
        except ValidationError as failure:
            raise errors.of_contract(failure, "Encounter", _ELEMENTS) from None

    def _prepare(self, work, ops):
        self._read(work, ops)
        party = self.env["health.fhir.party"]
        party._refuse_merged(ops)
        patients = party._patients(work, ops, "subject")
        present = self._present(ops)
        practitioners = self._practitioners(work, ops)
        units = self._units(work, ops)
        for op in ops:
            visit = op.said["visit"]
            known = present.get(op.record[1]) if op.record else None
            if known:
                visit = VisitRef(number=known.number, authority=known.authority)
            elif visit is None:
                visit = VisitRef(number=op.fhir_id, authority=MADE)
            op.said["made"] = visit
            facility = op.said["facility"]
            if known and not op.resource.get("serviceProvider"):
                facility = values.own_code(known.facility_id.id)
            try:
                command = self._command(work, op, visit, facility, patients[op.index], known, practitioners, units)
            except ValidationError as failure:
                raise errors.of_contract(failure, "Encounter", _ELEMENTS) from None
            op.said["key"] = None
            step = party._step(work, facility)
            if step:
                op.said["key"] = self.env["health.intake"]._visit_key(step, visit)
            op.wanted = values.clean(
                {
                    "class": {"class_code": command.class_code} if command.class_code else None,
                    "status": {"status": _STATES[op.resource["status"]]} if op.resource["status"] in _STATES else None,
                }
            )
            work.commands.append(command)

    def _present(self, ops) -> dict:
        visits = self.env["health.encounter"].browse(op.record[1] for op in ops if op.record)
        return {visit.id: visit for visit in visits}

    def _command(self, work, op, visit, facility, identifiers, known, practitioners, units) -> RecordVisit:
        resource = op.resource
        state = _STATES.get(resource["status"])
        event = _FIRST_EVENT[state] if known is None else _EVENTS.get((known.status, state), "update")
        period = resource.get("period", {})
        start, end = values.moment(period.get("start")), values.moment(period.get("end"))
        occurred = (end if event == "discharge" else start if event in ("admit", "preadmit") else None) or work.now
        accounts = resource.get("account") or [{}]
        number = accounts[0].get("identifier", {}).get("value")
        return RecordVisit(
            facility=facility,
            occurred_at=occurred,
            event=event,
            visit=visit,
            identifiers=identifiers,
            class_code=self._class_of(resource.get("class", {})),
            point_of_care=units.get(op.index),
            attending=practitioners.get(op.index),
            admitted_at=start,
            discharged_at=end if state == "finished" else None,
            account_number=number,
            diagnoses=self._diagnoses(work, op),
        )

    @staticmethod
    def _class_of(coding):
        code = coding.get("code", "")
        if coding.get("system") == _OWN_CLASSES:
            return code if code in ("recurring", "obstetrics", "other") else "other"
        return _CLASSES.get(code, "other")

    def _diagnoses(self, work, op):
        """Coded diagnoses of contained Conditions and of those in the same message or kept here."""
        if "diagnosis" not in op.resource:
            return None if op.method == "create" else ()
        contained = {part.get("id"): part for part in op.resource.get("contained", ())}
        party = self.env["health.fhir.party"]
        found = []
        for position, entry in enumerate(op.resource["diagnosis"], 1):
            reference = entry.get("condition", {})
            text = reference.get("reference", "")
            if text.startswith("#"):
                condition = contained.get(text[1:], {})
            else:
                target = work.target(reference)
                condition = (
                    target.resource if isinstance(target, Operation) else party._kept(work, target) if target else {}
                )
            coding = next((c for c in values.codings(condition.get("code")) if c.get("code")), None)
            if coding:
                authority, _kind = self.env["health.fhir.naming"]._authority(coding.get("system", ""))
                found.append(
                    DiagnosisData(
                        sequence=min(entry.get("rank") or position, 999),
                        code=coding["code"],
                        system=authority[:64],
                        description=coding.get("display") or condition.get("code", {}).get("text"),
                    )
                )
        return tuple(found)

    def _practitioners(self, work, ops) -> dict[int, PractitionerRef]:
        """The attending practitioner of each visit."""
        chosen = {}
        for op in ops:
            parts = [part for part in op.resource.get("participant", ()) if part.get("individual")]
            attending = [part for part in parts if values.code(part.get("type", []), _PARTICIPATION) == _ATTENDING]
            part = (attending or [part for part in parts if not part.get("type")] or [None])[0]
            if part:
                chosen[op.index] = part["individual"]
        return self.env["health.fhir.practitioner"]._references(work, chosen)

    def _units(self, work, ops) -> dict[int, PointOfCare]:
        """Where each visit is now, as a point of care."""
        chosen = {}
        for op in ops:
            rows = [row for row in op.resource.get("location", ()) if row.get("location")]
            current = [row for row in rows if row.get("status") == "active"] or [
                row for row in rows if not row.get("period", {}).get("end") and row.get("status") != "completed"
            ]
            if current or rows:
                chosen[op.index] = (current or rows)[-1]["location"]
        return self.env["health.fhir.location"]._points_of_care(work, chosen)

    def _complete(self, work, ops):
        visits = self._visits({op.said["key"] for op in ops if op.said["key"]})
        for op in ops:
            if op.said["key"] in visits:
                op.record = ("health.encounter", visits[op.said["key"]])
