from odoo import models

from odoo.addons.interop_hub import keyring
from odoo.addons.interop_hub.exceptions import NeedsPerson, SetFailed

from ..bulk import next_ids, update_rows
from ..fold.account import Account, person_values
from ..fold.batch import Batch
from .health_patient_account import DEMOGRAPHICS


class HealthIntake(models.AbstractModel):
    """Merging patient accounts and moving what belongs to them."""

    _inherit = "health.intake"

    def _apply_patient_merge(self, steps) -> None:
        """Merge accounts pair by pair, in order.

        Encounters, coverages and identifiers go to the survivor, and what was
        not known about it is taken from the prior. An unknown side is created:
        its own messages may still be under way. Then ``_accounts_merged``.

        :raises SetFailed: for pairs whose identifiers belong to several accounts
        """
        pairs = [
            (step, pair, self._identifier_keys(step, pair.survivor), self._identifier_keys(step, pair.prior))
            for step in steps
            for pair in step.command.pairs
        ]
        known = self._find_accounts({key for _step, _pair, *both in pairs for keys in both for key in keys})
        loaded = self._load_accounts(set(known.values()))
        batch = Batch(identifiers={key: loaded[account_id] for key, account_id in known.items()})
        policies = self._policies(steps)
        ended: dict[Account, Account] = {}
        for step, pair, survivor_keys, prior_keys in pairs:
            (not_owned, _create), _visit = policies[step.system_id, step.site.company_id]
            self._fold_merge(batch, step, pair, survivor_keys, prior_keys, ended, not_owned)
        if batch.failures:
            raise SetFailed(batch.failures)
        self._write_merge(batch, ended)

    def _fold_merge(self, batch, step, pair, survivor_keys, prior_keys, ended, not_owned) -> None:
        """Decide about one pair; ``ended`` takes ``{prior account: survivor account}``."""
        survivors = batch.account_of(survivor_keys)
        found = batch.account_of(prior_keys)
        if len(survivors) > 1:
            survivors = [account for account in survivors if account not in found]
        priors = [account for account in found if account not in survivors]
        if len(survivors) > 1 or len(priors) > 1:
            batch.failures[step.message_id] = self._conflict_of_accounts(
                survivors if len(survivors) > 1 else priors, survivor_keys + prior_keys
            )
            return
        survivor = survivors[0] if survivors else self._new_account(batch, step, survivor_keys)
        if priors:
            prior = priors[0]
        else:
            prior = survivor if batch.account_of(prior_keys) else self._new_account(batch, step, prior_keys)
        person = person_values(pair.person) if pair.person else {}
        if survivor.id and not_owned:
            person = self._withhold(batch, step, survivor, survivor.values, person, not_owned)
        survivor.values.update(person)
        survivor.seen_by(step.site.company_id)
        batch.identify(survivor, survivor_keys)
        batch.touched[step.message_id, survivor] = None
        if prior is survivor:
            return
        batch.identify(prior, prior_keys)
        ended[prior] = survivor
        batch.touched[step.message_id, prior] = None
        for column, value in prior.values.items():
            if survivor.values.get(column) is None:
                survivor.values[column] = value
        if prior.company_id != survivor.company_id:
            survivor.company_id = None
        for key, account in batch.identifiers.items():
            if account is prior:
                batch.identifiers[key] = survivor

    @staticmethod
    def _new_account(batch, step, keys) -> Account:
        account = Account(None, {}, step.site.company_id)
        batch.new_accounts.append(account)
        batch.identify(account, keys)
        return account

    def _write_merge(self, batch, ended) -> None:
        self._meet("account", [(account.id,) for account in {*ended, *ended.values()} if account.id])
        cr, uid = self.env.cr, self.env.uid
        now = cr.now()
        stamp = (uid, now, uid, now)
        living = dict.fromkeys([*batch.new_accounts, *batch.identifiers.values()])
        for prior in ended:  # new identifiers of an account that ended later in the batch follow it
            final = _final(ended, prior)
            final.new_identifiers += prior.new_identifiers
            prior.new_identifiers = []
            living.setdefault(final)
            if prior.id is None:
                living.setdefault(prior)
        self._write_accounts(batch.new_accounts, living, stamp)
        pairs = [(_final(ended, prior).id, prior.id) for prior in ended]
        self._move_accounts(pairs)
        self.env.invalidate_all(flush=False)
        self.env["interop.link"]._add(
            [(message_id, "health.patient.account", account.id) for message_id, account in batch.touched]
        )
        self._screen_withheld(batch)
        if pairs:
            Patient = self.env["health.patient.account"]
            self._accounts_merged([(Patient.browse(survivor), Patient.browse(prior)) for survivor, prior in pairs])

    def _merge_accounts(self, survivor, priors) -> None:
        """Merge accounts for a person, with all that a merge by message does.

        :param survivor: living health.patient.account
        :param priors: other living accounts
        """
        self.env.flush_all()
        self._meet("account", [(account.id,) for account in survivor | priors])
        if priors.company_id - survivor.company_id or not all(account.company_id for account in priors):
            survivor.company_id = False
        survivor.write(
            {
                name: value
                for name in DEMOGRAPHICS
                if not survivor[name] and (value := next((p[name] for p in priors if p[name]), False))
            }
        )
        self.env.flush_all()
        self._move_accounts([(survivor.id, prior.id) for prior in priors])
        self.env.invalidate_all(flush=False)
        self._accounts_merged([(survivor, prior) for prior in priors])

    def _accounts_merged(self, pairs) -> None:
        super()._accounts_merged(pairs)
        self.env["interop.exception"].sudo()._settle_account_conflicts()

    def _move_accounts(self, pairs) -> None:
        """Move everything of the prior accounts and mark them as merged.

        A coverage that the survivor has too stays behind, ended; the visits
        that used it use the survivor's.

        :param pairs: ``[(survivor id, prior id), …]``
        """
        if not pairs:
            return
        cr = self.env.cr
        survivors, priors = (list(column) for column in zip(*pairs, strict=True))
        values = {"survivors": survivors, "priors": priors, "now": cr.now(), "uid": self.env.uid}
        merged = "unnest(%(survivors)s::int[], %(priors)s::int[]) AS merged (survivor, prior)"
        stamp = "write_date = %(now)s, write_uid = %(uid)s"
        cr.execute(
            f"""UPDATE health_patient_account account
                   SET merged_into_id = merged.survivor, {stamp},
                       active = FALSE, merged_at = COALESCE(account.merged_at, %(now)s)
                  FROM {merged} WHERE account.id = merged.prior OR account.merged_into_id = merged.prior""",
            values,
        )
        for table in ("health_encounter", "health_patient_identifier"):
            cr.execute(
                f"UPDATE {table} t SET account_id = merged.survivor, {stamp} FROM {merged}"
                " WHERE t.account_id = merged.prior",
                values,
            )
        cr.execute(
            f"""SELECT c.id, c.account_id, merged.survivor, c.system_id, c.payer_code, c.member_id
                  FROM {merged} JOIN health_coverage c ON c.account_id IN (merged.prior, merged.survivor)
                 WHERE c.state <> 'ended'
              ORDER BY c.account_id <> merged.survivor, c.id""",
            values,
        )
        kept, twins, moved = {}, [], []
        for coverage_id, account_id, survivor, system_id, payer_code, member_id in cr.fetchall():
            key = (survivor, system_id, payer_code, member_id or "") if payer_code else coverage_id
            first = kept.setdefault(key, coverage_id)
            if first != coverage_id:
                twins.append((first, coverage_id))
            elif account_id != survivor:
                moved.append((coverage_id, survivor))
        update_rows(cr, "health_coverage", {"account_id": "int"}, moved)
        self._replace_coverages(twins)

    def _replace_coverages(self, twins) -> None:
        """End coverages that another one stands for now, and use that one in the visits.

        :param twins: ``[(coverage id that stays, coverage id that ends), …]``
        """
        if not twins:
            return
        cr = self.env.cr
        stays, ends = (list(column) for column in zip(*twins, strict=True))
        values = {"stays": stays, "ends": ends}
        twin = "unnest(%(stays)s::int[], %(ends)s::int[]) AS twin (stays, ends)"
        cr.execute(
            f"""DELETE FROM health_encounter_coverage used USING {twin}
                 WHERE used.coverage_id = twin.ends
                   AND EXISTS (SELECT 1 FROM health_encounter_coverage other
                                WHERE other.encounter_id = used.encounter_id AND other.coverage_id = twin.stays)""",
            values,
        )
        for statement in (
            f"UPDATE health_encounter_coverage t SET coverage_id = twin.stays FROM {twin} WHERE t.coverage_id = twin.ends",
            f"UPDATE health_encounter t SET primary_coverage_id = twin.stays FROM {twin}"
            " WHERE t.primary_coverage_id = twin.ends",
            "UPDATE health_coverage SET state = 'ended' WHERE id = ANY(%(ends)s)",
        ):
            cr.execute(statement, values)

    # --- visits ----------------------------------------------------------------

    def _apply_visit_merge(self, steps) -> None:
        """Merge visits: the prior is cancelled and its number leads to the survivor; then ``_visits_merged``.

        A prior that never came is remembered, so that its number leads to the
        survivor when it is used; an unknown survivor takes over the prior's facts.

        :raises SetFailed: when neither visit is known
        """
        pairs = [
            (step, self._visit_key(step, step.command.survivor), self._visit_key(step, step.command.prior))
            for step in steps
        ]
        found = self._find_visits({key for _step, *keys in pairs for key in keys})
        missing = list(dict.fromkeys(key for _step, *keys in pairs for key in keys if key not in found))
        reserved = dict(zip(missing, next_ids(self.env.cr, "health_encounter", len(missing)), strict=True))
        ended: dict[int, int] = {}
        copies: dict[int, tuple] = {}
        failures, links = {}, []
        for step, survivor_key, prior_key in pairs:
            survivor, prior = found.get(survivor_key), found.get(prior_key)
            if survivor is None and prior is None:
                failures[step.message_id] = self._unknown_visit(survivor_key)
                continue
            for key, known, other in ((survivor_key, survivor, prior), (prior_key, prior, survivor)):
                if known is None:
                    found[key] = reserved[key]
                    copies[reserved[key]] = (*key, copies[other][2] if other in copies else other)
            survivor, prior = found[survivor_key], found[prior_key]
            if survivor != prior:
                ended[prior] = survivor
                found = {key: survivor if visit == prior else visit for key, visit in found.items()}
            links += [(step.message_id, "health.encounter", survivor), (step.message_id, "health.encounter", prior)]
        if failures:
            raise SetFailed(failures)
        self._meet("visit", [key for _step, *keys in pairs for key in keys])
        self._copy_visits(copies)
        pairs = [(_final(ended, prior), prior) for prior in ended]
        self._move_visits(pairs)
        self.env.invalidate_all(flush=False)
        self.env["interop.link"]._add(links)
        Encounter = self.env["health.encounter"]
        if copies:
            self._visits_arrived(Encounter.browse(copies))
        if pairs:
            self._visits_merged([(Encounter.browse(survivor), Encounter.browse(prior)) for survivor, prior in pairs])

    def _copy_visits(self, copies) -> None:
        """Create visits that only a merge has named, with the facts of the other visit.

        :param copies: ``{new id: (authority, number, id of the visit to copy)}``
        """
        if not copies:
            return
        rows = [(fresh, *values) for fresh, values in copies.items()]
        ids, authorities, numbers, models_ = (list(column) for column in zip(*rows, strict=True))
        facts = """account_id, facility_id, company_id, system_id, class_code, status, admitted_at, discharged_at,
                   attending_id, account_number, location_id, location_label,
                   create_uid, create_date, write_uid, write_date"""
        self.env.cr.execute(
            f"""INSERT INTO health_encounter (id, authority, number, {facts})
                SELECT fresh.id, fresh.authority, fresh.number, {facts}
                  FROM unnest(%s::int[], %s::text[], %s::text[], %s::int[]) AS fresh (id, authority, number, copied)
                  JOIN (SELECT id AS copied, {facts} FROM health_encounter) AS known USING (copied)""",
            [ids, authorities, numbers, models_],
            log_exceptions=False,
        )

    def _move_visits(self, pairs) -> None:
        """Cancel the prior visits, lead their numbers to the survivor and move their rows.

        :param pairs: ``[(survivor id, prior id), …]``
        """
        if not pairs:
            return
        survivors, priors = (list(column) for column in zip(*pairs, strict=True))
        values = {"survivors": survivors, "priors": priors, "now": self.env.cr.now(), "uid": self.env.uid}
        merged = "unnest(%(survivors)s::int[], %(priors)s::int[]) AS merged (survivor, prior)"
        for statement in (
            f"""UPDATE health_encounter t
                   SET merged_into_id = merged.survivor, status = 'cancelled', write_date = %(now)s, write_uid = %(uid)s
                  FROM {merged} WHERE t.id = merged.prior OR t.merged_into_id = merged.prior""",
            f"""INSERT INTO health_encounter_coverage (encounter_id, coverage_id, sequence)
                SELECT DISTINCT ON (merged.survivor, used.coverage_id)
                       merged.survivor, used.coverage_id, 100 + used.sequence
                  FROM {merged} JOIN health_encounter_coverage used ON used.encounter_id = merged.prior
              ORDER BY merged.survivor, used.coverage_id, used.sequence
           ON CONFLICT DO NOTHING""",
            f"""UPDATE health_encounter t
                   SET primary_coverage_id = (SELECT used.coverage_id FROM health_encounter_coverage used
                                               WHERE used.encounter_id = t.id ORDER BY used.sequence, used.id LIMIT 1)
                  FROM {merged} WHERE t.id = merged.survivor AND t.primary_coverage_id IS NULL""",
        ):
            self.env.cr.execute(statement, values)

    def _apply_visit_move(self, steps) -> None:
        """Move visits to the account of the identifiers, creating it when unknown; then ``_visits_moved``.

        :raises SetFailed: for unknown visits and ambiguous identifiers
        """
        keys = [self._identifier_keys(step, step.command.identifiers) for step in steps]
        known = self._find_accounts({key for step_keys in keys for key in step_keys})
        loaded = self._load_accounts(set(known.values()))
        batch = Batch(identifiers={key: loaded[account_id] for key, account_id in known.items()})
        visit_keys = [self._visit_key(step, step.command.visit) for step in steps]
        visits = self._find_visits(set(visit_keys))
        moves: dict[int, Account] = {}
        for step, step_keys, visit_key in zip(steps, keys, visit_keys, strict=True):
            accounts = batch.account_of(step_keys)
            if visit_key not in visits:
                batch.failures[step.message_id] = self._unknown_visit(visit_key)
            elif len(accounts) > 1:
                batch.failures[step.message_id] = self._conflict_of_accounts(accounts, step_keys)
            else:
                account = accounts[0] if accounts else Account(None, {}, step.site.company_id)
                if not accounts:
                    batch.new_accounts.append(account)
                account.seen_by(step.site.company_id)
                batch.identify(account, step_keys)
                moves[visits[visit_key]] = account
                batch.touched[step.message_id, account] = None
        if batch.failures:
            raise SetFailed(batch.failures)
        self._write_moves(batch, moves)
        self.env["interop.link"]._add(
            [(step.message_id, "health.encounter", visits[key]) for step, key in zip(steps, visit_keys, strict=True)]
        )

    def _write_moves(self, batch, moves) -> None:
        now, uid = self.env.cr.now(), self.env.uid
        self._meet("account", [(account.id,) for account in moves.values() if account.id])
        living = dict.fromkeys([*batch.new_accounts, *batch.identifiers.values()])
        self._write_accounts(batch.new_accounts, living, (uid, now, uid, now))
        Encounter, Patient = self.env["health.encounter"], self.env["health.patient.account"]
        encounters = Encounter.browse(moves)
        former = {encounter: encounter.account_id for encounter in encounters}
        changed = [encounter for encounter in encounters if former[encounter].id != moves[encounter.id].id]
        update_rows(
            self.env.cr,
            "health_encounter",
            {"account_id": "int", "write_uid": "int", "write_date": "timestamp"},
            [(encounter.id, moves[encounter.id].id, uid, now) for encounter in changed],
        )
        self.env.invalidate_all(flush=False)
        self.env["interop.link"]._add(
            [(message_id, Patient._name, account.id) for message_id, account in batch.touched]
        )
        if changed:
            self._visits_moved([(encounter, former[encounter]) for encounter in changed])

    def _unknown_visit(self, key) -> NeedsPerson:
        return NeedsPerson(
            "visit.unknown",
            "The visit is not known",
            "PV1-19",
            exception_type="unknown_visit",
            exception_key=f"{key[0]}:{keyring.ring().digest(key[1])}",
        )


def _final(ended, ending):
    """Return what an account or visit ended in, following merges of merges."""
    final = ended[ending]
    while final in ended:
        final = ended[final]
    return final
