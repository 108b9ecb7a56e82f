from contextlib import contextmanager
from datetime import datetime

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, tagged

from odoo.addons.health_core.canonical import (
    CoverageData,
    Entry,
    Identifier,
    MergePair,
    MergePatients,
    RecordVisit,
    RegisterPatient,
    VisitRef,
)

NOON = datetime(2026, 3, 2, 12, 0)
CODE = "CORECON"
HOOKS = ("_visits_arrived", "_coverages_changed", "_accounts_merged")


@tagged("post_install", "-at_install")
class TestConcurrency(TransactionCase):
    """Real transactions side by side; what they commit is removed again.

    Each test opens two transactions that see the same world, lets the first
    one commit, and expects the second one to fail rather than to act on what
    it does not see.
    """

    @contextmanager
    def transaction(self):
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '5s'")
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    @contextmanager
    def overlapping(self):
        with self.transaction() as first, self.transaction() as second:
            for env in (first, second):
                env.cr.execute("SELECT count(*) FROM health_encounter")
            yield first, second

    def setUp(self):
        super().setUp()
        self.addCleanup(self.remove)
        self.patch(self.registry["interop.link"], "_add", lambda links, rows: None)  # no messages here, no trail
        for hook in HOOKS:  # what upper addons would add has tests, and remains, of its own
            self.patch(self.registry["health.intake"], hook, lambda intake, found: None)
        with self.transaction() as env:
            self.system_id = env["interop.system"].create({"name": CODE, "code": CODE, "kind": "ehr"}).id
            self.company_id = env["res.company"].search([], limit=1).id
            env["health.facility"].create(
                {
                    "name": CODE,
                    "code": CODE,
                    "company_id": self.company_id,
                    "code_ids": [(0, 0, {"system_id": self.system_id, "code": "*"})],
                }
            )

    def remove(self):
        with self.transaction() as env:
            facility = env["health.facility"].search([("code", "=", CODE)])
            env["health.encounter"].search([("facility_id", "=", facility.id)]).unlink()
            accounts = env["health.patient.identifier"].search([("authority", "=", CODE)]).account_id
            accounts |= accounts.merged_ids
            env["health.coverage"].search([("account_id", "in", accounts.ids)]).unlink()
            accounts.merged_ids.unlink()
            accounts.unlink()
            mappings = env["health.payer.mapping"].search([("system_id", "=", self.system_id)])
            payers = mappings.payer_id
            mappings.unlink()
            partners = payers.partner_id
            payers.unlink()
            partners.unlink()
            facility.unlink()
            env["interop.exception"].search([("key", "like", f"{CODE}:")]).unlink()
            env["interop.audit.event"].flush_model()
            env["interop.system"].browse(self.system_id).unlink()

    def apply(self, env, *commands):
        env["health.intake"]._apply([Entry(0, self.system_id, 0, self.company_id, list(commands))])

    def visit(self, number="1", patient="1", event="admit", **said):
        return RecordVisit(
            occurred_at=NOON,
            event=event,
            visit=VisitRef(number=number),
            identifiers=(Identifier(value=patient),),
            **said,
        )

    def again(self, env):
        env.cr.rollback()
        env.invalidate_all(flush=False)
        return env

    def test_a_new_patient_in_two_transactions_is_one_account(self):
        with self.overlapping() as (first, second):
            self.apply(first, self.visit("1"))
            first.cr.commit()
            with self.assertRaises(OperationalError):
                self.apply(second, self.visit("2"))
            self.apply(self.again(second), self.visit("2"))
            self.assertEqual(second["health.patient.identifier"].search_count([("authority", "=", CODE)]), 1)

    def test_who_misses_a_visit_does_not_miss_its_arrival(self):
        key = (CODE, "1")
        with self.overlapping() as (charging, admitting):
            self.assertFalse(charging["health.intake"]._find_visits([key]))
            charging.cr.commit()
            with self.assertRaises(OperationalError):
                self.apply(admitting, self.visit())
            self.apply(self.again(admitting), self.visit())
        with self.overlapping() as (admitting, charging):
            self.apply(admitting, self.visit("2"))
            admitting.cr.commit()
            with self.assertRaises(OperationalError):
                charging["health.intake"]._find_visits([(CODE, "2")])
            self.assertTrue(self.again(charging)["health.intake"]._find_visits([(CODE, "2")]))

    def test_who_finds_a_cancelled_visit_does_not_miss_its_admission(self):
        with self.transaction() as env:
            self.apply(env, self.visit(event="cancel_admit"))
        with self.overlapping() as (charging, admitting):
            self.assertTrue(charging["health.intake"]._find_visits([(CODE, "1")]))
            charging.cr.commit()
            with self.assertRaises(OperationalError):
                self.apply(admitting, self.visit())

    def test_visits_that_are_there_meet_nobody(self):
        with self.transaction() as env:
            self.apply(env, self.visit())
        with self.overlapping() as (first, second):
            self.assertTrue(first["health.intake"]._find_visits([(CODE, "1")]))
            first.cr.commit()
            self.assertTrue(second["health.intake"]._find_visits([(CODE, "1")]))

    def test_a_visit_of_an_account_that_is_being_merged_goes_to_the_survivor(self):
        with self.transaction() as env:
            for patient in "12":
                self.apply(env, RegisterPatient(occurred_at=NOON, identifiers=(Identifier(value=patient),)))
        pair = MergePair(survivor=(Identifier(value="1"),), prior=(Identifier(value="2"),))
        with self.overlapping() as (admitting, merging):
            self.apply(admitting, self.visit(patient="2"))
            admitting.cr.commit()
            merge = MergePatients(occurred_at=NOON, pairs=(pair,))
            with self.assertRaises(OperationalError):
                self.apply(merging, merge)
            self.apply(self.again(merging), merge)
            account = merging["health.encounter"].search([("authority", "=", CODE)]).account_id
            self.assertFalse(account.merged_into_id)

    def test_who_misses_a_mapping_does_not_miss_its_approval(self):
        with self.transaction() as env:
            partner = env["res.partner"].create({"name": CODE})
            payer = env["health.payer"].create({"name": CODE, "partner_id": partner.id})
            mapping_id = (
                env["health.payer.mapping"]
                .create({"system_id": self.system_id, "code": "NEW", "payer_id": payer.id})
                .id
            )
        covered = self.visit(coverages=(CoverageData(payer_code="NEW"),))
        with self.overlapping() as (admitting, approving):
            self.apply(admitting, covered)
            admitting.cr.commit()
            with self.assertRaises(OperationalError):
                approving["health.payer.mapping"].browse(mapping_id).action_approve()
            self.again(approving)["health.payer.mapping"].browse(mapping_id).action_approve()
            visit = approving["health.encounter"].search([("authority", "=", CODE)])
            self.assertEqual(visit.primary_coverage_id.state, "active")

    def test_sweeping_leaves_fresh_gates_alone(self):
        with self.transaction() as env:
            gate = env["health.intake.gate"]
            gate._meet("test", [(CODE,)])
            gate._gc_gates()
            self.assertTrue(gate.search_count([]))
            env.cr.execute("UPDATE health_intake_gate SET met_at = met_at - interval '2 days'")
            gate._gc_gates()
            self.assertFalse(gate.search_count([]))
            env.cr.rollback()
