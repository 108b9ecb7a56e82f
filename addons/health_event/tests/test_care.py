from odoo.tests import tagged

from odoo.addons.health_core.canonical import PointOfCare

from .common import HealthEventCase

VISIT = (
    "encounter.admitted",
    "encounter.transferred",
    "encounter.discharged",
    "encounter.reopened",
    "encounter.cancelled",
)


@tagged("post_install", "-at_install")
class TestCare(HealthEventCase):
    def test_the_life_of_a_visit(self):
        self.apply(self.visit(event="preadmit"))
        self.assertEqual(self.happened(*VISIT), [])
        self.apply(self.visit(point_of_care=PointOfCare(unit="WARD", room="1")))
        self.apply(self.visit(event="transfer", point_of_care=PointOfCare(unit="CLIN", room="2")))
        self.apply(self.visit(event="update"))
        self.apply(self.visit(event="discharge"))
        self.apply(self.visit(event="cancel_discharge"))
        self.apply(self.visit(event="cancel_admit"))
        events = self.events(*VISIT)
        self.assertEqual(
            events.mapped("type"),
            [
                "encounter.admitted",
                "encounter.transferred",
                "encounter.discharged",
                "encounter.reopened",
                "encounter.cancelled",
            ],
        )
        self.assertEqual(set(events.mapped("facility")), {"MAIN"})
        self.assertEqual(events.company_id, self.company)
        self.assertEqual(len(set(events.mapped("aggregateid"))), 1)
        self.assertEqual(events[1].payload, {"class": "inpatient", "unit": "CLIN"})

    def test_a_whole_visit_in_one_set(self):
        self.apply(
            self.visit(point_of_care=PointOfCare(unit="WARD", room="1")),
            self.visit(event="transfer", point_of_care=PointOfCare(unit="CLIN", room="2")),
            self.visit(event="discharge"),
        )
        self.assertEqual(self.happened(*VISIT), ["encounter.admitted", "encounter.transferred", "encounter.discharged"])

    def test_accounts_and_coverages(self):
        self.apply(self.visit(patient="P1", insurers=["INS"]))
        self.apply(self.visit("V200", patient="P2"))
        self.assertEqual(self.happened("account.created", "coverage.changed"), ["account.created"] * 2)
        self.forget()
        self.apply(self.visit(patient="P1", event="update", insurers=["FUND"]))
        self.assertEqual(self.happened("coverage.changed"), ["coverage.changed"])
        self.apply(self.merge("P1", "P2"))
        merged = self.events("account.merged")
        self.assertEqual(len(merged), 1)
        created = self.env["interop.event"].search([("type", "=", "account.created")], order="id desc", limit=2)
        self.assertEqual({merged.aggregateid, merged.payload["survivor"]}, set(created.mapped("aggregateid")))

    def test_charges(self):
        codes = ("charge.captured", "charge.quarantined", "charge.released", "charge.reversed")
        self.apply(self.visit(), self.charge("T1"), self.charge("T2", code="NEW"))
        self.assertEqual(self.happened(*codes), ["charge.captured", "charge.captured", "charge.quarantined"])
        held = self.events("charge.quarantined")
        self.assertEqual(held.payload["reason"], "service")
        self.assertEqual(self.happened("exception.opened"), ["exception.opened"])
        self.forget()
        self.apply(self.charge("T1"))  # the same once more
        self.found("T2").action_reevaluate()
        self.assertEqual(self.happened(*codes), [], "nothing changed")
        self.map_code("health.service.mapping", "NEW", self.xray)
        self.assertEqual(self.happened(*codes), ["charge.released"])
        self.assertEqual(
            self.happened("mapping.approved", "exception.resolved"), ["mapping.approved", "exception.resolved"]
        )
        self.forget()
        self.apply(self.credit("T1"))
        self.assertEqual(self.happened(*codes), ["charge.reversed"])

    def test_no_patient_in_any_event(self):
        self.apply(self.visit(patient="SECRETPATIENT", insurers=["INS"]), self.charge("T1", code="NEW"))
        self.env.cr.execute("SELECT string_agg(e::text, ' ') FROM interop_event e WHERE id > %s", [self.since])
        text = self.env.cr.fetchone()[0]
        for secret in ("SECRETPATIENT", "Testfamily", "V100", "T1"):
            self.assertNotIn(secret, text)

    def test_a_failed_set_leaves_no_event(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.apply(self.visit())
            raise ZeroDivisionError
        self.assertFalse(self.events())

    def test_people_at_the_screen(self):
        self.apply(self.visit())
        self.forget()
        self.encounter().with_context(interop_source=self.system.id).status = "finished"
        self.assertEqual(self.happened(*VISIT), ["encounter.discharged"])
