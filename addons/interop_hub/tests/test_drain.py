from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import HubCase


@tagged("post_install", "-at_install")
class TestDrain(HubCase):
    def test_messages_are_processed_in_order_as_one_set(self):
        messages = self.send(*[{"id": str(n), "patient": "p"} for n in range(1, 6)])
        self.assertFalse(self.drain())
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.effects(), [1, 2, 3, 4, 5])
        self.assertEqual(self.registry.interop_test_sets, [5])

    def test_followers_of_a_failure_are_held_and_others_pass(self):
        bad, follower, other = self.send(
            {"id": "1", "patient": "a", "do": "person"}, {"id": "2", "patient": "a"}, {"id": "3", "patient": "b"}
        )
        self.drain()
        self.assertEqual((bad.state, follower.state, other.state), ("quarantined", "held", "done"))
        late = self.send({"id": "4", "patient": "a"})
        self.drain()
        self.assertEqual(late.state, "held")
        self.fix("1")
        bad.exception_id._resolve("fixed")
        self.drain()
        self.assertEqual({m.state for m in (bad, follower, late)}, {"done"})
        self.assertEqual(self.effects(), [3, 1, 2, 4])

    def test_set_failures_take_their_followers_out_before_any_effect(self):
        first, bad, follower = self.send(
            {"id": "1", "patient": "a"}, {"id": "2", "patient": "a", "do": "set"}, {"id": "3", "patient": "a"}
        )
        self.drain()
        self.assertEqual((first.state, bad.state, follower.state), ("done", "quarantined", "held"))
        self.assertEqual(self.effects(), [1])

    @mute_logger("odoo.addons.interop_hub.drain")
    def test_one_crash_in_a_set_is_narrowed_down(self):
        messages = self.send(*[{"id": str(n), "do": "crash" if n == 33 else None} for n in range(1, 101)])
        self.drain()
        bad = messages.filtered(lambda m: m.state != "done")
        self.assertEqual(bad.mapped("reference"), ["33"])
        self.assertEqual(bad.state, "dead")
        self.assertNotIn("secret", bad.error_text)
        self.assertIn("ZeroDivisionError", bad.error_text)
        self.assertEqual(len(self.effects()), 99)
        self.assertLess(len(self.registry.interop_test_sets), 20)

    def test_retries_back_off_and_end_in_a_dead_letter(self):
        self.interface.write({"max_attempts": 3, "retry_base": 100, "retry_cap": 1000})
        message = self.send({"id": "1", "do": "retry"})
        waits = []
        for _attempt in range(2):
            self.drain()
            message.invalidate_recordset()
            self.assertEqual(message.state, "retry")
            self.env.cr.execute(
                "SELECT extract(epoch FROM next_attempt - now() AT TIME ZONE 'UTC') FROM interop_message WHERE id = %s",
                [message.id],
            )
            waits.append(float(self.env.cr.fetchone()[0]))
            self.drain()
            message.invalidate_recordset()
            self.assertEqual(message.attempts, len(waits), "not due yet, so not tried")
            self.due(message)
        self.assertTrue(45 < waits[0] < 155 and 95 < waits[1] < 305, waits)
        self.drain()
        message.invalidate_recordset()
        self.assertEqual((message.state, message.attempts), ("dead", 3))
        self.assertEqual(message.exception_id.type, "dead_letter")
        self.assertEqual(message.attempt_ids.mapped("number"), [3, 2, 1])

    def test_a_refusal_is_an_end_and_lets_followers_go(self):
        bad, follower = self.send({"id": "1", "patient": "a", "do": "reject"}, {"id": "2", "patient": "a"})
        self.drain()
        self.assertEqual((bad.state, follower.state), ("rejected", "done"))
        self.assertTrue(bad.done_at)
        later, held = self.send({"id": "3", "patient": "b", "do": "retry"}, {"id": "4", "patient": "b"})
        self.drain()
        self.assertEqual((later.state, held.state), ("retry", "held"))
        self.fix("3", "reject")
        self.due(later)
        self.drain()
        (later | held).invalidate_recordset()
        self.assertEqual((later.state, held.state), ("rejected", "done"))

    def test_a_retry_that_succeeds_lets_its_followers_go(self):
        message, follower = self.send({"id": "1", "patient": "a", "do": "retry"}, {"id": "2", "patient": "a"})
        self.drain()
        self.fix("1")
        self.due(message)
        self.drain()
        self.assertEqual((message.state, follower.state), ("done", "done"))
        self.assertEqual(self.effects(), [1, 2])

    def test_a_permanent_error_is_not_tried_again(self):
        message = self.send({"id": "1", "do": "permanent"})
        self.drain()
        self.assertEqual((message.state, message.attempts), ("dead", 1))
        self.assertEqual(message.exception_id.blocked_count, 1)

    def test_slots_share_the_partitions_and_keep_order(self):
        self.lane.parallelism = 3
        self.send(*[{"id": str(n), "patient": f"p{n % 20}"} for n in range(1, 201)])
        counts = []
        for slot in range(3):
            self.drain(slot=slot)
            counts.append(len(self.effects()))
        self.assertEqual(counts[-1], 200)
        self.assertTrue(0 < counts[0] < counts[1] < 200, counts)
        per_key = {}
        for effect in self.effects():
            per_key.setdefault(effect % 20, []).append(effect)
        for effects in per_key.values():
            self.assertEqual(effects, sorted(effects))

    def test_a_held_slot_is_not_drained_twice(self):
        message = self.send({"id": "1"})
        other = self.registry_cursor_of_another_session()
        other.execute("SELECT pg_advisory_lock(%s, %s)", [0x1A7E_0001, self.lane.id * 64])
        self.drain()
        self.assertEqual(message.state, "received")
        other.execute("SELECT pg_advisory_unlock(%s, %s)", [0x1A7E_0001, self.lane.id * 64])
        self.drain()
        self.assertEqual(message.state, "done")

    def registry_cursor_of_another_session(self):
        from odoo.sql_db import db_connect

        cursor = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(cursor.close)
        return cursor

    def test_pauses_and_the_brake_stop_processing(self):
        message = self.send({"id": "1"})
        self.lane.paused = True
        self.drain()
        self.assertEqual(message.state, "received")
        self.lane.paused = False
        self.interface.state = "paused"
        self.drain()
        self.assertEqual(message.state, "received")
        self.interface.state = "active"
        self.env["interop.lane"].action_brake()
        self.drain()
        self.assertEqual(message.state, "received")
        self.env["interop.lane"].action_release_brake()
        self.drain()
        self.assertEqual(message.state, "done")

    def test_a_paused_interface_does_not_stop_its_neighbour_on_the_lane(self):
        other = self.make_interface("test-in-2")
        stuck = self.send(*[{"id": str(n)} for n in range(10)])
        self.interface.state = "paused"
        message = self.send({"id": "99"}, interface=other)
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(set(stuck.mapped("state")), {"received"})

    def test_a_budget_leaves_the_rest_for_the_next_run(self):
        self.lane.batch_size = 10
        self.send(*[{"id": str(n)} for n in range(1, 31)])
        self.assertTrue(self.drain(budget=0.0))
        self.assertEqual(len(self.effects()), 10)

    def test_counters_are_kept_per_set(self):
        self.send({"id": "1"}, {"id": "2"}, {"id": "3", "do": "permanent"})
        self.drain()
        self.interface.invalidate_recordset()
        self.assertEqual((self.interface.hour_done, self.interface.hour_failed), (2, 1))
        self.assertEqual(self.interface.failed_count, 1)
