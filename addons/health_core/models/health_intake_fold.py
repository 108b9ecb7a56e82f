from odoo import models

from odoo.addons.interop_hub import keyring
from odoo.addons.interop_hub.exceptions import NeedsPerson, Permanent, SetFailed

from ..fold.account import Account, Coverage, coverage_values, person_values
from ..fold.visit import VISIT_COLUMNS, Visit, visit_values
from .interop_exception import ACCOUNTS

NEW_VISIT = dict.fromkeys(VISIT_COLUMNS) | {"class_code": "other"}


class HealthIntake(models.AbstractModel):
    """Registering patients and recording visits: decide in memory what a set of commands makes of the records."""

    _inherit = "health.intake"

    def _apply_fold(self, steps) -> None:
        """Register patients and record visits: load, fold in memory in order, write, tell the hooks.

        :raises SetFailed: for messages that a person must look at
        """
        keys = [self._identifier_keys(step, step.command.identifiers) for step in steps]
        batch = self._load(steps, keys)
        policies = self._policies(steps)
        for step, step_keys in zip(steps, keys, strict=True):
            self._fold_step(batch, step, step_keys, policies[step.system_id, step.site.company_id])
        if batch.failures:
            raise SetFailed(batch.failures)
        self._write_batch(batch)

    def _policies(self, steps) -> dict:
        """Return per system and company what it does not own: ``(account fields, encounter fields)``."""
        authority = self.env["interop.authority"]
        found = {}
        for source in {(step.system_id, step.site.company_id) for step in steps}:
            verdicts = [authority._verdicts(model, *source) for model in ("health.patient.account", "health.encounter")]
            found[source] = tuple((frozenset(verdict.policies), verdict.create) for verdict in verdicts)
        return found

    def _fold_step(self, batch, step, keys, policies) -> None:
        """Fold one command of a message onto the batch; what a person must decide becomes a failure."""
        command = step.command
        (not_owned, no_account), (visit_not_owned, no_visit) = policies
        ref = getattr(command, "visit", None)
        visit_key = self._visit_key(step, ref) if ref else None
        visit = batch.visits.get(visit_key)
        accounts = batch.account_of(keys)
        if len(accounts) > 1:
            batch.failures[step.message_id] = self._conflict_of_accounts(accounts, keys)
            return
        account = accounts[0] if accounts else None
        if visit is not None and account is not visit.account:
            if keys:
                batch.failures[step.message_id] = NeedsPerson(
                    "visit.patient",
                    "The visit belongs to another patient than the identifiers name",
                    "PV1-19",
                    hint="Merge the patients or move the visit, then resolve",
                    exception_type="identifier_conflict",
                    exception_key=f"visit:{visit_key[0]}:{keyring.ring().digest(visit_key[1])}",
                )
                return
            account = visit.account
        if account is None and not keys:
            batch.failures[step.message_id] = Permanent("patient.missing", "No patient identifier", "PID-3")
            return
        refused = (account is None and no_account) or (visit_key and visit is None and no_visit)
        if refused:
            batch.failures[step.message_id] = NeedsPerson(
                "authority.refused",
                "This system may not create such records",
                exception_type="authority_conflict",
                exception_key=f"create:{step.system_id}",
            )
            return
        account = self._fold_person(batch, step, keys, account, not_owned)
        coverages = self._fold_coverages(batch, step, account) if command.coverages is not None else None
        if visit_key:
            self._fold_visit(batch, step, visit_key, visit, account, coverages, visit_not_owned)

    def _conflict_of_accounts(self, accounts, keys) -> NeedsPerson:
        """Return the failure of a message whose identifiers belong to several living accounts."""
        if all(account.id for account in accounts):
            key = ACCOUNTS + "+".join(str(number) for number in sorted(account.id for account in accounts))
        else:
            key = "identifiers:" + keyring.ring().digest("|".join("^".join(part) for part in sorted(keys)))
        return NeedsPerson(
            "patient.conflict",
            "The identifiers belong to different patient accounts",
            "PID-3",
            hint="Merge the accounts or correct an identifier, then resolve",
            exception_type="identifier_conflict",
            exception_key=key,
        )

    def _fold_person(self, batch, step, keys, account, not_owned) -> Account:
        """Fold demographics and identifiers onto the account, creating it when there is none."""
        values = person_values(step.command.person)
        if account is None:
            account = Account(None, values, step.site.company_id)
            batch.new_accounts.append(account)
        else:
            if not_owned:
                values = self._withhold(batch, step, account, account.values, values, not_owned)
            account.values.update(values)
            account.seen_by(step.site.company_id)
        batch.identify(account, keys)
        batch.touched[step.message_id, account] = None
        return account

    def _withhold(self, batch, step, target, present, values, not_owned) -> dict:
        """Take out what the source does not own; what would have changed something is screened after the write."""
        withheld = {name: value for name, value in values.items() if name in not_owned and present.get(name) != value}
        if withheld:
            batch.withheld.append((target, withheld, step.system_id, step.message_id))
        return {name: value for name, value in values.items() if name not in not_owned}

    def _fold_coverages(self, batch, step, account) -> list[Coverage]:
        """Fold insurances onto the account; return them in order of use, each once."""
        used = {}
        for data in sorted(step.command.coverages, key=lambda data: data.priority):
            key = (step.system_id, data.payer_code, data.member_id or "")
            payer_id = batch.payers.get((step.system_id, data.payer_code))
            coverage = account.coverages.get(key)
            if coverage is None:
                coverage = account.coverages[key] = Coverage(None, key, coverage_values(data, payer_id, None))
            else:
                coverage.values = coverage_values(data, payer_id, coverage.values)
            if coverage.values["state"] == "quarantined":
                source = (step.system_id, data.payer_code, step.site.company_id)
                batch.quarantined.setdefault(source, (step.entry.interface_id, coverage))
            used[key] = coverage
        return list(used.values())

    def _fold_visit(self, batch, step, key, visit, account, coverages, not_owned) -> None:
        """Fold one event onto the visit, creating it when it is unknown, whatever the event."""
        command, system_id = step.command, step.system_id
        attending = command.attending
        attending_id = batch.practitioners.get((attending.authority, attending.value)) if attending else None
        values = visit_values(command, visit, attending_id)
        place = command.point_of_care
        location_id = batch.locations.get((system_id, place.code)) if place else None
        if visit is None:
            visit = batch.visits[key] = Visit(
                None, key, account, step.site.id, step.site.company_id, system_id, dict(NEW_VISIT)
            )
            batch.new_visits.append(visit)
        elif not_owned:
            values = self._withhold(batch, step, visit, visit.values, values, not_owned)
            if "location_ids" in not_owned or "location_label" in not_owned:
                place = None
            if "coverage_ids" in not_owned:
                coverages = None
        visit.record(command, values, system_id, place, location_id, not_owned if visit.id else ())
        if coverages is not None:
            visit.cover(coverages)
        if command.diagnoses is not None and not (visit.id and "diagnosis_ids" in not_owned):
            visit.diagnose(command.diagnoses)
        batch.touched[step.message_id, visit] = None
