import threading
import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.interop_api import limiter, throttle
from odoo.addons.interop_hub import keyring

from .common import DoorCase


@tagged("post_install", "-at_install")
class TestLimiter(TransactionCase):
    """Buckets in the database; processes are played by threads with shares of their own."""

    def setUp(self):
        super().setUp()
        self.name = f"test:{time.monotonic_ns()}"
        self.env_apart = SimpleNamespace(registry=self.registry, cr=self.env.cr)
        self.addCleanup(self._clean)
        limiter._shares.clear()

    def _clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM interop_throttle WHERE key = %s", [keyring.ring().digest(f"rate:{self.name}")])

    def admit(self, limit, burst=0):
        return limiter.admit(self.env_apart, self.name, limit, burst)

    def test_a_burst_then_the_pace(self):
        admitted = [not self.admit(60, 5).wait for _n in range(8)]
        self.assertEqual(admitted, [True] * 5 + [False] * 3)
        self.assertEqual(self.admit(60, 5).wait, 1)
        time.sleep(1.05)
        self.assertEqual([not self.admit(60, 5).wait for _n in range(2)], [True, False])

    def test_two_seconds_worth_come_at_once_unless_said_otherwise(self):
        self.assertEqual([limiter.burst_of(limit) for limit in (1, 10, 60, 600)], [1, 1, 2, 20])
        self.assertEqual(limiter.burst_of(60, 30), 30)

    def test_refused_requests_cost_no_query(self):
        self.assertTrue([self.admit(60, 3).wait for _n in range(6)][-1])
        with patch.object(throttle, "run_apart") as run:
            for _n in range(50):
                self.assertTrue(self.admit(60, 3).wait)
        run.assert_not_called()

    def test_shares_are_taken_ahead(self):
        with patch.object(throttle, "run_apart", wraps=throttle.run_apart) as run:
            admitted = sum(not self.admit(6000).wait for _n in range(150))
        self.assertEqual(admitted, 150)
        self.assertLessEqual(run.call_count, 8)

    def test_headers_tell_what_is_left(self):
        verdict = self.admit(60, 5)
        self.assertEqual(verdict.headers()["RateLimit-Policy"], '"default";q=60;w=60')
        self.assertRegex(verdict.headers()["RateLimit"], r'\A"default";r=4;t=1\Z')

    def test_several_processes_admit_together_what_one_would(self):
        limit, seconds, processes = 1200, 4.0, 3
        admitted = []

        def process():
            # What a process has for itself: its own shares.
            shares, count = {}, 0
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                with guard:
                    limiter._shares, before = shares, limiter._shares
                    try:
                        count += not self.admit(limit).wait
                    finally:
                        limiter._shares = before
                time.sleep(0.002)
            admitted.append(count)

        guard = threading.Lock()
        threads = [threading.Thread(target=process) for _n in range(processes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = limiter.burst_of(limit) + limit / 60 * seconds
        self.assertAlmostEqual(sum(admitted), expected, delta=expected * 0.05)


@tagged("post_install", "-at_install")
class TestLimits(DoorCase):
    def test_each_interface_has_its_own_bucket(self):
        account = self.make_account("paced", self.interface | self.lines, rate_limit=60, rate_burst=1)
        headers = self.basic("paced")
        self.assertEqual(self.post(headers=headers).status_code, 202)
        self.assertProblem(self.post(headers=headers), 429, "rate.limit")
        lines = {"code": "test-lines", "content_type": "application/x-ndjson"}
        self.assertEqual(self.post(headers=headers, **lines).status_code, 202)
        self.assertTrue(account)

    def test_the_interface_limits_accounts_without_a_limit_of_their_own(self):
        self.interface.account_rate = 30
        self.assertEqual(self.post().status_code, 202)
        response = self.post()
        self.assertProblem(response, 429, "rate.limit")
        self.assertIn("q=30", response.headers["RateLimit-Policy"])
        self.make_account("favoured", self.interface, rate_limit=6000)
        for _n in range(3):
            self.assertEqual(self.post(headers=self.basic("favoured")).status_code, 202)

    def test_without_a_limit_nothing_is_said_or_counted(self):
        with patch.object(throttle, "run_apart") as run:
            run.return_value = []
            response = self.post()
        self.assertNotIn("RateLimit", response.headers)
        self.assertFalse([call for call in run.call_args_list if "interop_throttle" in call.args[1]])

    def test_the_token_server_counts_too(self):
        self.make_account("asker", self.interface, rate_limit=60, rate_burst=1)
        data = {"grant_type": "client_credentials"}
        ask = [self.url_open("/interop/oauth2/token", data=data, headers=self.basic("asker")) for _n in range(2)]
        self.assertEqual([response.status_code for response in ask], [200, 429])
        self.assertEqual(ask[1].json()["error"], "temporarily_unavailable")
