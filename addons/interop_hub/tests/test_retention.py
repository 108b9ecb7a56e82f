from odoo.tests import tagged

from odoo.addons.interop_hub import keyring

from .common import HubCase


@tagged("post_install", "-at_install")
class TestRetention(HubCase):
    def age(self, messages, days):
        self.env.cr.execute(
            "UPDATE interop_message SET received_at = received_at - make_interval(days => %s) WHERE id = ANY(%s)",
            [days, messages.ids],
        )
        self.env.cr.execute(
            "UPDATE interop_payload SET received_at = received_at - make_interval(days => %s) WHERE message_id = ANY(%s)",
            [days, messages.ids],
        )

    def purge(self):
        self.env["interop.payload"]._purge_expired()
        self.env["interop.message"]._purge_expired()
        self.env.invalidate_all(flush=False)

    def test_bodies_go_first_and_rows_later_but_failed_ones_stay(self):
        self.interface.write({"retention_payload_days": 10, "retention_days": 100})
        done, failed = self.send({"id": "1"}, {"id": "2", "do": "permanent"})
        self.drain()
        self.age(done | failed, 20)
        self.purge()
        self.assertEqual(list((done | failed)._bodies()), [failed.id])
        self.assertTrue(done.exists())
        self.age(done | failed, 100)
        self.purge()
        self.assertFalse(done.exists())
        self.assertTrue(failed.exists())
        failed._discard("old")
        self.purge()
        self.assertFalse(failed.exists())

    def test_zero_keeps_everything(self):
        self.interface.write({"retention_payload_days": 0, "retention_days": 0})
        done = self.send({"id": "1"})
        self.drain()
        self.age(done, 5000)
        self.purge()
        self.assertTrue(done._bodies())

    def test_rotation_reencrypts_bodies_in_batches(self):
        messages = self.send(*[{"id": str(n)} for n in range(5)])
        before = messages._bodies()
        self.addCleanup(setattr, keyring, "_cached", keyring._cached)
        token, ring = keyring._cached
        content = {
            "current": "t2",
            "keys": {**{k: _b64(v) for k, v in ring._keys.items()}, "t2": keyring._key()},
            "index": _b64(ring._index),
        }
        keyring._cached = (token, keyring.Ring(content))
        self.assertEqual(self.env["interop.payload"]._reencrypt(2), 2)
        while self.env["interop.payload"]._reencrypt(1000):
            pass
        self.env.cr.execute("SELECT DISTINCT key_id FROM interop_payload")
        self.assertEqual(self.env.cr.fetchall(), [("t2",)])
        self.assertEqual(messages._bodies(), before)


def _b64(value):
    import base64

    return base64.b64encode(value).decode()
