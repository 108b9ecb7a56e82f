from odoo import models

from ..bulk import select_rows
from ..fold.account import COVERAGE_COLUMNS, PERSON_COLUMNS, Account, Coverage
from ..fold.batch import Batch
from ..fold.visit import VISIT_COLUMNS, Segment, Visit

PERSON = tuple(PERSON_COLUMNS.values())


class HealthIntake(models.AbstractModel):
    """Reading what a fold needs; one query per table."""

    _inherit = "health.intake"

    def _load(self, steps, keys) -> Batch:
        """Return everything that the steps refer to, with one query per model."""
        batch = Batch()
        commands = [step.command for step in steps]
        visit_keys = {
            self._visit_key(step, step.command.visit) for step in steps if getattr(step.command, "visit", None)
        }
        known = self._find_accounts({key for step_keys in keys for key in step_keys})
        rows = select_rows(
            self.env.cr,
            f"""SELECT k.authority, k.number, e.id, e.account_id, e.facility_id, e.company_id, e.system_id,
                       {", ".join(f"e.{column}" for column in VISIT_COLUMNS)}
                 FROM (VALUES %s) AS k (authority, number)
                 JOIN health_encounter own ON own.authority = k.authority AND own.number = k.number
                 JOIN health_encounter e ON e.id = COALESCE(own.merged_into_id, own.id)""",
            list(visit_keys),
        )
        accounts = self._load_accounts({*known.values(), *(row[3] for row in rows)})
        batch.identifiers = {key: accounts[account_id] for key, account_id in known.items()}
        visits: dict[int, Visit] = {}
        for authority, number, visit_id, account_id, facility_id, company_id, system_id, *values in rows:
            visit = visits.get(visit_id)
            if visit is None:
                stored = dict(zip(VISIT_COLUMNS, values, strict=True))
                visit = visits[visit_id] = Visit(
                    visit_id,
                    (authority, number),
                    accounts[account_id],
                    facility_id,
                    company_id,
                    system_id,
                    dict(stored),
                    stored,
                )
            batch.visits[authority, number] = visit
        self._load_segments(visits)
        if any(getattr(command, "diagnoses", None) is not None for command in commands):
            self._load_diagnoses(visits)
        if any(command.coverages is not None for command in commands):
            self._load_coverages(accounts, visits)
            batch.payers = self._find_mapped(
                "health.payer.mapping",
                {
                    (step.system_id, data.payer_code, step.command.occurred_at.date())
                    for step in steps
                    for data in step.command.coverages or ()
                },
            )
        places = {
            (step.system_id, place.code, step.command.occurred_at.date())
            for step in steps
            if (place := getattr(step.command, "point_of_care", None)) and place.code
        }
        if places:
            batch.locations = self._find_mapped("health.location.mapping", places)
        batch.practitioners = self._find_practitioners(
            [(step, ref) for step in steps if (ref := getattr(step.command, "attending", None))]
        )
        return batch

    def _load_accounts(self, ids) -> dict[int, Account]:
        if not ids:
            return {}
        self.env.cr.execute(
            f"SELECT id, company_id, {', '.join(PERSON)} FROM health_patient_account WHERE id = ANY(%s)", [list(ids)]
        )
        accounts = {}
        for account_id, company_id, *values in self.env.cr.fetchall():
            stored = dict(zip(PERSON, values, strict=True))
            accounts[account_id] = Account(account_id, dict(stored), company_id, (stored, company_id))
        return accounts

    def _load_segments(self, visits: dict[int, Visit]) -> None:
        if visits:
            self.env.cr.execute(
                """SELECT encounter_id, id, system_id, unit, label, location_id, from_at, to_at
                     FROM health_encounter_location WHERE encounter_id = ANY(%s) ORDER BY id""",
                [list(visits)],
            )
            for visit_id, *values in self.env.cr.fetchall():
                visits[visit_id].segments.append(Segment(*values))

    def _load_diagnoses(self, visits: dict[int, Visit]) -> None:
        if visits:
            self.env.cr.execute(
                """SELECT encounter_id, sequence, code, coding_system, description, type
                     FROM health_encounter_diagnosis WHERE encounter_id = ANY(%s) ORDER BY sequence, id""",
                [list(visits)],
            )
            for visit_id, *values in self.env.cr.fetchall():
                visits[visit_id].diagnoses.append(tuple(values))

    def _load_coverages(self, accounts: dict[int, Account], visits: dict[int, Visit]) -> None:
        if not accounts:
            return
        self.env.cr.execute(
            f"""SELECT id, account_id, system_id, payer_code, member_id, {", ".join(COVERAGE_COLUMNS)}
                  FROM health_coverage
                 WHERE account_id = ANY(%(accounts)s)
                    OR id IN (SELECT coverage_id FROM health_encounter_coverage WHERE encounter_id = ANY(%(visits)s))""",
            {"accounts": list(accounts), "visits": list(visits)},
        )
        coverages = {}
        for coverage_id, account_id, system_id, payer_code, member_id, *values in self.env.cr.fetchall():
            stored = dict(zip(COVERAGE_COLUMNS, values, strict=True))
            key = (system_id, payer_code, member_id or "")
            coverage = coverages[coverage_id] = Coverage(coverage_id, key, dict(stored), stored)
            if account_id in accounts and payer_code:
                accounts[account_id].coverages[key] = coverage
        if visits:
            self.env.cr.execute(
                """SELECT encounter_id, coverage_id FROM health_encounter_coverage
                    WHERE encounter_id = ANY(%s) ORDER BY sequence, id""",
                [list(visits)],
            )
            for visit_id, coverage_id in self.env.cr.fetchall():
                visits[visit_id].coverages.append(coverages[coverage_id])
