from odoo.tests import tagged

from odoo.addons.interop_event.emission import Happened

from .common import EventCase


@tagged("post_install", "-at_install")
class TestEmission(EventCase):
    def test_a_set_of_events_costs_one_statement(self):
        self.happen(0)  # caches
        with self.assertQueryCount(1):
            self.happen(*range(200))
        self.assertEqual(self.env["interop.event"].search_count([("type", "=", "thing.made")]), 201)

    def test_an_event_goes_away_with_its_transaction(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.happen(1)
            raise ZeroDivisionError
        self.assertFalse(self.env["interop.event"].search([("type", "=", "thing.made")]))

    def test_undeclared_types_are_a_mistake_and_archived_ones_are_silent(self):
        with self.assertRaises(KeyError):
            self.env["interop.event"]._emit([Happened("nobody.knows", ("res.partner", 1))])
        self.type.active = False
        self.happen(1)
        self.assertFalse(self.env["interop.event"].search([("type", "=", "thing.made")]))

    def test_columns_of_the_outbox_router(self):
        self.happen(5)
        self.env.cr.execute(
            "SELECT uuid, aggregatetype, aggregateid, type, payload FROM interop_event WHERE type = 'thing.made'"
        )
        uuid, aggregatetype, aggregateid, kind, payload = self.env.cr.fetchone()
        self.assertEqual((aggregatetype, kind, payload), ("thing", "thing.made", {"n": 5}))
        self.assertEqual(len(uuid), 36)
        self.assertRegex(aggregateid, "^[0-9a-f]{32}$")

    def test_the_subject_is_the_id_of_the_rest_resource(self):
        from odoo.addons.interop_api.rest import ids

        self.happen(1)
        event = self.env["interop.event"].search([("type", "=", "thing.made")])
        self.assertEqual(ids.decode("res.partner", event.aggregateid), self.partner.id)

    def test_old_events_go_when_everybody_got_them(self):
        self.subscribe("https://receiver.example/hook")
        self.happen(1, 2)
        with self.enter_registry_test_mode():
            self.env["interop.event"]._fan_out()
        self.env.cr.execute("UPDATE interop_event SET occurred_at = occurred_at - interval '200 days'")
        self.env["interop.event"]._purge_expired()
        self.assertEqual(self.env["interop.event"].search_count([("type", "=", "thing.made")]), 2, "still waited for")
        self.env.cr.execute("UPDATE interop_delivery SET state = 'delivered'")
        self.env["interop.event"]._purge_expired()
        self.env.invalidate_all()
        self.assertFalse(self.env["interop.event"].search([("type", "=", "thing.made")]))
