from pydantic import ValidationError

from odoo import models

from odoo.addons.health_core.canonical import CoverageData, RegisterPatient

from .. import errors, values
from ..address import Source
from ..codec.issues import Issue
from ..models.health_fhir_mapper import READING, WRITING

_CLASSES = "http://terminology.hl7.org/CodeSystem/coverage-class"
_STATUSES = {"active": "active", "quarantined": "draft", "ended": "cancelled"}
_RELATIONS = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
_ELEMENTS = {
    "payer_code": "payor",
    "member_id": "subscriberId",
    "plan_code": "class",
    "group_number": "class",
    "relationship": "relationship",
    "valid_to": "period",
}


class HealthFhirCoverage(models.AbstractModel):
    """Coverage: a patient's insurance with one payer; a code without a payer waits for its mapping."""

    _name = "health.fhir.coverage"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Coverage"

    _fhir_type = "Coverage"
    _fhir_sources = (Source("health.coverage", "cov-"),)
    _fhir_interactions = READING | WRITING | {"delete"}
    _fhir_stage = 30

    def _render(self, records):
        refs = self._refs([("Patient", records.account_id), ("Organization", records.payer_id)])
        found = {}
        for coverage in records:
            if coverage.payer_id:
                payor = refs("Organization", coverage.payer_id, coverage.payer_id.name)
            else:
                payor = values.clean({"identifier": {"value": coverage.payer_code}, "display": coverage.payer_name})
            classes = [("group", coverage.group_number), ("plan", coverage.plan_code)]
            start, end = coverage.valid_from, coverage.valid_to
            found[coverage.id] = values.clean(
                {
                    "resourceType": "Coverage",
                    "status": _STATUSES[coverage.state],
                    "subscriberId": coverage.member_id,
                    "beneficiary": refs("Patient", coverage.account_id),
                    "relationship": {"coding": [{"code": coverage.relationship}]} if coverage.relationship else None,
                    "period": values.period(start and start.isoformat(), end and end.isoformat()),
                    "payor": [payor],
                    "class": [
                        {"type": values.concept(_CLASSES, kind), "value": value} for kind, value in classes if value
                    ],
                    "order": max(coverage.priority, 1),
                }
            )
        return found

    # --- writing ----------------------------------------------------------------

    def _payer_codes(self, work, ops) -> dict[int, tuple[str, str]]:
        """``(code, name)`` of the payer of each coverage; missing where a person pays."""
        payers, found = {}, {}
        party = self.env["health.fhir.party"]
        for op in ops:
            payor = (op.resource.get("payor") or [{}])[0]
            payer_id = work.record(payor, "Organization", "health.payer")
            if payer_id:
                payers[op.index] = payer_id
                continue
            target = payor.get("reference", "")
            if target.startswith(("Patient/", "RelatedPerson/")):
                continue
            code = party._facility(work, payor) or payor.get("display", "")
            if code:
                found[op.index] = (code[:64], payor.get("display", ""))
        if payers:
            codes = party._codes_of(work, "health.payer.mapping", self.env["health.payer"].browse(set(payers.values())))
            found.update({index: (codes[payer_id], "") for index, payer_id in payers.items()})
        return found

    @staticmethod
    def _member(op) -> str:
        given = [entry["value"] for entry in op.resource.get("identifier", ()) if entry.get("value")]
        return op.resource.get("subscriberId") or next(iter(given), "")

    def _find(self, work, ops):
        codes = self._payer_codes(work, ops)
        keys = {}
        for op in ops:
            account = work.record(op.resource.get("beneficiary"), "Patient", "health.patient.account")
            if account and op.index in codes:
                keys[op.index] = (account, codes[op.index][0], self._member(op))
        known = self._known(work, keys.values())
        return {index: ("health.coverage", known[key]) for index, key in keys.items() if key in known}

    def _known(self, work, keys) -> dict[tuple[int, str, str], int]:
        keys = set(keys)
        if not keys:
            return {}
        rows = self.env["health.coverage"].search(
            [
                ("account_id", "in", [account for account, _code, _member in keys]),
                ("system_id", "=", work.system_id),
                ("payer_code", "in", [code for _account, code, _member in keys]),
            ]
        )
        return {(row.account_id.id, row.payer_code, row.member_id or ""): row.id for row in rows}

    def _prepare(self, work, ops):
        codes = self._payer_codes(work, ops)
        party = self.env["health.fhir.party"]
        patients = party._patients(work, ops, "beneficiary")
        for op in ops:
            op.said["code"] = codes.get(op.index)
            if not op.said["code"]:
                continue  # nobody but the patient pays: kept as it is
            try:
                data = self._data(op)
                if op.record:
                    continue
                work.commands.append(
                    RegisterPatient(
                        facility=party._registrar(work, op, None),
                        occurred_at=work.now,
                        identifiers=patients[op.index],
                        coverages=(data,),
                    )
                )
            except ValidationError as failure:
                raise errors.of_contract(failure, "Coverage", _ELEMENTS) from None
        self._update(work, [op for op in ops if op.record and op.said["code"]])

    def _data(self, op) -> CoverageData:
        resource = op.resource
        period = resource.get("period", {})
        code, name = op.said["code"]
        by_class = {values.code(entry.get("type"), _CLASSES): entry.get("value") for entry in resource.get("class", ())}
        op.said["data"] = data = CoverageData(
            priority=min(resource.get("order") or 1, 99),
            payer_code=code,
            payer_name=name or None,
            plan_code=by_class.get("plan"),
            member_id=self._member(op) or None,
            group_number=by_class.get("group"),
            relationship=values.code(resource.get("relationship")) or None,
            valid_from=values.day(period.get("start")),
            valid_to=values.day(period.get("end")),
        )
        return data

    def _update(self, work, ops):
        """Write what an update says; whose insurance it is with which payer stays."""
        pairs = []
        records = self.env["health.coverage"].browse(op.record[1] for op in ops)
        payers = self.env["health.payer.mapping"]._resolve_codes(work.system_id, {op.said["code"][0] for op in ops})
        for op, record in zip(ops, records, strict=True):
            data = op.said["data"]
            account = work.record(op.resource.get("beneficiary"), "Patient")
            if account and account != record.account_id._survivors().id:
                raise op.refuse(422, "business-rule", "beneficiary", "A coverage stays with its patient.")
            payer = payers.get(data.payer_code)
            same = payer == record.payer_id if payer else data.payer_code == record.payer_code
            if not same and record.payer_id:
                raise op.refuse(422, "business-rule", "payor", "A coverage stays with its payer; create another one.")
            ended = op.resource.get("status") in ("cancelled", "entered-in-error")
            wanted = {
                "member_id": data.member_id or False,
                "plan_code": data.plan_code or False,
                "group_number": data.group_number or False,
                "relationship": data.relationship or False,
                "valid_from": data.valid_from or False,
                "valid_to": data.valid_to or False,
                "priority": data.priority,
                "state": "ended" if ended else "active" if record.payer_id else "quarantined",
            }
            pairs.append((record, {name: value for name, value in wanted.items() if record[name] != value}))
            op.wanted = {"subscriberId": {"member_id": data.member_id}}
        screened = self.env["interop.authority"]._screen(pairs, work.system_id, work.message_id)
        for (record, _vals), vals in zip(pairs, screened, strict=True):
            if vals:
                record.with_context(interop_source=work.system_id).write(vals)

    def _complete(self, work, ops):
        keys = {}
        for op in ops:
            if op.said["code"] and not op.record:
                account = work.record(op.resource.get("beneficiary"), "Patient", "health.patient.account")
                keys[op.index] = (account, op.said["code"][0], self._member(op))
        known = self._known(work, keys.values())
        for op in ops:
            if op.index in keys and keys[op.index] in known:
                op.record = ("health.coverage", known[keys[op.index]])
            if op.record and self.env["health.coverage"].browse(op.record[1]).state == "quarantined":
                op.issues.append(
                    Issue(
                        "warning",
                        "informational",
                        "Coverage.payor",
                        "The payer's code has no approved mapping; the coverage waits for a steward.",
                    )
                )

    def _delete(self, work, ops):
        """An insurance that is deleted has ended; visits that used it keep it."""
        records = self.env["health.coverage"].browse(op.record[1] for op in ops if op.record)
        pairs = [(record, {"state": "ended"}) for record in records]
        screened = self.env["interop.authority"]._screen(pairs, work.system_id, work.message_id)
        ended = records.browse(record.id for (record, _v), vals in zip(pairs, screened, strict=True) if vals)
        ended.with_context(interop_source=work.system_id).write({"state": "ended"})
