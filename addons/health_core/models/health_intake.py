from dataclasses import dataclass
from typing import Any

from odoo import models

from odoo.addons.health_core.canonical import Entry
from odoo.addons.interop_hub.exceptions import NeedsPerson, SetFailed

from ..fold.rounds import rounds
from .health_facility_code import ANY_CODE
from .health_mapping_mixin import FOR_INTAKE

#: Commands of these kinds are folded in memory and written together.
FOLDED_KINDS = frozenset({"patient.register", "visit.record"})


@dataclass(slots=True, frozen=True)
class Site:
    """A facility as the intake needs it, without the ORM.

    :ivar patient_authority: assigning authority of patient identifiers that name none
    :ivar visit_authority: assigning authority of visit numbers that name none
    """

    id: int
    code: str
    company_id: int
    patient_authority: str
    visit_authority: str


@dataclass(slots=True)
class Step:
    """One command of one message, with the facility that it belongs to."""

    entry: Entry
    command: Any
    site: Site

    @property
    def message_id(self) -> int:
        return self.entry.message_id

    @property
    def system_id(self) -> int:
        return self.entry.system_id


class HealthIntake(models.AbstractModel):
    """The one door from canonical commands to care and billing records.

    The work is set-based: whatever the number of messages, each model is read
    once, folded in memory and written once, partly by SQL. Overrides of
    ``create`` or ``write`` on the models below are therefore *not* called by
    the intake; upper addons extend the ``_visits_*``, ``_encounters_*`` and
    ``_accounts_*`` hooks, or add a kind of command with a method
    ``_apply_<kind with "." replaced by "_">(steps)``.

    Concurrency: several intakes run at once. Uniqueness is by index only; a row
    that another transaction added meanwhile surfaces as
    ``psycopg2.errors.SerializationFailure``, and the caller repeats the batch.
    What one transaction misses and another adds meets at ``health.intake.gate``.
    """

    _name = "health.intake"
    _description = "Intake of Canonical Commands"

    def _apply(self, entries: list[Entry]) -> None:
        """Apply the commands of many messages, in order, in the current transaction.

        Commands that share a patient, visit or transaction keep their order;
        others may be applied together.

        :param entries: one per message, oldest first
        :raises SetFailed: ``{message_id: NeedsPerson}`` for messages that a person
            must look at; the caller rolls back and calls again without them
        :raises psycopg2.OperationalError: a concurrent transaction won; repeat the batch
        """
        self.env.flush_all()
        intake = self.with_context(**{FOR_INTAKE: True})
        for kind, batch in rounds(intake._steps(entries), FOLDED_KINDS, intake._component_keys):
            method = "_apply_fold" if kind in FOLDED_KINDS else "_apply_" + kind.replace(".", "_")
            getattr(intake, method)(batch)

    def _steps(self, entries: list[Entry]) -> list[Step]:
        """Return the commands of all messages, each with its facility.

        :raises SetFailed: for messages whose sending facility is unknown
        """
        sites = self._sites({entry.system_id for entry in entries})
        steps, failures = [], {}
        for entry in entries:
            for command in entry.commands:
                site = sites.get((entry.system_id, command.facility)) or sites.get((entry.system_id, ANY_CODE))
                if site:
                    steps.append(Step(entry, command, site))
                else:
                    system = self.env["interop.system"].sudo().browse(entry.system_id)
                    failures[entry.message_id] = NeedsPerson(
                        "facility.unknown",
                        "No facility is known for the sending facility code",
                        "MSH-4",
                        hint="Add the code to a facility; the message then runs again",
                        exception_type="unknown_facility",
                        exception_key=f"{system.code}:{command.facility}",
                    )
        if failures:
            raise SetFailed(failures)
        return steps

    def _sites(self, system_ids) -> dict[tuple[int, str], Site]:
        """Return the facilities by system and sending code, in one query."""
        self.env.cr.execute(
            """SELECT c.system_id, c.code, f.id, f.code, f.company_id, f.patient_authority, f.visit_authority
                 FROM health_facility_code c JOIN health_facility f ON f.id = c.facility_id
                WHERE c.system_id = ANY(%s) AND f.active""",
            [list(system_ids)],
        )
        return {
            (system_id, sent): Site(facility_id, code, company_id, patients or code, visits or code)
            for system_id, sent, facility_id, code, company_id, patients, visits in self.env.cr.fetchall()
        }

    def _component_keys(self, steps: list[Step]) -> list[list]:
        """Return what binds each step to others: identifiers, visits, transactions, and the accounts behind them."""
        identifiers, visits = [], []
        for step in steps:
            command = step.command
            known = [getattr(command, "identifiers", ())]
            if command.kind == "patient.merge":
                known = [part for pair in command.pairs for part in (pair.survivor, pair.prior)]
            identifiers.append([key for part in known for key in self._identifier_keys(step, part)])
            refs = [getattr(command, name, None) for name in ("visit", "survivor", "prior")]
            visits.append([self._visit_key(step, ref) for ref in refs if ref])
        accounts = self._find_accounts({key for keys in identifiers for key in keys})
        owners = self._visit_accounts({key for keys in visits for key in keys})
        return [
            [
                *own,
                *numbers,
                *(accounts[key] for key in own if key in accounts),
                *(owners[key] for key in numbers if key in owners),
                *(
                    [("transaction", step.system_id, step.command.transaction_id, step.command.line)]
                    if step.command.kind == "charge.capture"
                    else ()
                ),
            ]
            for step, own, numbers in zip(steps, identifiers, visits, strict=True)
        ]

    # --- hooks for upper addons: extend with super() -------------------------------

    def _visits_arrived(self, encounters) -> None:
        """Called with encounters that now exist and did not before, or are no longer cancelled.

        What waited for the visit can go on. Called once per round, after all
        of the round's rows are written; the records' caches are fresh.
        """

    def _encounters_finished(self, encounters) -> None:
        """Called with encounters that changed to ``finished``."""

    def _encounters_reopened(self, encounters) -> None:
        """Called with encounters that were ``finished`` and are ``in_progress`` again."""

    def _encounters_cancelled(self, encounters) -> None:
        """Called with encounters that changed to ``cancelled``."""

    def _coverages_changed(self, encounters) -> None:
        """Called with *known* encounters whose list of coverages, or a coverage's state, changed.

        Also called when a payer mapping is approved, with the encounters
        whose quarantined coverages it healed.
        """

    def _accounts_merged(self, pairs) -> None:
        """Called after accounts were merged; encounters, coverages and identifiers have moved already.

        :param pairs: list of ``(survivor, prior)`` health.patient.account records, in order
        """

    def _visits_merged(self, pairs) -> None:
        """Called after visits were merged.

        :param pairs: list of ``(survivor, prior)`` health.encounter records; the prior is cancelled
            and has ``merged_into_id`` set
        """

    def _visits_moved(self, moves) -> None:
        """Called after visits moved to another account.

        :param moves: list of ``(encounter, former account)`` records; ``encounter.account_id`` is the new one
        """
