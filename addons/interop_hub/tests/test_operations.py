from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.interop_hub.locks import DRAIN, lock_number
from odoo.addons.interop_hub.models.interop_lane_slot import _wake_slot

from .common import HubCase


@tagged("post_install", "-at_install")
class TestOperations(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "hub-operator", "interop_hub.group_operator")

    def test_discarding_needs_a_reason_and_frees_the_followers(self):
        bad, follower = self.send({"id": "1", "patient": "a", "do": "permanent"}, {"id": "2", "patient": "a"})
        self.drain()
        with self.assertRaises(UserError):
            bad.with_user(self.operator).action_discard(" ")
        bad.with_user(self.operator).action_discard("sent by mistake")
        self.drain()
        self.assertEqual((bad.state, follower.state), ("discarded", "done"))
        self.assertIn("sent by mistake", bad.attempt_ids.mapped("error_text"))
        event = self.env["interop.audit.event"].search([("action", "=", "message.discard")], limit=1)
        self.assertEqual((event.user_id, event.res_id, event.reason), (self.operator, bad.id, "sent by mistake"))

    def test_a_finished_message_cannot_be_discarded(self):
        message = self.send({"id": "1"})
        self.drain()
        with self.assertRaises(UserError):
            message.with_user(self.operator).action_discard("why not")

    def test_replay_of_all_that_match(self):
        bad = self.send(*[{"id": str(n), "do": "permanent"} for n in range(1, 4)])
        ok = self.send({"id": "9"})
        self.drain()
        for number in range(1, 4):
            self.fix(str(number))
        count = (
            self.env["interop.message"]
            .with_user(self.operator)
            .action_replay_matching([("interface_id", "=", self.interface.id)])
        )
        self.assertEqual(count, 3)
        self.drain()
        self.assertEqual(set(bad.mapped("state")), {"done"})
        self.assertEqual(ok.attempts, 1, "what was done is not done again")

    def test_a_replayed_message_keeps_its_place(self):
        first, second = self.send({"id": "1", "patient": "a", "do": "permanent"}, {"id": "2", "patient": "a"})
        self.drain()
        self.fix("1")
        first.with_user(self.operator).action_replay()
        self.send({"id": "3", "patient": "a"})
        self.drain()
        self.assertEqual(self.effects(), [1, 2, 3])
        self.assertEqual(second.state, "done")

    def test_only_operators_operate(self):
        watcher = new_test_user(self.env, "hub-watcher", "interop_hub.group_metadata")
        message = self.send({"id": "1", "do": "permanent"})
        self.drain()
        for call in (
            message.with_user(watcher).action_replay,
            lambda: message.with_user(watcher).action_discard("x"),
            self.interface.with_user(watcher).action_pause,
            self.lane.with_user(watcher).action_pause,
            self.env["interop.lane"].with_user(watcher).action_brake,
            message.exception_id.with_user(watcher).action_resolve,
        ):
            with self.assertRaises(AccessError):
                call()

    def test_a_free_slot_is_woken_once_until_somebody_comes(self):
        self.env.cr.execute("DELETE FROM ir_cron_trigger")
        self.assertTrue(_wake_slot(self.env.cr, self.lane.id, 0))
        self.assertFalse(_wake_slot(self.env.cr, self.lane.id, 0), "already called")
        triggers = self.env["ir.cron.trigger"].search([])
        self.assertEqual(triggers.cron_id, self.lane.slot_ids.cron_id)
        self.drain()
        self.assertTrue(_wake_slot(self.env.cr, self.lane.id, 0), "the next one calls again")

    def test_a_slot_being_drained_needs_no_call(self):
        from odoo.sql_db import db_connect

        with db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DRAIN, lock_number(self.lane.id, 0)])
            self.assertFalse(_wake_slot(self.env.cr, self.lane.id, 0))

    def test_lanes_own_as_many_scheduled_actions_as_they_have_slots(self):
        self.lane.parallelism = 3
        self.assertEqual(self.lane.slot_ids.cron_id.mapped("active"), [True] * 3)
        self.lane.parallelism = 1
        crons = self.lane.with_context(active_test=False).slot_ids.sorted("number").cron_id
        self.assertEqual(crons.mapped("active"), [True, False, False])

    def test_a_silent_interface_raises_one_exception_and_recovers(self):
        self.interface.silence_minutes = 10
        message = self.send({"id": "1"})
        self.env.cr.execute(
            "UPDATE interop_message SET received_at = received_at - interval '1 hour' WHERE id = %s", [message.id]
        )
        for _round in range(2):
            self.env["interop.interface"]._watch_silence()
        alarm = self.env["interop.exception"].search([("type", "=", "silent_interface")])
        self.assertEqual((len(alarm), alarm.count, alarm.state), (1, 1, "open"))
        self.send({"id": "2"})
        self.interface.invalidate_recordset()
        self.env["interop.interface"]._watch_silence()
        self.assertEqual(alarm.state, "resolved")
