from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.interop_hub.locks import WORKER, lock_number

from .common import HubCase


@tagged("post_install", "-at_install")
class TestOverview(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.watcher = new_test_user(cls.env, "overview-watcher", "interop_hub.group_metadata")
        cls.operator = new_test_user(cls.env, "overview-operator", "interop_hub.group_operator")

    def data(self, user=None):
        self.env.flush_all()
        return self.env["interop.overview"].with_user(user or self.watcher).get_data()

    def row(self, data=None):
        return next(row for row in (data or self.data())["interfaces"] if row["id"] == self.interface.id)

    def test_states_are_counted_per_interface_and_in_total(self):
        before = self.data()["totals"]
        self.send(
            {"id": "1", "patient": "a", "do": "person"},
            {"id": "2", "patient": "a"},
            {"id": "3", "do": "permanent"},
            {"id": "4", "do": "retry"},
            {"id": "5"},
        )
        self.drain()
        self.send({"id": "6"})
        data = self.data()
        row = self.row(data)
        self.assertEqual(
            row["states"],
            {"received": 1, "retry": 1, "held": 1, "quarantined": 1, "ambiguous": 0, "dead": 1},
        )
        self.assertEqual((row["waiting"], row["failed_now"]), (3, 2))
        for state, count in row["states"].items():
            self.assertEqual(data["totals"][state] - before[state], count, state)
        self.assertEqual((row["hour_done"], row["hour_failed"]), (1, 3))
        self.assertEqual((len(row["done"]), row["done"][-1] + row["done"][-2]), (60, 1))
        self.assertEqual(len(data["minutes"]), 60)

    def test_the_oldest_waiting_message_counts_not_the_oldest_failed(self):
        dead, waiting, _new = self.send({"id": "1", "do": "permanent"}, {"id": "2", "do": "retry"}, {"id": "3"})
        self.drain()
        self.env.cr.execute(
            """UPDATE interop_message SET received_at = received_at - make_interval(hours => v.h)
                 FROM (VALUES (%s, 5), (%s, 2)) AS v(id, h) WHERE interop_message.id = v.id""",
            [dead.id, waiting.id],
        )
        row = self.row()
        self.assertAlmostEqual(row["oldest"], 7200, delta=60)
        self.assertTrue(row["late"])
        self.assertAlmostEqual(row["last"], 0, delta=60)

    def test_latency_is_that_of_finished_messages(self):
        messages = self.send({"id": "1"}, {"id": "2"}, {"id": "3"})
        self.send(*(b"refused at once %d" % number for number in range(4)))
        self.assertIsNone(self.row()["median"])
        self.drain()
        self.env.cr.execute(
            "UPDATE interop_message SET done_at = received_at + interval '2 seconds' WHERE id = ANY(%s)", [messages.ids]
        )
        row = self.row()
        self.assertEqual((row["median"], row["p95"]), (2.0, 2.0))

    def test_exceptions_and_the_amount_at_risk_are_summed(self):
        before = self.data()["exceptions"]
        self.env["interop.exception"]._open(
            [
                {"type": "other", "key": key, "name": key, "company_id": self.env.company.id, "amount": 1000.0}
                for key in ("overview-1", "overview-2")
            ]
        )
        exceptions = self.data()["exceptions"]
        self.assertEqual(exceptions["count"] - before["count"], 2)
        self.assertTrue(exceptions["amounts"])

    def test_lanes_show_dedicated_workers_and_pauses(self):
        lane = next(lane for lane in self.data()["lanes"] if lane["id"] == self.lane.id)
        self.assertEqual((lane["workers"], lane["paused"]), (0, False))
        self.lane.with_user(self.operator).action_pause()
        key = [WORKER, lock_number(self.lane.id, 0)]
        self.env.cr.execute("SELECT pg_advisory_lock(%s, %s)", key)
        try:
            lane = next(lane for lane in self.data()["lanes"] if lane["id"] == self.lane.id)
        finally:
            self.env.cr.execute("SELECT pg_advisory_unlock(%s, %s)", key)
        self.assertEqual((lane["workers"], lane["paused"]), (1, True))

    def test_the_brake_is_shown(self):
        self.assertFalse(self.data()["brake"])
        self.env["interop.lane"].with_user(self.operator).action_brake()
        self.assertTrue(self.data()["brake"])

    def test_other_companies_are_out_of_sight(self):
        other = self.env["res.company"].create({"name": "Other"})
        interface = self.make_interface("overview-other", company_id=other.id)
        before = self.data()["totals"]["received"]
        self.send({"id": "1"}, interface=interface)
        data = self.data()
        self.assertEqual(data["totals"]["received"], before)
        self.assertNotIn(interface.id, [row["id"] for row in data["interfaces"]])

    def test_it_needs_the_right_to_see_messages(self):
        nobody = new_test_user(self.env, "overview-nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.data(nobody)
        self.assertFalse(self.data()["operator"])
        self.assertTrue(self.data(self.operator)["operator"])

    def test_its_cost_does_not_grow_with_the_number_of_interfaces(self):
        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.data()
            return self.env.cr.sql_log_count - before

        queries()
        few = queries()
        for number in range(8):
            self.make_interface(f"overview-{number}")
        queries()  # new interfaces emptied the caches of access rules
        self.assertLessEqual(queries(), few + 1)

    def test_it_only_reads(self):
        self.assertTrue(self.env["interop.overview"].get_data._readonly)
        self.env.flush_all()
        self.env.cr.execute("SAVEPOINT only_reads; SET LOCAL transaction_read_only = on")
        self.env["interop.overview"].with_user(self.watcher).get_data()
