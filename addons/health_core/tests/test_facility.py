from odoo.tests import tagged

from odoo.addons.interop_hub.exceptions import SetFailed

from .common import CareCase


@tagged("post_install", "-at_install")
class TestFacility(CareCase):
    """Facilities, their codes, and cost centers of places."""

    def wait(self, code):
        """Open the exception that an unknown facility leads to, with a message that waits for it."""
        message = self.make_messages(1)
        message.write({"state": "quarantined"})
        return message, self.env["interop.exception"]._open(
            [
                {
                    "type": "unknown_facility",
                    "key": f"TEST:{code}",
                    "name": "unknown facility",
                    "company_id": self.env.company.id,
                    "message_ids": message.ids,
                }
            ]
        )

    def test_adding_the_code_runs_the_waiting_messages_again(self):
        message, exception = self.wait("NORTH")
        other, unanswered = self.wait("SOUTH")
        self.facility.code_ids = [(0, 0, {"system_id": self.system.id, "code": "NORTH"})]
        self.assertEqual(exception.state, "resolved")
        self.assertNotEqual(message.state, "quarantined")
        self.assertEqual((unanswered.state, other.state), ("open", "quarantined"))

    def test_star_answers_all_codes_of_its_system(self):
        _message, exception = self.wait("NORTH")
        self.facility.code_ids = [(0, 0, {"system_id": self.system.id, "code": "*"})]
        self.assertEqual(exception.state, "resolved")

    def test_archived_facility_takes_no_messages(self):
        self.facility.active = False
        with self.assertRaises(SetFailed):
            self.apply(self.visit())

    def test_cost_center_is_inherited_from_parent_and_facility(self):
        plan = self.env["account.analytic.plan"].create({"name": "Cost Centers"})
        house, ward = self.env["account.analytic.account"].create(
            [{"name": "House", "plan_id": plan.id}, {"name": "Ward", "plan_id": plan.id}]
        )
        room = self.env["health.location"].create(
            {"name": "Room", "code": "R1", "facility_id": self.facility.id, "parent_id": self.ward.id}
        )
        self.facility.analytic_account_id = house
        self.assertEqual(room._cost_center(), house)
        self.ward.analytic_account_id = ward
        self.assertEqual(room._cost_center(), ward)
        self.assertEqual(room.complete_name, "Ward 4 / Room")

    def test_encounter_bears_the_cost_center_of_its_place(self):
        plan = self.env["account.analytic.plan"].create({"name": "Cost Centers"})
        self.ward.analytic_account_id = self.env["account.analytic.account"].create(
            {"name": "Ward", "plan_id": plan.id}
        )
        self.apply(self.visit(point_of_care="4W-1"), self.visit(number="V2"))
        placed, nowhere = self.encounter("V1"), self.encounter("V2")
        self.assertEqual(placed._cost_centers()[placed], self.ward.analytic_account_id)
        self.assertFalse(nowhere._cost_centers()[nowhere])
