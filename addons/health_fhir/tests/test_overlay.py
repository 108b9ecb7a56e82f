from odoo.tests import BaseCase, tagged

from odoo.addons.health_fhir import overlay


@tagged("post_install", "-at_install")
class TestOverlay(BaseCase):
    """Received elements stay while the record says what it said."""

    RECORD = {"resourceType": "Patient", "name": [{"family": "A"}], "gender": "male"}
    BODY = {
        "name": [{"family": "A", "prefix": ["Dr"]}],
        "gender": "male",
        "_gender": {"id": "g"},
        "photo": [{"id": "1"}],
    }

    def test_unchanged_is_given_back_as_received(self):
        then = overlay.prints(self.RECORD)
        self.assertEqual(overlay.merge(self.RECORD, then, self.BODY, then), (self.BODY, False))

    def test_a_changed_element_is_the_records(self):
        then = overlay.prints(self.RECORD)
        now = {**self.RECORD, "name": [{"family": "B"}], "birthDate": "2000-01-01"}
        merged, changed = overlay.merge(now, overlay.prints(now), self.BODY, then)
        self.assertTrue(changed)
        self.assertEqual(merged["name"], [{"family": "B"}])
        self.assertEqual(merged["birthDate"], "2000-01-01")
        self.assertEqual((merged["_gender"], merged["photo"]), ({"id": "g"}, [{"id": "1"}]))

    def test_an_element_that_the_record_lost_is_gone_with_its_twin(self):
        then = overlay.prints(self.RECORD)
        now = {"resourceType": "Patient", "name": [{"family": "A"}]}
        merged, _changed = overlay.merge(now, overlay.prints(now), self.BODY, then)
        self.assertEqual(set(merged), {"name", "photo"})

    def test_foreign_contained_resources_stay(self):
        own = {"resourceType": "Condition", "id": f"{overlay.OWN_CONTAINED}dx1"}
        other = {"resourceType": "Organization", "id": "o1"}
        before = {"contained": [own]}
        merged, _changed = overlay.merge(
            {"contained": [own, {**own, "id": f"{overlay.OWN_CONTAINED}dx2"}]},
            {"contained": "2"},
            {"contained": [other, own]},
            overlay.prints(before),
        )
        self.assertEqual([part["id"] for part in merged["contained"]], ["o1", "own-dx1", "own-dx2"])

    def test_only_what_was_there_before_is_filled_in(self):
        record = {"resourceType": "Patient", "active": True, "gender": "male"}
        self.assertEqual(overlay.fill(record, {"name": []}, {"gender": "male"}), {"name": [], "gender": "male"})
