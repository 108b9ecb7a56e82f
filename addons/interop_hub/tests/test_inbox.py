import json

from odoo.tests import tagged

from odoo.addons.interop_hub.contract import Split
from odoo.addons.interop_hub.exceptions import Closed, Rejected

from .common import HubCase


@tagged("post_install", "-at_install")
class TestInbox(HubCase):
    def receive(self, body):
        return self.env["interop.message"]._receive(self.interface, json.dumps(body).encode())

    def test_same_message_twice_gives_the_same_acknowledgement_and_one_row(self):
        first = self.receive({"id": "1"})
        again = self.receive({"id": "1"})
        self.assertEqual(first.results[0].status, "new")
        self.assertEqual(again.results[0].status, "duplicate")
        self.assertEqual(again.body, first.body)
        self.assertEqual(again.results[0].uuid, first.results[0].uuid)

    def test_same_key_with_another_body_is_refused_and_kept(self):
        self.receive({"id": "1", "patient": "a"})
        other = self.receive({"id": "1", "patient": "b"})
        self.assertEqual(other.results[0].status, "conflict")
        self.assertEqual(json.loads(other.body)["status"], "rejected")
        refused = self.env["interop.message"].browse(other.results[0].message_id)
        self.assertEqual(refused.state, "rejected")
        self.assertEqual(json.loads(refused._bodies()[refused.id]), {"id": "1", "patient": "b"})
        self.assertEqual(
            self.env["interop.exception"].search_count([("type", "=", "key_conflict"), ("key", "=", "test-in")]), 1
        )
        third = self.receive({"id": "1", "patient": "b"})
        self.assertEqual(third.results[0].message_id, refused.id)
        self.assertEqual(third.body, other.body)

    def test_keys_are_per_interface(self):
        other = self.make_interface("test-in-2")
        self.assertNotEqual(self.send({"id": "1"}), self.send({"id": "1"}, interface=other))

    def test_bad_input_is_stored_as_rejected(self):
        reception = self.env["interop.message"]._receive(self.interface, b"no json")
        message = self.env["interop.message"].browse(reception.results[0].message_id)
        self.assertEqual(message.state, "rejected")
        self.assertEqual(message.error_code, "test.json")
        self.assertIn("/id", message.error_text)
        self.assertEqual(message._bodies()[message.id], b"no json")

    def test_one_unusable_body_does_not_sink_those_that_arrived_with_it(self):
        def split(handler, interface, body, content_type):
            if body == b"garbage":
                raise Rejected("test.garbage", "this cannot be taken apart")
            return Split([body])

        self.patch(type(self.env["interop.test.handler"]), "_split", split)
        receptions = self.env["interop.message"]._receive_many(
            self.interface, [(b'{"id": "1"}', ""), (b"garbage", ""), (b'{"id": "2"}', "")]
        )
        states = [reception.results[0].state for reception in receptions]
        self.assertEqual(states, ["received", "rejected", "received"])
        self.assertEqual(json.loads(receptions[1].body)["error"]["code"], "test.garbage")

    def test_a_batch_takes_one_statement_for_rows_and_one_for_bodies(self):
        handler = self.env["interop.test.handler"]
        inbounds = [handler._identify(self.interface, json.dumps({"id": str(n)}).encode(), "") for n in range(300)]
        self.interface._row()
        with self.assertQueryCount(2):
            results = self.env["interop.message"]._accept(self.interface, inbounds)
        self.assertEqual([result.status for result in results], ["new"] * 300)
        bodies = self.env["interop.message"].browse([result.message_id for result in results])._bodies()
        self.assertEqual(len(bodies), 300)

    def test_the_same_message_twice_in_one_batch_is_stored_once(self):
        handler = self.env["interop.test.handler"]
        inbounds = [handler._identify(self.interface, b'{"id": "7"}', "") for _n in range(3)]
        results = self.env["interop.message"]._accept(self.interface, inbounds)
        self.assertEqual([result.status for result in results], ["new", "duplicate", "duplicate"])

    def test_bodies_are_encrypted_and_bound_to_their_message(self):
        one, two = self.send({"id": "1", "patient": "Jane"}), self.send({"id": "2", "patient": "Joan"})
        self.env.cr.execute("SELECT sealed FROM interop_payload WHERE message_id = %s", [one.id])
        self.assertNotIn(b"Jane", bytes(self.env.cr.fetchone()[0]))
        self.env.cr.execute(
            "UPDATE interop_payload p SET sealed = q.sealed FROM interop_payload q"
            " WHERE p.message_id = %s AND q.message_id = %s",
            [one.id, two.id],
        )
        with self.assertRaisesRegex(Exception, "altered"):
            one._bodies()

    def test_no_identifier_is_stored_in_clear_beside_the_body(self):
        message = self.send({"id": "1", "patient": "MRN-4711"})
        self.env.cr.execute("SELECT to_jsonb(m)::text FROM interop_message m WHERE id = %s", [message.id])
        self.assertNotIn("4711", self.env.cr.fetchone()[0])

    def test_a_closed_interface_says_why(self):
        self.interface.state = "paused"
        with self.assertRaises(Closed) as caught:
            self.interface._assert_open()
        self.assertEqual(caught.exception.status, 503)
        self.interface.state = "retired"
        with self.assertRaises(Closed) as caught:
            self.interface._assert_open()
        self.assertEqual(caught.exception.status, 410)
        self.interface.state = "active"
        self.env["interop.lane"].action_brake()
        with self.assertRaises(Closed) as caught:
            self.interface._assert_open()
        self.assertEqual(caught.exception.code, "brake")
