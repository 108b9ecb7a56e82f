import logging
import time

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from .. import states

_logger = logging.getLogger(__name__)

#: Charges billed in one transaction: many enough to be a set, few enough that nobody waits long for its locks.
CHARGES = 150
#: Transfers of one transaction.
BATCH = 20
#: First key of the advisory locks on visits being billed.
LOCK = 0x62696C6C
#: Seconds after which a run hands over to the next one.
BUDGET = 5.0
#: How often a batch is tried again after a concurrent change won.
TRIES = 5

WAKE = "health_revenue.wake"

#: What the invoices' own bookkeeping would do per record and billing does not need.
QUIET = {
    "health_billing": True,
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


class HealthBilling(models.AbstractModel):
    """Turns open charges into draft invoices, and corrections into changed drafts and credit notes.

    Everything is done by one scheduled action, woken after the commit that made
    something billable. Each batch is one transaction: killed at any point, it
    leaves nothing half done. Its visits are held by advisory locks, so that a
    second run skips them while messages may still change the visits' rows; what
    a message changes in a charge meanwhile makes one of the two repeat.
    """

    _name = "health.billing"
    _description = "Billing of Charges"

    # -- waking ------------------------------------------------------------------

    @api.model
    def _wake(self):
        """Run billing soon after the current transaction commits; once however often it is called."""
        pending = self.env.cr.precommit.data
        if not pending.get(WAKE):
            pending[WAKE] = True
            self.env.cr.precommit.add(self._trigger)

    def _trigger(self):
        self.env.cr.precommit.data.pop(WAKE, None)
        self.env.ref("health_revenue.cron_bill").sudo()._trigger()

    @api.model
    def _owner(self, system=None, facility=None):
        """Return the user who looks after what concerns a system or a facility."""
        users = self.env["res.users"]
        for record in (system, facility):
            if record and "owner_id" in record._fields and record.owner_id:
                return record.sudo().owner_id
        if system:
            interface = self.env["interop.interface"].sudo().search([("system_id", "=", system.id)], limit=1)
            if interface.owner_id:
                return interface.owner_id
        return users

    # -- the scheduled action ------------------------------------------------------

    @api.model
    def _cron_bill(self):
        """Bill finished visits and closed outpatient days; take back what was amended or credited."""
        deadline = time.monotonic() + BUDGET
        engine = self.sudo().with_context(**QUIET)
        for step in (engine._step_transfer, engine._step_void, engine._step_bill):
            while engine._persist(step):
                if time.monotonic() >= deadline:
                    # Called again behind the jobs that became ready meanwhile, not at once: lanes share these workers.
                    self._wake()
                    self.env["ir.cron"]._commit_progress()
                    return
                self.env["ir.cron"]._commit_progress()

    def _persist(self, step):
        """Run a step; a concurrent transaction that won makes it run again."""
        for attempt in range(1, TRIES + 1):
            try:
                done = step()
                self.env.cr.flush()
                return done
            except OperationalError as error:
                self._rollback()
                if attempt == TRIES:
                    _logger.info("Billing gives way to other transactions (%s)", type(error).__name__)
                    self._wake()
        return 0

    def _rollback(self):
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    @api.model
    def _pending(self):
        """Return how many visits, corrections and transfers wait for the next run."""
        self.env["health.charge.billing"].flush_model()
        self.env.cr.execute(
            "SELECT (SELECT count(*) FROM health_charge_billing WHERE state = 'void_pending' AND exception_id IS NULL)"
            "     + (SELECT count(*) FROM health_receivable_transfer WHERE state = 'pending')"
        )
        return self.env.cr.fetchone()[0] + len(self._due_visits(None, lock=False))

    # -- steps: each one transaction -------------------------------------------------

    def _step_transfer(self):
        transfers = self.env["health.receivable.transfer"]._claim(BATCH)
        if transfers:
            self._isolate(transfers, lambda part: part._run(), self._transfer_failed)
        return len(transfers)

    def _step_void(self):
        links = self.env["health.charge.billing"]._claim_void(CHARGES)
        if links:
            self._isolate(links, lambda part: part._take_back(), self._void_failed)
        return len(links)

    def _step_bill(self):
        ready = self._ready_companies()
        visits = self._due_visits(CHARGES, companies=ready)
        if missing := self._without_partner(visits):
            # First, and in a transaction of its own: messages about these patients need not wait for the invoices.
            self._isolate(missing, lambda part: part.account_id._ensure_partners(), self._bill_failed)
            return len(missing)
        if visits:
            self._isolate(visits, self._bill, self._bill_failed)
        return len(visits)

    def _without_partner(self, visits):
        """Return the visits whose patient owes something and has no billing partner yet."""

        def owes(visit):
            coverage = visit.primary_coverage_id
            return coverage.state != "quarantined" and (not coverage.payer_id or coverage.payer_id.patient_share)

        return visits.filtered(lambda visit: not visit.account_id.partner_id and owes(visit))

    def _isolate(self, records, work, failed):
        """Do the work for all; when it fails, for halves, until the culprit stands alone.

        :param work: called with records
        :param failed: called with one record and the error's class name
        """
        try:
            with self.env.cr.savepoint():
                work(records)
            return
        except OperationalError:
            raise
        except Exception as error:
            if len(records) == 1:
                # The text may quote a partner's name: only the class is told.
                _logger.warning("Billing of %s(%s) failed: %s", records._name, records.id, type(error).__name__)
                failed(records, type(error).__name__)
                return
        middle = len(records) // 2
        self._isolate(records[:middle], work, failed)
        self._isolate(records[middle:], work, failed)

    # -- what is due -----------------------------------------------------------------

    def _ready_companies(self):
        """Return the companies with a sales journal; say so where one is missing."""
        self.env.cr.execute(
            "SELECT c.company_id, SUM(c.amount) FROM health_charge c WHERE c.state = 'captured' GROUP BY c.company_id"
        )
        waiting = dict(self.env.cr.fetchall())
        journals = self.env["account.journal"].search([("type", "=", "sale"), ("company_id", "in", list(waiting))])
        ready = journals.company_id
        exceptions = self.env["interop.exception"]
        missing = self.env["res.company"].browse([company_id for company_id in waiting if company_id not in ready.ids])
        known = exceptions.search([("type", "=", "billing_setup"), ("state", "in", ("open", "in_progress"))])
        exceptions._open(
            [
                {
                    "type": "billing_setup",
                    "key": str(company.id),
                    "name": self.env._("%s has no sales journal: its charges cannot be billed", company.display_name),
                    "company_id": company.id,
                    "amount": float(waiting[company.id]),
                }
                for company in missing - known.company_id
            ]
        )
        known.filtered(lambda exception: exception.company_id in ready)._resolve(
            self.env._("The company has a sales journal now.")
        )
        return ready

    def _due_condition(self):
        """Return SQL over ``c`` (charge), ``e`` (encounter), ``f`` (facility): may be billed now."""
        return SQL(
            """
            c.state = 'captured' AND NOT c.billing_blocked
            AND (e.status = 'finished'
                 OR (e.class_code IN %(daily)s AND e.status <> 'cancelled'
                     AND c.service_date < (%(now)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date))
            AND NOT EXISTS (SELECT 1 FROM health_charge_billing b
                             WHERE b.charge_id = c.id AND b.state = 'void_pending')
            """,
            daily=states.DAILY_CLASSES,
            now=fields.Datetime.now(),
            tz=SQL("f.tz"),
        )

    def _due_visits(self, limit, companies=None, lock=True):
        """Return visits with charges to bill, oldest first, held against other runs.

        :param limit: visits are taken until they have so many charges together; None for all
        :param companies: only charges of these companies
        :param lock: whether to hold them until the end of the transaction, and skip those that are held
        """
        for model in ("health.charge", "health.encounter", "health.charge.billing"):
            self.env[model].flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH due AS MATERIALIZED (
                    SELECT encounter_id
                      FROM (SELECT c.encounter_id, SUM(COUNT(*)) OVER (ORDER BY c.encounter_id) - COUNT(*) AS before
                              FROM health_charge c
                              JOIN health_encounter e ON e.id = c.encounter_id
                              JOIN health_facility f ON f.id = c.facility_id
                             WHERE %s AND %s
                          GROUP BY c.encounter_id) counted
                     WHERE %s
                  ORDER BY encounter_id)
                SELECT encounter_id FROM due WHERE %s
                """,
                self._due_condition(),
                SQL("c.company_id IN %s", tuple(companies.ids) or (0,)) if companies is not None else SQL("TRUE"),
                SQL("before < %s", limit) if limit else SQL("TRUE"),
                SQL("pg_try_advisory_xact_lock(%s, encounter_id)", LOCK) if lock else SQL("TRUE"),
            )
        )
        return self.env["health.encounter"].browse([row[0] for row in self.env.cr.fetchall()])

    def _due_charges(self, encounters):
        self.env.cr.execute(
            SQL(
                """
                SELECT c.id FROM health_charge c
                  JOIN health_encounter e ON e.id = c.encounter_id
                  JOIN health_facility f ON f.id = c.facility_id
                 WHERE c.encounter_id IN %s AND %s
              ORDER BY c.id
                """,
                tuple(encounters.ids),
                self._due_condition(),
            )
        )
        return self.env["health.charge"].browse([row[0] for row in self.env.cr.fetchall()])

    # -- failures --------------------------------------------------------------------

    def _bill_failed(self, encounter, error):
        charges = self._due_charges(encounter)
        exception = self.env["interop.exception"]._open(
            [
                {
                    "type": "billing_failed",
                    "key": str(encounter.id),
                    "name": self.env._("A visit could not be billed (%s)", error),
                    "company_id": charges.company_id[:1].id,
                    "owner_id": self._owner(charges.system_id[:1], charges.facility_id[:1]).id,
                    "amount": sum(charges.mapped("amount")),
                    "res_model": "health.encounter",
                    "res_id": encounter.id,
                }
            ]
        )
        charges._move(
            [
                {"id": charge.id, "state": states.CAPTURED, "billing_blocked": True, "exception_id": exception.id}
                for charge in charges
            ]
        )

    def _void_failed(self, link, error):
        charge = link.charge_id
        exception = self.env["interop.exception"]._open(
            [
                {
                    "type": "billing_failed",
                    "key": f"void:{link.id}",
                    "name": self.env._("A billed charge could not be taken back (%s)", error),
                    "company_id": charge.company_id.id,
                    "owner_id": self._owner(charge.system_id, charge.facility_id).id,
                    "amount": abs(link.amount),
                    "res_model": "health.charge",
                    "res_id": charge.id,
                }
            ]
        )
        link.exception_id = exception

    def _transfer_failed(self, transfer, error):
        survivor = transfer.survivor_id
        company = survivor.company_id or survivor.encounter_ids.company_id[:1] or self.env.company
        exception = self.env["interop.exception"]._open(
            [
                {
                    "type": "receivable_transfer",
                    "key": str(transfer.id),
                    "name": self.env._("Receivables of merged accounts could not be transferred (%s)", error),
                    "company_id": company.id,
                    "res_model": "health.receivable.transfer",
                    "res_id": transfer.id,
                }
            ]
        )
        transfer.write({"state": "failed", "exception_id": exception.id})
