import threading
import time
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.interop_api import gate, throttle
from odoo.addons.interop_api.models import interop_service_credential
from odoo.addons.interop_api.throttle import Bucket

from .common import DoorCase

HIT = throttle.hit


class _Everything(dict):
    """Watches every bucket."""

    def __bool__(self):
        return True

    def get(self, name, default=None):
        return float("inf")


@tagged("post_install", "-at_install")
class TestBucket(BaseCase):
    def test_the_last_hit_that_fits_fills_the_window(self):
        bucket = Bucket("k", 10)
        self.assertEqual(bucket.wait(0), 0)
        self.assertEqual(bucket.wait(54), 0)
        self.assertEqual(bucket.wait(60), 6)
        self.assertEqual(bucket.wait(54.2), 1)

    def test_addresses_of_one_ipv6_site_are_one(self):
        self.assertEqual(gate._network("2001:db8::1"), gate._network("2001:db8::ffff"))
        self.assertNotEqual(gate._network("2001:db8::1"), gate._network("2001:db8:1::1"))
        self.assertEqual(gate._network("::ffff:192.0.2.1"), gate._network("192.0.2.1"))
        self.assertEqual(gate._network("junk"), "unknown")


@tagged("post_install", "-at_install")
class TestSameWork(DoorCase):
    """Nothing in the work done for a request tells a known client from an unknown one."""

    def work(self, headers):
        counts = {"digest": 0, "compare": 0, "query": 0}
        digest, matches, identify = gate.digest, gate.matches, gate.identify

        def counting_digest(*args):
            counts["digest"] += 1
            return digest(*args)

        def counting_matches(*args):
            counts["compare"] += 1
            return matches(*args)

        def counting_identify(env, *args):
            before = env.cr.sql_log_count
            try:
                return identify(env, *args)
            finally:
                counts["query"] += env.cr.sql_log_count - before

        with (
            patch.object(gate, "digest", counting_digest),
            patch.object(gate, "matches", counting_matches),
            patch.object(gate, "identify", counting_identify),
            patch.object(throttle, "hit"),
        ):
            self.post(headers=headers)
        return counts

    def test_wrong_secret_unknown_client_and_no_secret_cost_the_same(self):
        self.make_account("bare", self.interface).credential_ids.action_revoke()
        two = self.make_account("two", self.interface)
        two._add_secret(secret="second-secret")
        self.work(self.basic(secret="wrong-secret"))
        watched = {}
        for query in (0, 1):  # a process that saw a failure asks the database about that address
            with patch.object(throttle, "_watched", watched):
                for client_id in ("tester", "nobody", "bare", "two", "x" * 64):
                    with self.subTest(client_id, query=query):
                        expected = {"digest": 1, "compare": 2, "query": query}
                        self.assertEqual(self.work(self.basic(client_id, "wrong-secret")), expected)
            watched = _Everything()

    def test_digests_are_compared_in_constant_time(self):
        with patch.object(interop_service_credential.hmac, "compare_digest", return_value=True) as compare:
            self.assertTrue(interop_service_credential.matches("a", "b"))
        compare.assert_called_once_with("a", "b")


@tagged("post_install", "-at_install")
class TestThrottle(DoorCase):
    """Requests of a test share one transaction, in which a refused one is rolled back with all that it
    counted: here hits are written after the request. ``TestCountedApart`` shows that the real ones stay."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM interop_throttle")
        self.hits = []
        self.startPatcher(patch.object(throttle, "hit", lambda env, buckets: self.hits.append(list(buckets))))

    def post(self, *args, **kwargs):
        response = super().post(*args, **kwargs)
        hits, self.hits = self.hits, []
        for buckets in hits:
            HIT(self.env, buckets)
        return response

    def _fail(self, times, client_id="tester"):
        for _n in range(times):
            self.assertProblem(self.post(headers=self.basic(client_id, "wrong-secret")), 401, "auth.refused")

    def _filled(self):
        self.env.cr.execute("SELECT count(*) FROM interop_throttle")
        return self.env.cr.fetchone()[0]

    def test_after_ten_failures_even_the_right_secret_is_429(self):
        self._fail(10)
        response = self.post()
        self.assertProblem(response, 429, "auth.throttled")
        self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertEqual(
            self.url_open(
                "/interop/oauth2/token", data={"grant_type": "client_credentials"}, headers=self.basic()
            ).status_code,
            429,
        )

    def test_other_clients_of_the_address_go_on_until_it_is_full_itself(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "2")
        self.make_account("neighbour", self.interface)
        self._fail(2)
        self.assertEqual(self.post(headers=self.basic("neighbour")).status_code, 202)
        for n in range(4):
            self._fail(2, f"guess-{n}")
        self.assertProblem(self.post(headers=self.basic("neighbour")), 429, "auth.throttled")

    def test_time_empties_the_bucket(self):
        self._fail(10)
        self.env.cr.execute("UPDATE interop_throttle SET empty_at = empty_at - 61")
        self.assertEqual(self.post().status_code, 202)

    def test_the_limit_can_be_set(self):
        self.env["ir.config_parameter"].set_param("interop_api.failures_per_minute", "2")
        self._fail(2)
        self.assertProblem(self.post(), 429, "auth.throttled")

    def test_only_failures_are_written_and_none_once_it_is_full(self):
        self.assertEqual(self.post().status_code, 202)
        self.assertProblem(self.post(headers={"Authorization": None}), 401, "auth.missing")
        self.assertEqual(self._filled(), 0)
        self._fail(10)
        self.env.cr.execute("SELECT array_agg(empty_at ORDER BY key) FROM interop_throttle")
        before = self.env.cr.fetchone()
        self.assertProblem(self.post(headers=self.basic(secret="wrong-secret")), 429, "auth.throttled")
        self.env.cr.execute("SELECT array_agg(empty_at ORDER BY key) FROM interop_throttle")
        self.assertEqual(self.env.cr.fetchone(), before)

    def test_bad_tokens_count_and_expired_ones_do_not(self):
        self.post(headers={"Authorization": "Bearer x.y.z"})
        self.assertEqual(self._filled(), 2)
        self.env.cr.execute("DELETE FROM interop_throttle")
        with patch.object(throttle, "clock", lambda: time.time() - 301):
            token = self.token()
        self.assertEqual(self.post(headers={"Authorization": f"Bearer {token}"}).status_code, 401)
        self.assertEqual(self._filled(), 0)

    def test_no_client_or_address_is_stored_in_clear(self):
        self._fail(1)
        self.env.cr.execute("SELECT string_agg(key, ' ') FROM interop_throttle")
        self.assertNotRegex(self.env.cr.fetchone()[0], "tester|127")

    def test_an_account_has_its_requests_per_minute(self):
        self.make_account("limited", self.interface, rate_limit=3, rate_burst=3)
        for left in (2, 1, 0):
            response = self.post(headers=self.basic("limited"))
            self.assertEqual(response.status_code, 202)
            self.assertEqual(response.headers["RateLimit-Policy"], '"default";q=3;w=60')
            self.assertRegex(response.headers["RateLimit"], rf'\A"default";r={left};t=\d+\Z')
        response = self.post(headers=self.basic("limited"))
        self.assertProblem(response, 429, "rate.limit")
        self.assertIn(int(response.headers["Retry-After"]), (19, 20))
        self.assertIn('"default";r=0;', response.headers["RateLimit"])
        self.assertEqual(self.post().status_code, 202)

    def test_the_use_of_a_secret_is_noted(self):
        self.assertFalse(self.account.last_used_at)
        gate._noted.clear()
        self.assertEqual(self.post().status_code, 202)
        self.account.invalidate_recordset()
        self.account.credential_ids.invalidate_recordset()
        self.assertTrue(self.account.last_used_at)


@tagged("post_install", "-at_install")
class TestCountedApart(TransactionCase):
    KEY = "test-counted-apart"

    def setUp(self):
        super().setUp()
        self.addCleanup(self._apart, "DELETE FROM interop_throttle WHERE key = %s")

    def _apart(self, query):
        with self.registry.cursor() as cr:
            cr.execute(query, [self.KEY])
            return cr.fetchall() if cr.description else None

    def test_a_rollback_keeps_what_was_counted(self):
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            env.cr.execute("SELECT 1")
            HIT(env, [Bucket(self.KEY, 10)])
            HIT(env, [Bucket(self.KEY, 10)])
            env.cr.rollback()
        rows = self._apart("SELECT empty_at - extract(epoch FROM now()) FROM interop_throttle WHERE key = %s")
        self.assertAlmostEqual(rows[0][0], 12, delta=1)

    def test_hits_at_the_same_moment_are_all_counted(self):
        env = SimpleNamespace(registry=self.registry)  # a real one cannot be made in a thread while tests load

        def many():
            for _n in range(20):
                HIT(env, [Bucket(self.KEY, 1000)])

        threads = [threading.Thread(target=many) for _n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = self._apart("SELECT empty_at - extract(epoch FROM now()) FROM interop_throttle WHERE key = %s")
        self.assertGreater(rows[0][0], 2.5)

    def test_empty_buckets_are_swept_away(self):
        self.env.cr.execute("INSERT INTO interop_throttle VALUES (%s, 0)", [self.KEY])
        self.assertGreaterEqual(throttle.sweep(self.env.cr), 1)

    def test_the_table_is_unlogged(self):
        self.env.cr.execute("SELECT relpersistence FROM pg_class WHERE relname = 'interop_throttle'")
        self.assertEqual(self.env.cr.fetchone()[0], "u")
