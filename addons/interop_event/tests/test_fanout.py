from odoo.tests import TransactionCase, tagged

from odoo.addons.interop_event.emission import Happened

from .common import EventCase


@tagged("post_install", "-at_install")
class TestFanOut(EventCase):
    def fan_out(self):
        self.env.flush_all()
        count = self.env["interop.event"]._fan_out()
        self.env.invalidate_all()
        return count

    def numbers(self, subscription):
        return [delivery.event_id.payload["n"] for delivery in self.deliveries(subscription)]

    def test_each_active_subscription_gets_each_event_once(self):
        first, second = self.subscribe("https://a.example/"), self.subscribe("https://b.example/")
        draft = self.subscribe("https://c.example/", activate=False)
        paused = self.subscribe("https://d.example/")
        paused.action_pause()
        self.happen(1, 2, 3)
        self.assertEqual(self.fan_out(), 3)
        self.assertEqual(self.fan_out(), 0)
        for subscription in (first, second, paused):
            self.assertEqual(self.numbers(subscription), [1, 2, 3])
        self.assertFalse(self.deliveries(draft))

    def test_patterns_companies_facilities_and_filters(self):
        self.make_type("other.done")
        company = self.env["res.company"].create({"name": "Elsewhere"})
        wanted = {
            "other": self.subscribe("https://a.example/", patterns="other.*"),
            "both": self.subscribe("https://a.example/", patterns="thing.made other.*", company_id=False),
            "elsewhere": self.subscribe("https://a.example/", company_id=company.id),
            "north": self.subscribe("https://a.example/", facilities="NORTH, SOUTH", company_id=False),
            "red": self.subscribe("https://a.example/", filter={"color": "red"}),
        }
        self.happen(1)
        self.happen(2, type="other.done")
        self.happen(3, company_id=company.id)
        self.happen(4, facility="SOUTH", attributes={"color": "red"})
        self.happen(5, facility="WEST")
        self.fan_out()
        self.assertEqual(
            {name: self.numbers(subscription) for name, subscription in wanted.items()},
            {"other": [2], "both": [1, 2, 3, 4, 5], "elsewhere": [3], "north": [4], "red": [4]},
        )

    def test_new_types_join_the_patterns_that_fit(self):
        subscription = self.subscribe("https://a.example/", patterns="late.*")
        self.make_type("late.made")
        self.happen(1, type="late.made")
        self.fan_out()
        self.assertEqual(self.numbers(subscription), [1])

    def test_sequences_count_per_subject_and_survive_the_retention(self):
        other = self.env["res.partner"].create({"name": "Other"})
        self.happen(1, 2)
        self.happen(3, subject=other.id)
        self.fan_out()
        self.env.cr.execute("DELETE FROM interop_event WHERE type = 'thing.made'")
        self.happen(4)
        self.fan_out()
        event = self.env["interop.event"].search([("type", "=", "thing.made")])
        self.assertEqual(event.sequence, 3)
        self.assertGreater(event.position, 3 - 1)

    def test_a_test_event_reaches_its_subscription_only(self):
        first, second = self.subscribe("https://a.example/", patterns="*"), self.subscribe("https://b.example/")
        first.action_test()
        self.fan_out()
        self.assertEqual(self.deliveries(first).mapped("event_id.type"), ["subscription.tested"])
        self.assertFalse(self.deliveries(second))


@tagged("post_install", "-at_install")
class TestConcurrentCommits(TransactionCase):
    """With real transactions: ids are taken in one order and committed in another."""

    def test_a_lower_id_that_commits_later_is_not_missed(self):
        registry = self.registry
        marks = []
        with registry.cursor() as setup:
            env = self.env(cr=setup)
            kind = env["interop.event.type"].create(
                {"code": "race.run", "name": "Race", "description": "Race", "object": "race"}
            )
            subscription = env["interop.subscription"].create(
                {"name": "Race", "patterns": "race.*", "url": "https://a.example/", "company_id": False}
            )
            subscription.state = "active"
            setup.commit()
        self.addCleanup(self._clean, kind.id, subscription.id)

        def emit(env, number):
            env["interop.event"]._emit([Happened("race.run", ("res.partner", 1), attributes={"n": number})])

        def fan_out():
            with registry.cursor() as cr:
                self.env(cr=cr)["interop.event"]._fan_out()
                cr.commit()
                cr.execute(
                    "SELECT (e.payload->>'n')::int, e.position, e.sequence FROM interop_delivery d"
                    " JOIN interop_event e ON e.id = d.event_id WHERE d.subscription_id = %s ORDER BY e.position",
                    [subscription.id],
                )
                return cr.fetchall()

        with registry.cursor() as slow, registry.cursor() as fast:
            emit(self.env(cr=slow), 1)  # takes the lower id
            emit(self.env(cr=fast), 2)
            fast.commit()
            marks.append(fan_out())
            slow.commit()
            marks.append(fan_out())
        self.assertEqual([row[0] for row in marks[0]], [2])
        self.assertEqual([row[0] for row in marks[1]], [2, 1])
        positions = [row[1] for row in marks[1]]
        self.assertEqual(positions, sorted(positions), "who has read up to a position misses nothing later")
        self.assertEqual(sorted(row[2] for row in marks[1]), [row[2] for row in marks[1]])

    def _clean(self, type_id, subscription_id):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM interop_subscription WHERE id = %s", [subscription_id])
            cr.execute("DELETE FROM interop_event WHERE type = 'race.run'")
            cr.execute("DELETE FROM interop_event_type WHERE id = %s", [type_id])
            cr.execute("DELETE FROM interop_event_subject WHERE subject NOT IN (SELECT aggregateid FROM interop_event)")
