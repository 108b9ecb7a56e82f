from odoo.tests import BaseCase, tagged

from odoo.addons.interop_api.trace import take_over

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@tagged("post_install", "-at_install")
class TestTrace(BaseCase):
    def test_a_valid_header_is_continued_with_a_span_of_our_own(self):
        trace = take_over(f"00-{TRACE}-{SPAN}-01")
        self.assertEqual(trace.trace_id, TRACE)
        self.assertNotEqual(trace.span_id, SPAN)
        self.assertEqual(trace.header, f"00-{TRACE}-{trace.span_id}-01")

    def test_a_later_version_is_read_by_position(self):
        self.assertEqual(take_over(f"cc-{TRACE}-{SPAN}-01-what-comes-next").trace_id, TRACE)

    def test_unknown_flags_are_not_passed_on(self):
        self.assertEqual(take_over(f"00-{TRACE}-{SPAN}-ff").flags, "03")

    def test_an_invalid_header_starts_a_new_trace(self):
        for header in (
            None,
            "",
            "junk",
            f"00-{'0' * 32}-{SPAN}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE.upper()}-{SPAN}-01",
            f"ff-{TRACE}-{SPAN}-01",
            f"00-{TRACE}-{SPAN}-01-more",
            f"00-{TRACE}-{SPAN}",
            f"00-{TRACE}-{SPAN}-01\n",
        ):
            with self.subTest(header):
                trace = take_over(header)
                self.assertNotEqual(trace.trace_id, TRACE)
                self.assertRegex(trace.header, r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-00\Z")
