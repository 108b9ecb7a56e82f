from datetime import datetime

from odoo.tests import tagged

from .common import Hl7Case, hl7


@tagged("post_install", "-at_install")
class TestProcessing(Hl7Case):
    def play(self, *bodies):
        """Send and process; return the messages."""
        messages = self.env["interop.message"]
        for body in bodies:
            messages |= self.messages(self.send(body))
        self.drain()
        return messages

    def test_an_admission_becomes_a_patient_and_an_encounter(self):
        message = self.play(hl7())
        self.assertEqual(message.state, "done")
        encounter = self.encounter("V1")
        self.assertEqual((encounter.status, encounter.class_code), ("in_progress", "inpatient"))
        self.assertEqual(encounter.admitted_at, datetime(2026, 3, 5, 10, 13))
        self.assertEqual(encounter.location_label, "4E-136-B")
        self.assertEqual(encounter.account_id, self.account("100234"))
        self.assertEqual(encounter.account_id.family, "Everyman")
        self.assertIn(("health.encounter", encounter.id), [(x.res_model, x.res_id) for x in message.link_ids])

    def test_a_stay_from_admission_to_discharge(self):
        messages = self.play(
            hl7("A05", "1"),
            hl7("A01", "2"),
            hl7("A02", "3", place="ICU^1^A"),
            hl7("A12", "4"),
            hl7("A03", "5"),
            hl7("A13", "6"),
            hl7("A03", "7"),
        )
        self.assertEqual(set(messages.mapped("state")), {"done"})
        encounter = self.encounter("V1")
        self.assertEqual(encounter.status, "finished")
        self.assertTrue(encounter.discharged_at)
        self.assertEqual(encounter.location_ids.mapped("label"), ["4E-136-B"])

    def test_an_update_or_discharge_before_the_admission_creates_the_visit(self):
        messages = self.play(hl7("A08", "1", visit="V8"), hl7("A03", "2", visit="V9"))
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.encounter("V8").status, "in_progress")
        self.assertEqual(self.encounter("V9").status, "finished")

    def test_a_cancelled_admission(self):
        self.play(hl7("A01", "1"), hl7("A11", "2"))
        self.assertEqual(self.encounter("V1").status, "cancelled")

    def test_a_change_of_class(self):
        self.play(hl7("A04", "1", letter="O"), hl7("A06", "2", letter="I"))
        self.assertEqual(self.encounter("V1").class_code, "inpatient")

    def test_a_merge_moves_the_visits_of_every_pair(self):
        pair = "PID|1||{}^^^NORTH^MR"
        merge = hl7(
            "A40",
            "9",
            mrn="500",
            visit="",
            more=("MRG|501^^^NORTH^MR", pair.format("600"), "MRG|601^^^NORTH^MR"),
        )
        messages = self.play(
            hl7("A01", "1", mrn="500", visit="V50"),
            hl7("A01", "2", mrn="501", visit="V51"),
            hl7("A01", "3", mrn="600", visit="V60"),
            hl7("A01", "4", mrn="601", visit="V61"),
            merge,
        )
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.encounter("V51").account_id, self.account("500"))
        self.assertEqual(self.encounter("V61").account_id, self.account("600"))
        self.play(hl7("A04", "5", mrn="501", visit="V52"))
        self.assertEqual(self.encounter("V52").account_id, self.account("500"))

    def test_what_arrives_late_under_a_merged_identifier_reaches_the_survivor(self):
        messages = self.play(
            hl7("A01", "1", mrn="510", visit="V53"),
            hl7("A40", "2", mrn="510", visit="", more=("MRG|511^^^NORTH^MR",)),
            hl7("A01", "3", mrn="511", visit="V54"),
        )
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.encounter("V54").account_id, self.account("510"))

    def test_a_moved_visit_changes_its_patient(self):
        self.play(
            hl7("A01", "1", mrn="700", visit="V70"),
            hl7("A28", "2", mrn="701", visit=""),
            hl7(
                "A45", "3", mrn="701", visit="", more=("MRG|700||||V70^^^NORTH", "PV1|1|I|||||||||||||||||V70^^^NORTH")
            ),
        )
        self.assertEqual(self.encounter("V70").account_id, self.account("701"))

    def test_insurance_and_diagnosis_of_bar(self):
        self.play(hl7("P01", "1", kind="BAR", more=("IN1|1|PPO|AETNA", "DG1|1||R07.9^Pain^I10")))
        encounter = self.encounter("V1")
        self.assertEqual(encounter.coverage_ids.mapped("payer_code"), ["AETNA"])
        self.assertEqual(encounter.diagnosis_ids.mapped("code"), ["R07.9"])

    def test_an_unknown_facility_waits_for_a_person_and_its_followers_wait_behind_it(self):
        bad, follower, other = self.play(
            hl7("A01", "1", mrn="900", facility="NOWHERE"),
            hl7("A08", "2", mrn="900"),
            hl7("A01", "3", mrn="901", visit="V2"),
        )
        self.assertEqual((bad.state, follower.state, other.state), ("quarantined", "held", "done"))
        self.assertEqual(bad.exception_id.type, "unknown_facility")

    def test_times_without_offset_are_in_the_facilitys_zone(self):
        self.facility.tz = "America/New_York"
        body = hl7().replace(b"+0000", b"")
        self.play(body)
        self.assertEqual(self.encounter("V1").admitted_at, datetime(2026, 3, 5, 15, 13))

    def test_the_charset_of_the_request_holds_when_it_is_processed(self):
        body = hl7().decode().replace("Everyman", "Dvořák").encode("iso8859-2")
        self.send(body, "application/hl7-v2; charset=iso-8859-2")
        self.drain()
        self.assertEqual(self.account("100234").family, "Dvořák")

    def test_a_message_without_body_is_dead_and_the_rest_goes_through(self):
        lost, good = (
            self.messages(self.send(hl7("A01", "1", mrn="1"))),
            self.messages(self.send(hl7("A01", "2", mrn="2"))),
        )
        self.env.cr.execute("DELETE FROM interop_payload WHERE message_id = %s", [lost.id])
        self.drain()
        self.assertEqual((lost.state, lost.error_code, good.state), ("dead", "body.missing", "done"))

    def test_five_hundred_messages_take_few_queries(self):
        for n in range(500):
            self.send(hl7("A01", str(n), mrn=f"Q{n}", visit=f"Q{n}"))
        messages = self.env["interop.message"].search([("interface_id", "=", self.interface.id)], order="id")
        self.env.flush_all()
        with self.assertQueryCount(80):
            self.env["health.hl7v2.handler"]._process(self.interface, messages)
            self.env.flush_all()
