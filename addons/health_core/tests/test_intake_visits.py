from odoo.tests import tagged

from odoo.addons.health_core.canonical import DiagnosisData, PractitionerRef
from odoo.addons.interop_hub.exceptions import SetFailed

from .common import CareCase, at


@tagged("post_install", "-at_install")
class TestIntakeVisits(CareCase):
    """Rules 1, 3 and 4: what each event makes of a visit."""

    def test_unknown_sending_facility_waits_for_a_person_and_nothing_is_written(self):
        entries_before = self.env["health.encounter"].search_count([])
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.visit(), self.visit(number="V2", facility="NOWHERE"))
        (error,) = failed.exception.failures.values()
        self.assertEqual(error.exception_type, "unknown_facility")
        self.assertEqual(error.exception_key, "TEST:NOWHERE")
        self.assertEqual(self.env["health.encounter"].search_count([]), entries_before)

    def test_star_stands_for_any_code_but_an_exact_code_wins(self):
        other = self.env["health.facility"].create(
            {"name": "Clinic", "code": "CL", "code_ids": [(0, 0, {"system_id": self.system.id, "code": "*"})]}
        )
        self.apply(self.visit(facility="ELSEWHERE"), self.visit(number="V2", facility="GENERAL"))
        self.assertEqual(self.encounter("V1", "CL").facility_id, other)
        self.assertEqual(self.encounter("V2", "GH").facility_id, self.facility)

    def test_any_first_event_creates_the_visit_in_its_status(self):
        expected = {
            "preadmit": "planned",
            "admit": "in_progress",
            "register": "in_progress",
            "transfer": "in_progress",
            "update": "in_progress",
            "change_class": "in_progress",
            "discharge": "finished",
            "cancel_admit": "cancelled",
            "cancel_transfer": "in_progress",
            "cancel_discharge": "in_progress",
        }
        self.apply(*(self.visit(event, number=event) for event in expected))
        self.assertEqual({event: self.encounter(event).status for event in expected}, expected)

    def test_update_and_transfer_keep_the_status(self):
        self.apply(
            self.visit("preadmit", "P"),
            self.visit("discharge", "F"),
            self.visit("cancel_admit", "C"),
            *(self.visit(event, number) for event in ("update", "transfer") for number in "PFC"),
        )
        self.assertEqual([self.encounter(n).status for n in "PFC"], ["planned", "finished", "cancelled"])

    def test_admission_of_a_planned_and_of_a_cancelled_visit(self):
        self.apply(self.visit("preadmit", "P"), self.visit("cancel_admit", "C"))
        self.apply(self.visit("admit", "P"), self.visit("admit", "C"))
        self.assertEqual([self.encounter(n).status for n in "PC"], ["in_progress", "in_progress"])

    def test_late_admission_does_not_reopen_but_a_readmission_does(self):
        self.apply(self.visit("discharge", minutes=60, discharged_at=at(60)))
        self.apply(self.visit("admit", minutes=5, admitted_at=at(5)))
        self.assertEqual(self.encounter().status, "finished")
        self.assertEqual(self.encounter().admitted_at, at(5))
        self.assertEqual(self.encounter().discharged_at, at(60))
        self.apply(self.visit("admit", minutes=90))
        self.assertEqual(self.encounter().status, "in_progress")
        self.assertFalse(self.encounter().discharged_at)

    def test_cancelled_discharge_clears_the_time_and_reopens_the_stay(self):
        self.apply(
            self.visit(point_of_care="4W-1"),
            self.visit("discharge", minutes=30),
            self.visit("cancel_discharge", minutes=40),
        )
        visit = self.encounter()
        self.assertEqual(visit.status, "in_progress")
        self.assertFalse(visit.discharged_at)
        self.assertFalse(visit.location_ids.to_at)

    def test_stays_are_kept_over_time_and_repeated_places_add_none(self):
        self.apply(
            self.visit("admit", minutes=0, point_of_care="4W-1"),
            self.visit("update", minutes=5, point_of_care="4W-1"),
            self.visit("transfer", minutes=10, point_of_care="ICU-2"),
            self.visit("discharge", minutes=20, point_of_care="ICU-2"),
        )
        rows = self.encounter().location_ids
        self.assertEqual(rows.mapped("label"), ["4W-1", "ICU-2"])
        self.assertEqual(rows.mapped("from_at"), [at(0), at(10)])
        self.assertEqual(rows.mapped("to_at"), [at(10), at(20)])
        self.assertEqual(rows[0].location_id, self.ward)
        self.assertFalse(rows[1].location_id, "an unmapped unit keeps its label only")
        self.assertEqual(self.encounter().location_label, "ICU-2")

    def test_cancelled_transfer_removes_the_last_stay(self):
        self.apply(self.visit(point_of_care="4W-1"), self.visit("transfer", minutes=10, point_of_care="ICU-2"))
        self.apply(self.visit("cancel_transfer", minutes=12, point_of_care="4W-1"))
        visit = self.encounter()
        self.assertEqual(visit.location_ids.mapped("label"), ["4W-1"])
        self.assertFalse(visit.location_ids.to_at)
        self.assertEqual((visit.location_label, visit.location_id), ("4W-1", self.ward))

    def test_class_follows_every_event_that_names_one(self):
        self.apply(self.visit(class_code="outpatient"))
        self.assertEqual(self.encounter().class_code, "outpatient")
        self.apply(self.visit("change_class", class_code="inpatient"), self.visit("update"))
        self.assertEqual(self.encounter().class_code, "inpatient")

    def test_visit_event_without_number_registers_the_patient_only(self):
        self.apply(self.visit(number=None, person={"family": "Doe"}))
        self.assertEqual(self.account().name, "Doe")
        self.assertFalse(self.account().encounter_ids)

    def test_known_visit_needs_no_identifiers(self):
        self.apply(self.visit())
        self.apply(self.visit("discharge", patient=()))
        self.assertEqual(self.encounter().status, "finished")

    def test_visit_of_another_patient_waits_for_a_person(self):
        self.apply(self.visit(), self.register(patient=("2",)))
        with self.assertRaises(SetFailed) as failed:
            self.apply(self.visit("update", patient=("2",)))
        (error,) = failed.exception.failures.values()
        self.assertEqual(error.exception_type, "identifier_conflict")
        self.assertNotIn("V1", error.exception_key)

    def test_attending_is_found_by_npi_by_identifier_or_created_once(self):
        known = self.env["health.practitioner"].create({"family": "House", "given": "G", "npi": "1234567893"})
        self.apply(
            self.visit(number="V1", attending=PractitionerRef(value="1234567893", authority="NPI")),
            self.visit(number="V2", attending=PractitionerRef(value="77", family="Grey", given="M")),
            self.visit(number="V3", attending=PractitionerRef(value="77")),
        )
        self.apply(self.visit(number="V4", attending=PractitionerRef(value="77", authority="TEST")))
        self.assertEqual(self.encounter("V1").attending_id, known)
        grey = self.encounter("V2").attending_id
        self.assertEqual(grey.name, "Grey, M")
        self.assertTrue(grey.from_message)
        self.assertEqual(self.encounter("V3").attending_id | self.encounter("V4").attending_id, grey)

    def test_diagnoses_are_replaced_only_when_said(self):
        self.apply(self.visit(diagnoses=(DiagnosisData(sequence=2, code="J45"), DiagnosisData(sequence=1, code="I10"))))
        self.assertEqual(self.encounter().diagnosis_ids.mapped("code"), ["I10", "J45"])
        self.apply(self.visit("update"))
        self.assertEqual(len(self.encounter().diagnosis_ids), 2)
        self.apply(self.visit("update", diagnoses=(DiagnosisData(code="E11"),)))
        self.assertEqual(self.encounter().diagnosis_ids.mapped("code"), ["E11"])

    def test_messages_lead_to_what_they_touched(self):
        first, second = self.apply(self.visit(), self.visit("update"))
        visit = self.encounter()
        self.assertEqual(self.env["interop.link"]._messages(visit), second | first)
        self.assertEqual(self.env["interop.link"]._messages(visit.account_id), second | first)
        self.assertEqual(visit.message_count, 2)

    def test_a_repeated_event_writes_nothing(self):
        self.apply(self.visit(point_of_care="4W-1", coverages=(self.cover(),), person={"family": "Doe"}))
        before = self.rows()
        self.apply(self.visit(point_of_care="4W-1", coverages=(self.cover(),), person={"family": "Doe"}))
        self.assertEqual(self.rows(), before)

    def rows(self):
        """Return the physical addresses of the visit's rows: they change when a row is written."""
        found = {}
        for table in ("encounter", "patient_account", "coverage", "encounter_coverage", "encounter_location"):
            self.env.cr.execute(f"SELECT id, ctid FROM health_{table} ORDER BY id")
            found[table] = self.env.cr.fetchall()
        return found
