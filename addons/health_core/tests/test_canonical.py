from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from pydantic import ValidationError

from odoo.tests import BaseCase, tagged

from odoo.addons.health_core.canonical import CaptureCharge, CoverageData, PointOfCare, RecordVisit, parse_command


@tagged("post_install", "-at_install")
class TestCanonical(BaseCase):
    """The contracts refuse what the business rules cannot mean."""

    charge = {
        "kind": "charge.capture",
        "occurred_at": datetime(2025, 1, 1),
        "transaction_id": "T",
        "service_code": "S",
        "service_date": date(2025, 1, 1),
    }

    def test_kind_tells_commands_apart(self):
        self.assertIsInstance(parse_command(self.charge), CaptureCharge)
        with self.assertRaises(ValidationError):
            parse_command({**self.charge, "kind": "charge.unknown"})

    def test_errors_show_no_input(self):
        with self.assertRaises(ValidationError) as refused:
            parse_command({**self.charge, "transaction_id": "SECRET" * 40, "quantity": "SECRET"})
        self.assertNotIn("SECRET", str(refused.exception))

    def test_money_is_finite_and_exact(self):
        self.assertEqual(parse_command({**self.charge, "amount": "10.10"}).amount, Decimal("10.10"))
        for amount in ("NaN", "Infinity", "1.1234567", "1" * 16):
            with self.subTest(amount), self.assertRaises(ValidationError):
                parse_command({**self.charge, "amount": amount})

    def test_times_are_utc(self):
        there = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
        visit = RecordVisit(event="admit", occurred_at=there, admitted_at=datetime(2025, 1, 1, tzinfo=UTC))
        self.assertEqual(visit.occurred_at, datetime(2024, 12, 31, 23))
        self.assertEqual(visit.admitted_at, datetime(2025, 1, 1))

    def test_coverage_does_not_end_before_it_begins(self):
        with self.assertRaises(ValidationError):
            CoverageData(payer_code="P", valid_from=date(2025, 2, 1), valid_to=date(2025, 1, 1))

    def test_unknown_fields_are_refused_and_values_are_fixed(self):
        with self.assertRaises(ValidationError):
            parse_command({**self.charge, "colour": "red"})
        with self.assertRaises(ValidationError):
            parse_command(self.charge).line = 2

    def test_point_of_care_reads_as_unit_room_bed(self):
        place = PointOfCare(unit=" 4W ", bed="2")
        self.assertEqual((place.code, place.label), ("4W", "4W-2"))
