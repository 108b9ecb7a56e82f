from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DAY, CareCase


@tagged("post_install", "-at_install")
class TestMapping(CareCase):
    """Codes of source systems: approval, validity, and what approval heals."""

    def test_only_approved_and_valid_mappings_count(self):
        service = self.env["health.service"].create({"code": "XR", "name": "X-ray"})
        Mapping = self.env["health.service.mapping"]
        mapping = self.map_code("service", "71020", service, approve=False)
        self.assertFalse(Mapping._resolve_codes(self.system.id, {"71020"}, DAY))
        mapping.action_approve()
        self.assertEqual(Mapping._resolve_codes(self.system.id, {"71020"}, DAY), {"71020": service})
        mapping.date_from = DAY + timedelta(days=1)
        self.assertFalse(Mapping._resolve_codes(self.system.id, {"71020"}, DAY))
        mapping.date_from = False
        mapping.action_retire()
        self.assertFalse(Mapping._resolve_codes(self.system.id, {"71020"}, DAY))

    def test_newer_version_wins(self):
        old, new = self.env["health.service"].create([{"code": "A", "name": "A"}, {"code": "B", "name": "B"}])
        self.map_code("service", "X", old)
        second = self.env["health.service.mapping"].create(
            {"system_id": self.system.id, "code": "X", "version": 2, "service_id": new.id}
        )
        second.action_approve()
        self.assertEqual(self.env["health.service.mapping"]._resolve_codes(self.system.id, {"X"}, DAY), {"X": new})

    def test_mapping_without_target_cannot_be_approved(self):
        for what in ("service", "payer", "location"):
            with self.subTest(what), self.assertRaises(UserError):
                self.map_code(what, "EMPTY")

    def test_approved_location_is_given_to_stays_and_visits_that_waited(self):
        self.apply(
            self.visit(point_of_care="ICU-1"),
            self.visit("transfer", minutes=5, point_of_care="4W-1"),
            self.visit(number="V2", patient=("2",), point_of_care="ICU-2"),
            self.visit(number="V3", patient=("3",), point_of_care="ICU-3"),
            self.visit("transfer", number="V3", patient=("3",), minutes=5, point_of_care="ODD-1"),
        )
        unit = self.env["health.location"].create({"name": "ICU", "code": "ICU", "facility_id": self.facility.id})
        self.map_code("location", "ICU", unit)
        self.assertEqual(self.encounter("V1").location_ids[0].location_id, unit)
        self.assertEqual(self.encounter("V1").location_id, self.ward, "it is elsewhere now")
        self.assertEqual(self.encounter("V2").location_id, unit)
        self.assertEqual(self.encounter("V3").location_ids[0].location_id, unit)
        self.assertFalse(self.encounter("V3").location_id, "where it is now is still not mapped")

    def test_service_price_is_in_the_companys_currency(self):
        service = self.env["health.service"].create({"code": "XR", "name": "X-ray", "list_price": 12.5})
        self.assertEqual(service.currency_id, self.env.company.currency_id)
        self.assertEqual(service.display_name, "[XR] X-ray")
