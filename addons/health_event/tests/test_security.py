from odoo.tests import new_test_user, tagged

from odoo.addons.health_event.models.health_discharge import HealthDischarge

from .common import HealthEventCase


@tagged("post_install", "-at_install")
class TestSecurity(HealthEventCase):
    def test_who_sees_events_sees_no_patient(self):
        """The name of the record behind an event is shown to those only who may read the record."""
        self.apply(self.visit())
        reader = new_test_user(self.env, "event-reader", groups="interop_hub.group_metadata", company_id=self.company.id,
                               company_ids=[(6, 0, self.company.ids)])  # fmt: skip
        for event in self.events("encounter.admitted", "account.created").with_user(reader):
            self.assertEqual(event.subject_name, event.aggregatetype)

    def test_listeners_are_no_remote_api(self):
        own = vars(HealthDischarge).items()
        self.assertFalse([name for name, value in own if callable(value) and not name.startswith("_")])
