from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.health_core.canonical import MergeVisits, MoveVisit, VisitRef
from odoo.addons.interop_hub.exceptions import SetFailed

from .common import CareCase, at, ids


@tagged("post_install", "-at_install")
class TestIntakeMerge(CareCase):
    """Rule 11, and merging and moving visits."""

    def merge_visits(self, survivor, prior):
        return MergeVisits(
            survivor=VisitRef(number=survivor), prior=VisitRef(number=prior), facility="GENERAL", occurred_at=at(0)
        )

    def hooked(self, name):
        told = []
        patcher = patch.object(type(self.env["health.intake"]), name, lambda _self, found: told.append(found))
        patcher.start()
        self.addCleanup(patcher.stop)
        return told

    def test_everything_goes_to_the_survivor(self):
        told = self.hooked("_accounts_merged")
        self.apply(
            self.visit(number="V1", patient=("1",), person={"family": "Doe"}),
            self.visit(
                number="V2", patient=("2",), coverages=(self.cover(),), person={"family": "Doe", "city": "Bonn"}
            ),
        )
        survivor, prior = self.account("1"), self.account("2")
        self.apply(self.merge("1", "2"))
        self.assertEqual(prior.merged_into_id, survivor)
        self.assertFalse(prior.active)
        self.assertTrue(prior.merged_at)
        self.assertEqual(self.account("2"), survivor)
        self.assertEqual(self.encounter("V2").account_id, survivor)
        self.assertEqual(self.encounter("V2").primary_coverage_id.account_id, survivor)
        self.assertEqual(survivor.city, "Bonn", "what was not known comes from the prior")
        self.assertEqual(told, [[(survivor, prior)]])
        self.apply(self.visit(number="V3", patient=("2",)))
        self.assertEqual(self.encounter("V3").account_id, survivor)

    def test_chain_in_one_set_ends_at_the_last_survivor(self):
        told = self.hooked("_accounts_merged")
        self.apply(self.register(("1",)), self.register(("2",)), self.register(("3",)))
        one, two, three = self.account("1"), self.account("2"), self.account("3")
        self.apply(self.merge("2", "1"), self.merge("3", "2"))
        self.assertEqual(one.merged_into_id | two.merged_into_id, three)
        self.assertEqual(told, [[(three, one), (three, two)]])

    def test_chain_over_two_sets_leads_to_the_last_survivor(self):
        self.apply(self.visit(patient=("1",)), self.register(("2",)), self.register(("3",)))
        one, three = self.account("1"), self.account("3")
        self.apply(self.merge("2", "1"))
        self.apply(self.merge("3", "2"))
        self.assertEqual(one.merged_into_id, three)
        self.assertEqual(one._survivors(), three)
        self.assertEqual(self.encounter().account_id, three)

    def test_unknown_sides_are_created(self):
        self.apply(self.visit(patient=("1",), person={"family": "Doe"}))
        prior = self.account("1")
        self.apply(self.merge("new", "1"), self.merge("9", "8"))
        self.assertEqual(prior.merged_into_id, self.account("new"))
        self.assertEqual(self.account("new").name, "Doe")
        self.assertEqual(self.account("8"), self.account("9"))
        self.assertEqual(len(self.account("9").merged_ids), 1)

    def test_repeated_merge_has_no_effect(self):
        told = self.hooked("_accounts_merged")
        self.apply(self.register(("1",)), self.register(("2",)))
        self.apply(self.merge("1", "2"))
        self.apply(self.merge("1", "2"), self.merge("2", "1"))
        self.assertEqual(len(told), 1)

    def test_coverage_of_both_is_kept_once(self):
        self.apply(
            self.visit(number="V1", patient=("1",), coverages=(self.cover(),)),
            self.visit(number="V2", patient=("2",), coverages=(self.cover(),)),
        )
        kept, twin = self.encounter("V1").primary_coverage_id, self.encounter("V2").primary_coverage_id
        self.assertNotEqual(kept, twin)
        self.apply(self.merge("1", "2"))
        self.assertEqual(self.encounter("V2").primary_coverage_id, kept)
        self.assertEqual(self.encounter("V2").coverage_ids.coverage_id, kept)
        self.assertEqual(twin.state, "ended")
        self.apply(self.visit("update", number="V2", patient=("2",), coverages=(self.cover(plan_code="B"),)))
        self.assertEqual(kept.plan_code, "B")

    def test_conflicting_identifiers_of_one_side_wait_for_a_person(self):
        self.apply(self.register(("1",)), self.register(("2",)), self.register(("3",)))
        command = self.merge("1", "2")
        pair = command.pairs[0].model_copy(update={"prior": ids("2", "3")})
        with self.assertRaises(SetFailed) as failed:
            self.apply(command.model_copy(update={"pairs": (pair,)}))
        (error,) = failed.exception.failures.values()
        self.assertEqual(error.exception_type, "identifier_conflict")

    def test_events_before_and_after_a_merge_in_one_set(self):
        self.apply(
            self.visit(number="V1", patient=("1",)),
            self.visit(number="V2", patient=("2",)),
            self.merge("1", "2"),
            self.visit("discharge", number="V2", patient=("1",), minutes=9),
        )
        self.assertEqual(self.encounter("V2").account_id, self.account("1"))
        self.assertEqual(self.encounter("V2").status, "finished")

    def test_merged_visit_leads_to_the_survivor(self):
        told = self.hooked("_visits_merged")
        self.apply(self.visit(number="V1"), self.visit(number="V2", coverages=(self.cover(),)))
        self.apply(self.merge_visits("V1", "V2"))
        survivor, prior = self.encounter("V1"), self.encounter("V2")
        self.assertEqual((prior.merged_into_id, prior.status), (survivor, "cancelled"))
        self.assertEqual(survivor.primary_coverage_id.payer_id, self.payer)
        self.assertEqual(told, [[(survivor, prior)]])
        self.apply(self.visit("discharge", number="V2", minutes=5))
        self.assertEqual((survivor.status, prior.status), ("finished", "cancelled"))

    def test_merge_names_a_visit_that_never_came(self):
        arrived = self.hooked("_visits_arrived")
        self.apply(self.visit(number="V1", class_code="inpatient"))
        self.apply(self.merge_visits("V7", "V1"), self.merge_visits("V7", "V8"))
        survivor = self.encounter("V7")
        self.assertEqual((survivor.class_code, survivor.status), ("inpatient", "in_progress"))
        self.assertEqual(survivor.account_id, self.account())
        self.assertEqual((self.encounter("V1") | self.encounter("V8")).merged_into_id, survivor)
        self.assertEqual(arrived[-1], survivor | self.encounter("V8"))

    def test_merge_of_unknown_visits_waits_for_a_person(self):
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.merge_visits("V1", "V2"))
        (error,) = failed.exception.failures.values()
        self.assertEqual(error.exception_type, "unknown_visit")
        self.assertTrue(error.exception_key.startswith("GH:"))
        self.assertNotIn("V1", error.exception_key)

    def test_visit_moves_to_another_patient(self):
        told = self.hooked("_visits_moved")
        self.apply(self.visit(patient=("1",)))
        former = self.account("1")
        self.apply(
            MoveVisit(visit=VisitRef(number="V1"), identifiers=ids("2"), facility="GENERAL", occurred_at=at(5)),
            self.visit("update", patient=("2",), minutes=6),
        )
        self.assertEqual(self.encounter().account_id, self.account("2"))
        self.assertEqual(told, [[(self.encounter(), former)]])

    def test_move_of_an_unknown_visit_waits_for_a_person(self):
        with self.assertRaises(SetFailed):
            self.apply(
                MoveVisit(visit=VisitRef(number="V1"), identifiers=ids("2"), facility="GENERAL", occurred_at=at(5))
            )

    def test_a_person_merges_accounts_and_the_conflict_that_they_caused_is_settled(self):
        self.apply(self.visit(patient=("1",)), self.visit(number="V2", patient=("2",), person={"city": "Bonn"}))
        one, two = self.account("1"), self.account("2")
        message = self.make_messages(1)
        message.write({"state": "quarantined"})
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.register(("1", "2")))
        (error,) = failed.exception.failures.values()
        exception, other = self.env["interop.exception"]._open(
            [
                {
                    "type": error.exception_type,
                    "key": key,
                    "name": error.text,
                    "company_id": self.env.company.id,
                    "message_ids": messages,
                }
                for key, messages in ((error.exception_key, message.ids), (f"accounts:{one.id}+0", []))
            ]
        )
        manager = new_test_user(self.env, "care_merger", "health_core.group_manager")
        clerk = new_test_user(self.env, "care_reader", "health_core.group_user")
        with self.assertRaises(AccessError):
            (one | two).with_user(clerk).action_merge()
        self.assertEqual((two | one).with_user(manager).action_merge()["res_id"], one.id)
        self.assertEqual((two.merged_into_id, one.city), (one, "Bonn"))
        self.assertEqual(self.encounter("V2").account_id, one)
        self.assertEqual(exception.state, "resolved")
        self.assertNotEqual(message.state, "quarantined")
        with self.assertRaises(UserError):
            (two | one).with_user(manager).action_merge()
        self.assertEqual(other.state, "resolved", "an account that is gone conflicts with nobody")
