import time
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.interop_api import calllog

from .common import DoorCase


@tagged("post_install", "-at_install")
class TestCallLog(DoorCase):
    def setUp(self):
        super().setUp()
        calllog._buffers.pop(self.env.cr.dbname, None)

    def calls(self, expected):
        end = time.monotonic() + 5
        buffer = calllog._buffers
        while len(buffer.get(self.env.cr.dbname, ())) < expected and time.monotonic() < end:
            time.sleep(0.01)  # rows are noted when the answer is out
        self.env["interop.call"]._flush_calls()
        self.env["interop.call"].invalidate_model()
        found = self.env["interop.call"].search([("at", ">=", "2020-01-01")], limit=expected, order="at desc")
        return found.browse(reversed(found.ids))

    def test_a_row_per_call_with_outcome_and_no_content(self):
        body = b'{"id": "1", "patient": "Q7-SECRET"}'
        self.post(body, headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
        self.post(headers=self.basic(secret="wrong-secret"))
        self.post(code="test-other")
        self.url_open("/interop/v1/messages/Q7-SECRET?x=Q7-SECRET", headers=self.basic())
        self.url_open("/interop/Q7-SECRET")
        good, unknown, forbidden, missing, nowhere = self.calls(5)
        self.assertEqual(
            (good.account_id, good.interface_id, good.status, good.failed, good.method, good.route),
            (
                self.account,
                self.interface,
                202,
                False,
                "POST",
                "/interop/v1/inbound/{interface_code}",
            ),
        )
        self.assertEqual((good.trace_id, good.bytes_in), ("0af7651916cd43dd8448eb211c80319c", len(body)))
        self.assertGreater(good.duration, 0)
        self.assertGreater(good.bytes_out, 0)
        self.assertEqual((unknown.account_id.ids, unknown.status, unknown.error_code), ([], 401, "auth.refused"))
        self.assertEqual(unknown.route, good.route)
        self.assertEqual(
            (forbidden.account_id, forbidden.status, forbidden.error_code), (self.account, 403, "interface")
        )
        self.assertEqual((missing.route, missing.status), ("/interop/v1/messages/{uuid}", 404))
        self.assertEqual((nowhere.status, nowhere.failed), (404, True))
        self.env.cr.execute("SELECT count(*) FROM interop_call c WHERE to_jsonb(c)::text LIKE '%Q7-SECRET%'")
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_a_call_costs_the_request_no_query(self):
        self.post()
        with patch.object(calllog, "flush") as flush:
            self.post()
        flush.assert_not_called()

    def test_rows_outlive_account_and_interface(self):
        account = self.make_account("gone", self.interface)
        self.post(headers=self.basic("gone"))
        self.calls(1)
        self.post(headers=self.basic("gone"))
        account.unlink()
        calls = self.calls(1)
        self.assertFalse(calls.account_id)
        self.assertEqual(calls.interface_id, self.interface)

    def test_what_cannot_be_written_is_kept(self):
        self.post()
        end = time.monotonic() + 5
        while not calllog._buffers.get(self.env.cr.dbname) and time.monotonic() < end:
            time.sleep(0.01)
        with patch.object(calllog, "db_connect", side_effect=OSError), self.assertLogs(calllog._logger, "WARNING"):
            calllog.flush_all()
        self.assertEqual(len(calllog._buffers[self.env.cr.dbname]), 1)
        self.assertEqual(len(self.calls(1)), 1)

    def test_old_rows_are_swept(self):
        self.env.cr.execute(
            "INSERT INTO interop_call (at, status) SELECT now() AT TIME ZONE 'UTC' - make_interval(days => d), 200"
            " FROM unnest(ARRAY[31, 40, 2]) AS d"
        )
        self.assertEqual(self.env["interop.call"]._sweep(), (2, 0))
        self.env["ir.config_parameter"].set_param("interop_api.call_log_days", "1")
        self.assertEqual(self.env["interop.call"]._sweep(), (1, 0))
