from odoo.tests import tagged

from .common import Hl7Case, hl7


@tagged("post_install", "-at_install")
class TestRender(Hl7Case):
    def render(self, body):
        return self.env["health.hl7v2.handler"]._render(self.interface, body)

    def test_segments_and_fields_have_their_names(self):
        shown = self.render(hl7())
        for text in ("PID-5", "Patient Name", "Everyman · Adam · J", "PV1-19", "Visit Number", "Patient Visit"):
            self.assertIn(text, shown)

    def test_markup_in_a_message_is_shown_not_run(self):
        shown = self.render(hl7(mrn="<script>alert(1)</script>", more=("ZZ1|<img src=x>",)))
        self.assertNotIn("<script", shown)
        self.assertNotIn("<img", shown)
        self.assertIn("&lt;script&gt;", shown)

    def test_what_is_no_message_is_shown_as_text(self):
        shown = self.render(b"<b>not hl7</b>")
        self.assertIn("&lt;b&gt;not hl7", shown)
