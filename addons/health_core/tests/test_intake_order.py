import random
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.health_core.canonical import DiagnosisData, PractitionerRef

from .common import CareCase, at

EVENTS = (
    "preadmit",
    "admit",
    "register",
    "transfer",
    "discharge",
    "update",
    "change_class",
    "cancel_admit",
    "cancel_transfer",
    "cancel_discharge",
)


@tagged("post_install", "-at_install")
class TestIntakeOrder(CareCase):
    """A set of messages has the effect of its messages one by one."""

    def story(self, seed):
        """Return forty random events of a few patients and visits, with merges in between."""
        dice = random.Random(seed)
        commands = []
        for minute in range(40):
            number = dice.randrange(5)
            if dice.random() < 0.08:
                commands.append(self.merge(f"P{dice.randrange(5)}", f"P{dice.randrange(5)}", minutes=minute))
                continue
            commands.append(
                self.visit(
                    dice.choice(EVENTS),
                    number=f"V{number}",
                    patient=(f"P{number}",),
                    minutes=minute,
                    person={"family": f"F{number}", "city": dice.choice(["Bonn", "Kiel", "", None])},
                    point_of_care=dice.choice(["4W-1", "4W-2", "ICU-1", None]),
                    class_code=dice.choice(["inpatient", "outpatient", None]),
                    attending=dice.choice([PractitionerRef(value="1", family="A"), PractitionerRef(value="2"), None]),
                    coverages=dice.choice([(self.cover(),), (self.cover("NEW"), self.cover(priority=2)), (), None]),
                    diagnoses=dice.choice([(DiagnosisData(code="I10"),), (), None]),
                )
            )
        return commands

    def test_sets_have_the_effect_of_single_messages(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                states = []
                for one_by_one in (True, False):
                    with self.env.cr.savepoint() as savepoint:
                        self.apply(*self.story(seed), one_by_one=one_by_one)
                        states.append(self.snapshot())
                        savepoint.rollback()
                    self.env.invalidate_all()
                self.maxDiff = None
                self.assertEqual(*states)

    def test_admission_transfer_and_discharge_in_one_set(self):
        told = {}

        def hear(name):
            return patch.object(
                type(self.env["health.intake"]), name, lambda _self, found: told.setdefault(name, []).extend(found)
            )

        with hear("_visits_arrived"), hear("_encounters_finished"), hear("_encounters_cancelled"):
            self.apply(
                self.visit("admit", minutes=0, point_of_care="4W-1", class_code="inpatient"),
                self.visit("transfer", minutes=10, point_of_care="ICU-1"),
                self.visit("discharge", minutes=20),
            )
        visit = self.encounter()
        self.assertEqual((visit.status, visit.admitted_at, visit.discharged_at), ("finished", at(0), at(20)))
        self.assertEqual(visit.location_ids.mapped("to_at"), [at(10), at(20)])
        self.assertEqual(told, {"_visits_arrived": [visit], "_encounters_finished": [visit]})

    def test_hooks_hear_of_changes_of_status(self):
        self.apply(self.visit(), self.visit("discharge", "V2"), self.visit("cancel_admit", "V3"))
        told = []
        hooks = ("_visits_arrived", "_encounters_finished", "_encounters_cancelled", "_encounters_reopened")
        for name in hooks:
            patcher = patch.object(
                type(self.env["health.intake"]),
                name,
                lambda _self, found, name=name: told.append((name, found.mapped("number"))),
            )
            patcher.start()
            self.addCleanup(patcher.stop)
        self.apply(
            self.visit("cancel_admit", "V1"), self.visit("cancel_discharge", "V2"), self.visit("admit", "V3", minutes=5)
        )
        self.assertCountEqual(
            told,
            [("_encounters_cancelled", ["V1"]), ("_encounters_reopened", ["V2"]), ("_visits_arrived", ["V3"])],
        )

    def test_number_of_statements_does_not_grow_with_the_set(self):
        def statements(start, count):
            commands = [
                self.visit(number=f"V{n}", patient=(f"P{n}",), point_of_care="4W-1", coverages=(self.cover(),))
                for n in range(start, start + count)
            ]
            messages = self.make_messages(count)
            entries = [self.entry(message, command) for message, command in zip(messages, commands, strict=True)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["health.intake"]._apply(entries)
            return self.env.cr.sql_log_count - before

        statements(0, 2)
        self.assertEqual(statements(10, 2), statements(100, 60))

    def entry(self, message, command):
        from odoo.addons.health_core.canonical import Entry

        return Entry(message.id, self.system.id, self.interface.id, self.env.company.id, [command])
