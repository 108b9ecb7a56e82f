import uuid
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.interop_hub import keyring

from .. import webhook

OVERLAP_HOURS = 24
VALID_AT_ONCE = 3


class InteropSubscription(models.Model):
    """Making and showing what signs a subscription's events."""

    _inherit = "interop.subscription"

    def _add_secret(self, kind: str = webhook.SYMMETRIC, overlap_hours: float = OVERLAP_HOURS) -> str:
        """Sign with a new secret from now on, and for a while with the former ones as well.

        :return: what the receiver needs: the shared secret, or the public key
        """
        self.ensure_one()
        secret = webhook.new_secret(kind)
        bound = str(uuid.uuid4())
        key_id, sealed = keyring.ring().encrypt(secret.encode(), bound.encode())
        now = fields.Datetime.now()
        until = now + timedelta(hours=overlap_hours)
        former = self.secret_ids._in_force()
        if len(former) >= VALID_AT_ONCE:
            raise UserError(self.env._("%s secrets are in force already; revoke one first.", VALID_AT_ONCE))
        former.filtered(lambda old: not old.expires_at or old.expires_at > until).write({"expires_at": until})
        public = webhook.Signer(secret).public_key
        self.env.flush_all()
        self.env.cr.execute(
            """INSERT INTO interop_subscription_secret (subscription_id, uuid, kind, key_id, sealed, public_key,
                      create_uid, create_date, write_uid, write_date)
               VALUES (%s, %s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC')""",
            [self.id, bound, kind, key_id, sealed, public or None, self.env.uid, self.env.uid],
        )
        self.invalidate_recordset(["secret_ids"])
        self.env["interop.audit.event"]._record("secret.create", self)
        return public or secret

    def action_rotate_secret(self):
        """Make a new shared secret and show it; the former ones stay in force for a day."""
        self.check_access("write")
        return self._show_secret(self.sudo()._add_secret())

    def action_rotate_key(self):
        """Make a new key pair and show its public half."""
        self.check_access("write")
        return self._show_secret(self.sudo()._add_secret(webhook.ASYMMETRIC))

    def _show_secret(self, value: str):
        shown = self.env["interop.subscription.reveal"].create({"subscription_id": self.id, "value": value})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify With"),
            "res_model": shown._name,
            "res_id": shown.id,
            "view_mode": "form",
            "target": "new",
        }
