from odoo.tests import new_test_user, tagged

from .common import HubCase


@tagged("post_install", "-at_install")
class TestException(HubCase):
    def open(self, **values):
        return self.env["interop.exception"]._open(
            [{"type": "other", "key": "k", "name": "something", "company_id": self.env.company.id, **values}]
        )

    def test_one_is_open_per_cause(self):
        first = self.open(amount=10)
        again = self.open(amount=5)
        self.assertEqual(first, again)
        self.assertEqual((first.count, first.amount), (2, 15))
        first._resolve("done")
        self.assertNotEqual(self.open(), first)

    def test_the_owner_gets_one_activity_until_it_is_resolved(self):
        owner = new_test_user(self.env, "hub-owner", "interop_hub.group_operator")
        record = self.open(owner_id=owner.id)
        self.open(owner_id=owner.id)
        self.assertEqual(record.activity_ids.user_id, owner)
        self.assertEqual(len(record.activity_ids), 1)
        record._resolve("done")
        self.assertFalse(record.activity_ids)

    def test_causes_opened_together_come_back_in_order(self):
        company = self.env.company.id
        records = self.env["interop.exception"]._open(
            [{"type": "other", "key": key, "name": key, "company_id": company} for key in ("a", "b", "a")]
        )
        self.assertEqual(records.ids[0], records.ids[2])
        self.assertEqual(records[1].key, "b")
        self.assertEqual(records[0].count, 2)

    def test_the_interface_owner_is_the_default(self):
        owner = new_test_user(self.env, "hub-interface-owner", "interop_hub.group_operator")
        self.interface.owner_id = owner
        self.assertEqual(self.open(interface_id=self.interface.id).owner_id, owner)

    def test_dismissing_does_not_replay(self):
        message = self.send({"id": "1", "do": "person"})
        self.drain()
        message.exception_id.action_dismiss("not needed")
        self.drain()
        self.assertEqual(message.state, "quarantined")
