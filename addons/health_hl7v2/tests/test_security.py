from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import Hl7Case, hl7

SECRETS = ("Everyman", "Elm Street", "100234", "19610615")


@tagged("post_install", "-at_install")
class TestSecurity(Hl7Case):
    def test_nothing_of_the_handler_is_a_remote_call(self):
        own = {
            name
            for cls in type(self.env["health.hl7v2.handler"]).mro()
            if getattr(cls, "_module", None) == "health_hl7v2"
            for name, value in vars(cls).items()
            if callable(value) and not name.startswith("_")
        }
        self.assertFalse(own)

    def test_metadata_of_a_refused_message_shows_no_patient(self):
        for body in (
            hl7().replace(b"20260305101300", b"Everyman"),
            hl7(mrn="100234" * 30),
            hl7().replace(b"ADT^A01", b"Everyman^100234"),
            hl7().replace(b"PV1|", b"Everyman|"),
        ):
            message = self.messages(self.send(body))
            self.assertEqual(message.state, "rejected")
            row = " ".join(str(value) for value in message.read()[0].values())
            for secret in SECRETS:
                self.assertNotIn(secret, row)

    def test_a_refusal_repeats_nothing_of_the_content(self):
        reception = self.send(hl7().replace(b"20260305101300", b"Everyman"))
        for secret in SECRETS:
            self.assertNotIn(secret.encode(), reception.body)

    def test_identifiers_are_stored_as_keyed_hashes_only(self):
        message = self.messages(self.send(hl7()))
        self.env.cr.execute("SELECT row_to_json(m)::text FROM interop_message m WHERE id = %s", [message.id])
        row = self.env.cr.fetchone()[0]
        for secret in SECRETS:
            self.assertNotIn(secret, row)

    def test_the_readable_body_needs_the_right_to_payloads(self):
        message = self.messages(self.send(hl7()))
        watcher = new_test_user(self.env, "hl7-watcher", "interop_hub.group_metadata")
        reader = new_test_user(self.env, "hl7-reader", "interop_hub.group_payload")
        with mute_logger("odoo.addons.base.models.ir_rule"), self.assertRaises(AccessError):
            message.with_user(watcher)._open_payload("curious")
        self.assertIn("Everyman", message.with_user(reader)._open_payload("a complaint")[message.id])
