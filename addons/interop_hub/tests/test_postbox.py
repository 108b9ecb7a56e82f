import psycopg2

from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.interop_hub import postbox


@tagged("post_install", "-at_install")
class TestPostbox(BaseCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(postbox.forget, get_db_name())

    def ask(self, box, query, *params):
        box.execute_prepared(query, list(params))
        return box.fetchall()[0][0]

    def pid(self):
        return postbox.post(get_db_name(), lambda box: self.ask(box, "SELECT pg_backend_pid()"))

    def test_a_connection_and_its_prepared_statements_are_used_again(self):
        def work(box):
            return self.ask(box, "SELECT %s::int + %s::int", 2, 3), self.ask(
                box, "SELECT count(*) FROM pg_prepared_statements"
            )

        self.assertEqual(postbox.post(get_db_name(), work), (5, 2))
        self.assertEqual(postbox.post(get_db_name(), work), (5, 2))
        self.assertEqual(self.pid(), self.pid())

    def test_a_connection_that_broke_while_nobody_used_it_is_replaced(self):
        broken = self.pid()
        with db_connect(get_db_name()).cursor() as cr:
            cr.execute("SELECT pg_terminate_backend(%s)", [broken])
        self.assertNotEqual(self.pid(), broken)

    def test_what_fails_for_its_content_is_not_tried_again(self):
        calls = []

        def work(box):
            calls.append(box)
            box.execute("SELECT 1/0", [])

        with self.assertRaises(psycopg2.DataError):
            postbox.post(get_db_name(), work)
        self.assertEqual(len(calls), 1)

    def test_work_on_it_is_committed_at_once(self):
        insert = "INSERT INTO ir_config_parameter (key, value) VALUES ('test.postbox', 'x') RETURNING id"
        with db_connect(get_db_name()).cursor() as cr:
            row_id = postbox.post(get_db_name(), lambda box: self.ask(box, insert))
            cr.execute("DELETE FROM ir_config_parameter WHERE id = %s", [row_id])
            self.assertEqual(cr.rowcount, 1, "another connection sees it")
