from dataclasses import dataclass
from typing import Any

from odoo import models

from odoo.addons.health_core.canonical import Entry
from odoo.addons.interop_hub.exceptions import NeedsPerson, SetFailed

from ..fold.rounds import rounds

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
        steps = self._steps(entries)
        for kind, batch in rounds(steps, FOLDED_KINDS, self._component_keys):
            if kind in FOLDED_KINDS:
                self._apply_fold(batch)
            else:
                getattr(self, "_apply_" + kind.replace(".", "_"))(batch)

    # --- kinds -----------------------------------------------------------------

    def _apply_fold(self, steps: list[Step]) -> None:
        """Register patients and record visits: resolve, fold in memory, write."""

    def _apply_patient_merge(self, steps: list[Step]) -> None:
        """Merge accounts: everything of the prior goes to the survivor, then ``_accounts_merged``."""

    def _apply_visit_merge(self, steps: list[Step]) -> None:
        """Merge visits, then ``_visits_merged``."""

    def _apply_visit_move(self, steps: list[Step]) -> None:
        """Move visits to other accounts, then ``_visits_moved``."""

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

    # --- resolution helpers, also for upper addons -----------------------------------

    def _visit_key(self, step: Step, ref) -> tuple[str, str]:
        """Return ``(authority, number)`` of a VisitRef."""
        return (ref.authority or step.site.visit_authority, ref.number)

    def _identifier_keys(self, step: Step, identifiers) -> list[tuple[str, str, str]]:
        """Return ``(authority, type, value)`` of each Identifier, without repetitions."""
        default = step.site.patient_authority
        return list(dict.fromkeys((i.authority or default, i.type, i.value) for i in identifiers))

    def _find_visits(self, keys) -> dict[tuple[str, str], int]:
        """Return the encounter id of each known ``(authority, number)``; merged visits lead to the survivor."""

    def _find_accounts(self, keys) -> dict[tuple[str, str, str], int]:
        """Return the living account's id of each known ``(authority, type, value)``."""

    def _find_practitioners(self, steps_refs) -> dict[tuple[str, str], int]:
        """Return the practitioner id per ``(authority, value)``, creating unknown ones.

        :param steps_refs: list of ``(step, PractitionerRef)``
        """
