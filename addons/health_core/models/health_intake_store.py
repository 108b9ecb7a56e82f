from odoo import models

from ..bulk import LOG_COLUMNS, insert_rows, next_ids, update_rows
from ..fold.account import COVERAGE_COLUMNS, PERSON_COLUMNS
from ..fold.batch import Batch
from ..fold.visit import VISIT_COLUMNS, Visit
from .health_patient_account import patient_name

PERSON = tuple(PERSON_COLUMNS.values())
PERSON_TYPES = dict.fromkeys(PERSON, "varchar") | {"birth_date": "date"}
COVERAGE_TYPES = dict.fromkeys(COVERAGE_COLUMNS, "varchar") | {
    "priority": "int",
    "payer_id": "int",
    "valid_from": "date",
    "valid_to": "date",
}
VISIT_TYPES = dict.fromkeys(VISIT_COLUMNS, "varchar") | {
    "admitted_at": "timestamp",
    "discharged_at": "timestamp",
    "attending_id": "int",
    "location_id": "int",
    "primary_coverage_id": "int",
}
STAMP = {"write_uid": "int", "write_date": "timestamp"}


class HealthIntake(models.AbstractModel):
    """Writing what a fold decided; one statement per table."""

    _inherit = "health.intake"

    def _write_batch(self, batch: Batch) -> None:
        """Write what the fold decided, leave the trail, and tell the hooks."""
        now, uid = self.env.cr.now(), self.env.uid
        stamp = (uid, now, uid, now)
        accounts = dict.fromkeys([*batch.new_accounts, *batch.identifiers.values()])
        visits = dict.fromkeys([*batch.new_visits, *batch.visits.values()])
        accounts |= dict.fromkeys(visit.account for visit in visits)
        self._meet_others(accounts, visits)
        self._write_accounts(batch.new_accounts, accounts, stamp)
        changed_coverages = self._write_coverages(accounts, stamp)
        self._write_visits(batch.new_visits, visits, stamp)
        self._write_parts(visits, stamp)
        self.env.invalidate_all(flush=False)
        self.env["interop.link"]._add(
            [
                (message_id, "health.encounter" if isinstance(target, Visit) else "health.patient.account", target.id)
                for message_id, target in batch.touched
            ]
        )
        if batch.quarantined:
            self._open_for_codes(
                "unmapped_payer",
                self.env._("The payer code %(code)s of %(system)s is not mapped"),
                {
                    source: (interface_id, "health.coverage", coverage.id)
                    for source, (interface_id, coverage) in batch.quarantined.items()
                },
            )
        self._screen_withheld(batch)
        self._tell(visits, changed_coverages)

    def _meet_others(self, accounts, visits) -> None:
        """Meet those who look for visits that arrive now, and merges of accounts that get something new."""
        self._meet("visit", [visit.key for visit in visits if visit.arrives])
        grown = {visit.account.id for visit in visits if visit.id is None}
        grown.update(
            account.id
            for account in accounts
            if account.new_identifiers or any(coverage.id is None for coverage in account.coverages.values())
        )
        self._meet("account", [(account_id,) for account_id in grown if account_id])

    def _write_accounts(self, new, accounts, stamp) -> None:
        cr = self.env.cr
        changed = [account for account in accounts if account.id and account.changed]
        for account, account_id in zip(new, next_ids(cr, "health_patient_account", len(new)), strict=True):
            account.id = account_id

        def name(values):
            return patient_name(values.get("family"), values.get("given"), values.get("middle")) or None

        insert_rows(
            cr,
            "health_patient_account",
            ("id", "active", "company_id", "name", *PERSON, *LOG_COLUMNS),
            [
                (a.id, True, a.company_id, name(a.values), *[a.values.get(column) for column in PERSON], *stamp)
                for a in new
            ],
        )
        update_rows(
            cr,
            "health_patient_account",
            {"company_id": "int", "name": "varchar", **PERSON_TYPES, **STAMP},
            [
                (a.id, a.company_id, name(a.values), *[a.values.get(column) for column in PERSON], *stamp[:2])
                for a in changed
            ],
        )
        insert_rows(
            cr,
            "health_patient_identifier",
            ("account_id", "authority", "type", "value", *LOG_COLUMNS),
            [(account.id, *key, *stamp) for account in accounts for key in account.new_identifiers],
        )

    def _write_coverages(self, accounts, stamp) -> set[int]:
        """Write coverages; return the ids of known ones whose state or payer changed."""
        cr = self.env.cr
        new, changed, decisive = [], [], set()
        for account in accounts:
            for coverage in account.coverages.values():
                if coverage.id is None:
                    new.append((account, coverage))
                elif coverage.changed:
                    changed.append(coverage)
                    if any(coverage.values[name] != coverage.stored[name] for name in ("state", "payer_id")):
                        decisive.add(coverage.id)
        for (_account, coverage), coverage_id in zip(new, next_ids(cr, "health_coverage", len(new)), strict=True):
            coverage.id = coverage_id
        insert_rows(
            cr,
            "health_coverage",
            ("id", "account_id", "system_id", "payer_code", "member_id", *COVERAGE_COLUMNS, *LOG_COLUMNS),
            [
                (
                    coverage.id,
                    account.id,
                    coverage.key[0],
                    coverage.key[1],
                    coverage.key[2] or None,
                    *[coverage.values[column] for column in COVERAGE_COLUMNS],
                    *stamp,
                )
                for account, coverage in new
            ],
        )
        update_rows(
            cr,
            "health_coverage",
            {**COVERAGE_TYPES, **STAMP},
            [(c.id, *[c.values[column] for column in COVERAGE_COLUMNS], *stamp[:2]) for c in changed],
        )
        return decisive

    def _write_visits(self, new, visits, stamp) -> None:
        cr = self.env.cr
        for visit, visit_id in zip(new, next_ids(cr, "health_encounter", len(new)), strict=True):
            visit.id = visit_id
        for visit in visits:
            if visit.coverages_changed:
                visit.values["primary_coverage_id"] = visit.coverages[0].id if visit.coverages else None
        insert_rows(
            cr,
            "health_encounter",
            (
                "id",
                "authority",
                "number",
                "account_id",
                "facility_id",
                "company_id",
                "system_id",
                *VISIT_COLUMNS,
                *LOG_COLUMNS,
            ),
            [
                (
                    visit.id,
                    *visit.key,
                    visit.account.id,
                    visit.facility_id,
                    visit.company_id,
                    visit.system_id,
                    *[visit.values[column] for column in VISIT_COLUMNS],
                    *stamp,
                )
                for visit in new
            ],
        )
        update_rows(
            cr,
            "health_encounter",
            {**VISIT_TYPES, **STAMP},
            [
                (visit.id, *[visit.values[column] for column in VISIT_COLUMNS], *stamp[:2])
                for visit in visits
                if visit.stored is not None and visit.changed
            ],
        )

    def _write_parts(self, visits, stamp) -> None:
        """Write stays, coverages in use and diagnoses of the visits."""
        cr = self.env.cr
        gone = [segment.id for visit in visits for segment in visit.removed_segments if segment.id]
        if gone:
            cr.execute("DELETE FROM health_encounter_location WHERE id = ANY(%s)", [gone])
        update_rows(
            cr,
            "health_encounter_location",
            {"to_at": "timestamp", **STAMP},
            [
                (segment.id, segment.to_at, *stamp[:2])
                for visit in visits
                for segment in visit.segments
                if segment.id and segment.changed
            ],
        )
        insert_rows(
            cr,
            "health_encounter_location",
            ("encounter_id", "system_id", "unit", "label", "location_id", "from_at", "to_at", *LOG_COLUMNS),
            [
                (visit.id, s.system_id, s.unit, s.label, s.location_id, s.from_at, s.to_at, *stamp)
                for visit in visits
                for s in visit.segments
                if s.id is None
            ],
        )
        self._replace_parts(
            "health_encounter_coverage",
            ("coverage_id", "sequence"),
            {
                visit: [(coverage.id, position) for position, coverage in enumerate(visit.coverages, start=1)]
                for visit in visits
                if visit.coverages_changed
            },
            stamp,
        )
        self._replace_parts(
            "health_encounter_diagnosis",
            ("sequence", "code", "coding_system", "description", "type"),
            {visit: visit.diagnoses for visit in visits if visit.diagnoses_changed},
            stamp,
        )

    def _replace_parts(self, table, columns, parts, stamp) -> None:
        known = [visit.id for visit in parts if visit.stored is not None]
        if known:
            self.env.cr.execute(f"DELETE FROM {table} WHERE encounter_id = ANY(%s)", [known])
        insert_rows(
            self.env.cr,
            table,
            ("encounter_id", *columns, *LOG_COLUMNS),
            [(visit.id, *row, *stamp) for visit, rows in parts.items() for row in rows],
        )

    def _screen_withheld(self, batch: Batch) -> None:
        """Let the ownership rules note or refuse what their sources may not write."""
        by_system: dict[int, list] = {}
        for target, values, system_id, message_id in batch.withheld:
            model = "health.encounter" if isinstance(target, Visit) else "health.patient.account"
            by_system.setdefault(system_id, []).append((self.env[model].browse(target.id), values, message_id))
        for system_id, rows in by_system.items():
            self.env["interop.authority"]._screen(
                [(record, values) for record, values, _message in rows],
                system_id,
                [message_id for _record, _values, message_id in rows],
            )

    def _tell(self, visits, changed_coverages) -> None:
        """Call the hooks with the encounters that the round changed in a way that matters to billing."""
        told = {"arrived": [], "finished": [], "reopened": [], "cancelled": [], "covered": []}
        for visit in visits:
            before = visit.stored["status"] if visit.stored else None
            after = visit.values["status"]
            if visit.arrives:
                told["arrived"].append(visit.id)
            if after != before:
                if after in ("finished", "cancelled") and (before or after == "finished"):
                    told[after].append(visit.id)
                elif before == "finished":
                    told["reopened"].append(visit.id)
            if before and (visit.coverages_changed or any(c.id in changed_coverages for c in visit.coverages)):
                told["covered"].append(visit.id)
        Encounter = self.env["health.encounter"]
        for name, hook in (
            ("arrived", self._visits_arrived),
            ("cancelled", self._encounters_cancelled),
            ("reopened", self._encounters_reopened),
            ("covered", self._coverages_changed),
            ("finished", self._encounters_finished),
        ):
            if told[name]:
                hook(Encounter.browse(told[name]))
