"""What needs no database: signatures, envelopes, schedules, ids."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.interop_event import emission, envelope, schedule, webhook

EVENT = envelope.Event(
    "01930f6e-0000-7000-8000-000000000001", "thing.made", "abc", "thing", 7, 1, "MAIN",
    datetime(2026, 3, 2, 12, 0, 0, 123000), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "/interop/v1/things/abc", {"color": "größer %\"x\""},
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestPure(BaseCase):
    def test_published_vector(self):
        """The example of the Standard Webhooks libraries."""
        signer = webhook.Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        self.assertEqual(
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        )

    def test_key_pairs_and_rotation(self):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        pair = webhook.Signer(webhook.new_secret(webhook.ASYMMETRIC))
        shared = webhook.Signer(webhook.new_secret())
        headers = webhook.headers([pair, shared], "id", 1, b"body")
        first, second = headers["webhook-signature"].split(" ")
        self.assertTrue(first.startswith("v1a,") and second.startswith("v1,"))
        public = base64.b64decode(pair.public_key.removeprefix("whpk_"))
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(first[4:]), b"id.1.body")
        self.assertFalse(shared.public_key)

    def test_bad_secrets(self):
        for secret in ("whsec_" + base64.b64encode(b"short").decode(), "whsec_!", "whsk_" + "A" * 8):
            with self.assertRaises(webhook.BadSecret):
                webhook.Signer(secret)

    def test_cloudevents_package_reads_both_modes(self):
        try:
            from cloudevents.v1.http import from_http
        except ImportError:
            try:
                from cloudevents.http import from_http
            except ImportError:
                self.skipTest("cloudevents is not installed")
        for mode in (envelope.STRUCTURED, envelope.BINARY):
            rendered = envelope.render(EVENT, mode, "urn:uuid:x", with_data=True)
            event = from_http({"content-type": rendered.content_type, **rendered.headers}, rendered.body)
            attributes = event.get_attributes()
            self.assertEqual(attributes["id"], EVENT.uuid)
            self.assertEqual(attributes["type"], "thing.made")
            self.assertEqual(attributes["sequence"], "7")
            self.assertEqual(attributes["time"], "2026-03-02T12:00:00.123Z")
            data = event.get_data()
            data = data if isinstance(data, dict) else json.loads(data)
            self.assertEqual(data["attributes"], EVENT.attributes)
            self.assertEqual(data["links"], {"self": "/interop/v1/things/abc"})

    def test_thin_unless_asked_for_and_small_always(self):
        body = json.loads(envelope.render(EVENT, envelope.STANDARD, "s").body)
        self.assertNotIn("attributes", body["data"])
        self.assertEqual(set(body), {"type", "timestamp", "data"})
        large = EVENT._replace(attributes={"text": "x" * 30_000})
        self.assertLess(len(envelope.render(large, envelope.STANDARD, "s", with_data=True).body), envelope.MAX_BODY)

    def test_schedule_spreads_over_days_and_ends(self):
        delays = [schedule.delay(number) for number in range(1, 10)]
        self.assertGreater(sum(delays), 2.5 * 24 * 3600)
        self.assertIsNone(schedule.delay(10))
        self.assertGreater(len({schedule.delay(3) for _n in range(20)}), 10, "without jitter")
        self.assertGreaterEqual(schedule.delay(1, 120), 120)
        self.assertLessEqual(schedule.delay(1, 10**9), schedule.LONGEST_PAUSE)

    def test_retry_after(self):
        now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        self.assertEqual(schedule.retry_after("120"), 120)
        self.assertEqual(schedule.retry_after("Mon, 02 Mar 2026 12:01:00 GMT", now), 60)
        self.assertEqual(schedule.retry_after("Mon, 02 Mar 2026 11:00:00 GMT", now), 0)
        for nonsense in (None, "", "soon", "-5", "1e9", "9" * 40):
            self.assertLessEqual(schedule.retry_after(nonsense), schedule.LONGEST_PAUSE)

    def test_breaker(self):
        self.assertEqual(schedule.breaker_pause(schedule.BREAKER_FAILURES - 1), 0)
        self.assertGreater(schedule.breaker_pause(schedule.BREAKER_FAILURES), 10)
        self.assertLess(schedule.breaker_pause(10**6), schedule.BREAKER_LONGEST * 1.3)

    def test_version_7_ids(self):
        ids = emission.uuid7s(2000)
        self.assertEqual(len(set(ids)), 2000)
        self.assertEqual(ids, sorted(ids))
        for text in ids[::500]:
            parsed = uuid.UUID(text)
            self.assertEqual((parsed.version, parsed.variant), (7, uuid.RFC_4122))
            at = datetime.fromtimestamp((parsed.int >> 80) / 1000, UTC)
            self.assertLess(abs(datetime.now(UTC) - at), timedelta(minutes=1))
