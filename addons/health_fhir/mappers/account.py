from collections import defaultdict

from odoo import models

from .. import values
from ..address import Source
from ..models.health_fhir_mapper import READING, WRITING

NUMBER = "urn:interop:account"


class HealthFhirAccount(models.AbstractModel):
    """Account: the financial side of the patient account, with its coverages in order."""

    _name = "health.fhir.account"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Account"

    _fhir_type = "Account"
    _fhir_sources = (Source("health.patient.account", "acc-"),)
    _fhir_interactions = READING | WRITING
    _fhir_stage = 60

    def _render(self, records):
        coverages = self.env["health.coverage"].search(
            [("account_id", "in", records.ids), ("state", "!=", "ended")], order="priority, id"
        )
        refs = self._refs([("Patient", records), ("Coverage", coverages)])
        used = defaultdict(list)
        for coverage in coverages:
            used[coverage.account_id.id].append(
                {"coverage": refs("Coverage", coverage), "priority": max(coverage.priority, 1)}
            )
        return {
            account.id: values.clean(
                {
                    "resourceType": "Account",
                    "identifier": [{"system": NUMBER, "value": account.reference}],
                    "status": "active" if account.active else "inactive",
                    "type": values.concept(values.V3_ACT, "PBILLACCT", "patient billing account"),
                    "subject": [refs("Patient", account)],
                    "coverage": used[account.id],
                }
            )
            for account in records
        }

    # --- writing ----------------------------------------------------------------

    def _subject_of(self, work, op) -> int:
        """The patient account that the first patient among the subjects is."""
        for subject in op.resource.get("subject", ()):
            found = work.record(subject, "Patient", "health.patient.account")
            if found:
                return found
        return 0

    def _find(self, work, ops):
        return {op.index: ("health.patient.account", account) for op in ops if (account := self._subject_of(work, op))}

    def _prepare(self, work, ops):
        """An account is there with its patient; the order of its coverages is all that is written."""
        rows = {}
        for op in ops:
            for entry in op.resource.get("coverage", ()):
                coverage = work.record(entry.get("coverage"), "Coverage", "health.coverage")
                if coverage and entry.get("priority"):
                    rows[coverage] = min(entry["priority"], 99)
        records = self.env["health.coverage"].browse(rows)
        pairs = [(record, {"priority": rows[record.id]}) for record in records if record.priority != rows[record.id]]
        screened = self.env["interop.authority"]._screen(pairs, work.system_id, work.message_id)
        by_priority = defaultdict(records.browse)
        for (record, _vals), vals in zip(pairs, screened, strict=True):
            if vals:
                by_priority[vals["priority"]] |= record
        for priority, changed in by_priority.items():
            changed.with_context(interop_source=work.system_id).write({"priority": priority})

    def _complete(self, work, ops):
        for op in ops:
            account = self._subject_of(work, op)
            if account:
                op.record = ("health.patient.account", account)
