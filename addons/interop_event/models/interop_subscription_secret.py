import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.interop_hub import keyring

from .. import webhook


class InteropSubscriptionSecret(models.Model):
    """What signs the events of one subscription: sealed by the keyring, several in force during a rotation."""

    _name = "interop.subscription.secret"
    _description = "Signing Secret"
    _order = "id desc"

    subscription_id = fields.Many2one("interop.subscription", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="subscription_id.company_id")
    uuid = fields.Char(required=True, readonly=True, default=lambda self: str(uuid.uuid4()))
    kind = fields.Selection(
        [(webhook.SYMMETRIC, "Shared secret (HMAC)"), (webhook.ASYMMETRIC, "Key pair (ed25519)")],
        required=True, readonly=True,
    )  # fmt: skip
    key_id = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    sealed = fields.Binary(required=True, readonly=True, attachment=False, groups=fields.NO_ACCESS)
    public_key = fields.Char(readonly=True, help="Receivers verify with it")
    expires_at = fields.Datetime(readonly=True, help="Empty: the current one")
    state = fields.Selection(
        [("current", "Current"), ("expiring", "Expiring"), ("expired", "Expired")], compute="_compute_state"
    )

    @api.depends("expires_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for secret in self:
            if not secret.expires_at:
                secret.state = "current"
            else:
                secret.state = "expiring" if secret.expires_at > now else "expired"

    def _in_force(self):
        now = fields.Datetime.now()
        return self.filtered(lambda secret: not secret.expires_at or secret.expires_at > now)

    @api.model
    def _signers(self, subscription_ids) -> dict[int, list[webhook.Signer]]:
        """Signers of the secrets in force, newest first, by subscription."""
        self.env.cr.execute(
            """SELECT subscription_id, uuid, key_id, sealed FROM interop_subscription_secret
                WHERE subscription_id = ANY(%s) AND (expires_at IS NULL OR expires_at > clock_timestamp() AT TIME ZONE 'UTC')
             ORDER BY id DESC""",
            [list(subscription_ids)],
        )
        ring = keyring.ring()
        signers: dict[int, list[webhook.Signer]] = {}
        for subscription_id, bound, key_id, sealed in self.env.cr.fetchall():
            secret = ring.decrypt(key_id, sealed, bound.encode()).decode()
            signers.setdefault(subscription_id, []).append(webhook.Signer(secret))
        return signers

    def _open(self) -> str:
        """The secret in clear."""
        self.env.cr.execute("SELECT uuid, key_id, sealed FROM interop_subscription_secret WHERE id = %s", [self.id])
        bound, key_id, sealed = self.env.cr.fetchone()
        return keyring.ring().decrypt(key_id, sealed, bound.encode()).decode()

    def action_reveal(self):
        """Show a shared secret to who may administer; leaves an audit event."""
        self.ensure_one()
        self.check_access("read")
        self.subscription_id.check_access("write")
        if self.kind == webhook.ASYMMETRIC:
            raise UserError(self.env._("The private key stays here; receivers use the public key."))
        self.env["interop.audit.event"]._record("secret.reveal", self.subscription_id)
        return self.subscription_id._show_secret(self.sudo()._open())

    def action_revoke(self):
        """Do not sign with these secrets any more, as after a leak."""
        self.subscription_id.check_access("write")
        self.sudo().write({"expires_at": fields.Datetime.now()})
        self.env["interop.audit.event"]._record("secret.revoke", self.subscription_id)
