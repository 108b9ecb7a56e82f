import json

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.interop_hub.exceptions import NeedsPerson, Permanent, Rejected

from .common import HubCase


@tagged("post_install", "-at_install")
class TestReceiveNow(HubCase):
    def now(self, body):
        raw = json.dumps(body).encode()
        handler = self.env["interop.test.handler"]
        return self.env["interop.message"]._receive_now(self.interface, handler._identify(self.interface, raw, ""))

    def message(self, now):
        return self.env["interop.message"].browse(now.message_id)

    def test_effects_and_state_are_there_at_once(self):
        now = self.now({"id": "1", "patient": "a"})
        self.assertEqual((now.status, now.state, now.error), ("new", "done", None))
        self.assertEqual(self.effects(), [1])
        message = self.message(now)
        self.assertEqual((message.state, message.attempts), ("done", 1))
        self.assertTrue(message.done_at)
        self.assertEqual(json.loads(message._bodies()[message.id]), {"id": "1", "patient": "a"})

    def test_the_same_message_again_has_no_second_effect_and_gets_what_was_remembered(self):
        now = self.now({"id": "1"})
        now.remember(self.env, b'{"status": 201}')
        again = self.now({"id": "1"})
        self.assertEqual((again.status, again.state), ("duplicate", "done"))
        self.assertEqual(again.acknowledgement, b'{"status": 201}')
        self.assertEqual(again.uuid, now.uuid)
        self.assertEqual(self.effects(), [1])

    def test_the_same_key_with_another_body_is_a_conflict_without_effect(self):
        self.now({"id": "1"})
        self.assertEqual(self.now({"id": "1", "patient": "b"}).status, "conflict")
        self.assertEqual(self.effects(), [1])

    def test_a_refusal_is_told_and_leaves_no_dead_letter(self):
        before = self.env["interop.exception"].search_count([])
        now = self.now({"id": "1", "do": "permanent"})
        self.assertEqual(now.state, "rejected")
        self.assertIsInstance(now.error, Permanent)
        self.assertEqual(now.error.location, "/do")
        self.assertEqual(self.message(now).error_code, "test.bad")
        self.assertEqual(self.effects(), [])
        self.assertEqual(self.env["interop.exception"].search_count([]), before)

    def test_what_a_person_must_decide_waits_and_is_replayed(self):
        now = self.now({"id": "1", "do": "person"})
        self.assertEqual(now.state, "quarantined")
        self.assertIsInstance(now.error, NeedsPerson)
        self.fix("1")
        self.message(now).exception_id._resolve("done")
        self.drain()
        self.message(now).invalidate_recordset()
        self.assertEqual(self.message(now).state, "done")
        self.assertEqual(self.effects(), [1])

    def test_what_may_succeed_later_is_left_to_the_lane(self):
        now = self.now({"id": "1", "do": "retry"})
        self.assertEqual(now.state, "retry")
        self.fix("1")
        self.due(self.message(now))
        self.drain()
        self.assertEqual(self.effects(), [1])

    def test_an_error_nobody_foresaw_waits_for_a_person(self):
        with mute_logger("odoo.addons.interop_hub.drain"):
            now = self.now({"id": "1", "do": "crash"})
        self.assertEqual(now.state, "dead")
        self.assertNotIn("secret", str(now.error))
        self.assertEqual(self.message(now).exception_id.type, "dead_letter")

    def test_order_is_kept_behind_an_open_message_of_the_same_key(self):
        first = self.now({"id": "1", "patient": "a", "do": "person"})
        second = self.now({"id": "2", "patient": "a"})
        self.assertEqual(second.state, "received")
        other = self.now({"id": "3", "patient": "b"})
        self.assertEqual(other.state, "done")
        self.drain()
        self.message(second).invalidate_recordset()
        self.assertEqual(self.message(second).state, "held")
        self.fix("1")
        self.message(first).exception_id._resolve("done")
        self.drain()
        self.assertEqual(self.effects(), [3, 1, 2])

    def test_bad_input_is_only_stored(self):
        inbound = self.env["interop.test.handler"]._identify(self.interface, b"no json", "")
        now = self.env["interop.message"]._receive_now(self.interface, inbound)
        self.assertEqual(now.state, "rejected")
        self.assertIsInstance(now.error, Rejected)
        self.assertEqual(self.message(now)._bodies()[now.message_id], b"no json")
