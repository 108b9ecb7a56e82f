import hashlib
import hmac
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.interop_hub import keyring

_PURPOSE = "interop_api.credential"
WARN_DAYS = 21


def digest(client_id: str, secret: str) -> str:
    """The stored form of a secret: an HMAC under the keyring's index key, which is not in the database.

    One fast hash is enough: secrets are random, and the key is the pepper.
    """
    return keyring.ring().mac(_PURPOSE, f"{client_id}\0{secret}".encode("utf-8", "surrogatepass")).hex()


def matches(presented: str, stored: str) -> bool:
    """Compare two digests in a time that tells nothing."""
    return hmac.compare_digest(presented, stored)


class InteropServiceCredential(models.Model):
    """One secret or public key of a service account.

    Two of each may be valid at once, so that a partner can change over without a gap.
    """

    _name = "interop.service.credential"
    _inherit = ["interop.cached.mixin"]
    _description = "Service Credential"
    _order = "id desc"
    _rec_name = "fingerprint"

    account_id = fields.Many2one(
        "interop.service.account", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    kind = fields.Selection(
        [("secret", "Secret"), ("key", "Public key")], required=True, readonly=True, default="secret"
    )
    secret_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    kid = fields.Char(string="Key ID", readonly=True, help="The partner's tokens name the key by it")
    algorithm = fields.Char(readonly=True)
    public_jwk = fields.Text(string="Public Key", readonly=True)
    fingerprint = fields.Char(
        readonly=True, help="Names the secret without giving it away: the first digits of a hash of its stored form"
    )
    expires_at = fields.Datetime(string="Expires", readonly=True, help="Empty: never")
    last_used_at = fields.Datetime(string="Last Used", readonly=True, help="Noted at most once in ten minutes")
    revoked_at = fields.Datetime(string="Revoked", readonly=True)
    revoked_by_id = fields.Many2one("res.users", string="Revoked By", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired"), ("revoked", "Revoked")], compute="_compute_state"
    )

    warned_at = fields.Datetime(readonly=True, help="When its owner was told that it is about to expire")

    _kind_complete = models.Constraint(
        "CHECK (CASE kind WHEN 'key' THEN kid IS NOT NULL AND algorithm IS NOT NULL AND public_jwk IS NOT NULL"
        " ELSE secret_hash IS NOT NULL END)",
        "A secret has its hash, a key its id, algorithm and public part.",
    )
    _expiring = models.Index("(expires_at) WHERE revoked_at IS NULL AND warned_at IS NULL AND expires_at IS NOT NULL")

    @api.depends("expires_at", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for credential in self:
            if credential.revoked_at:
                credential.state = "revoked"
            elif credential.expires_at and credential.expires_at <= now:
                credential.state = "expired"
            else:
                credential.state = "valid"

    @api.model
    def _fingerprint(self, secret_hash: str) -> str:
        return hashlib.sha256(secret_hash.encode()).hexdigest()[:8]

    def action_revoke(self):
        """Refuse these secrets and keys from now on, with every token that was issued for them.

        :return: True, which remote callers need
        :raises AccessError: unless the user manages service accounts
        """
        if not self.env.su and not self.env.user.has_group("interop_api.group_manager"):
            raise AccessError(_("Only managers of service accounts may revoke secrets."))
        self.check_access("read")
        valid = self.sudo().filtered(lambda credential: not credential.revoked_at)
        valid.write({"revoked_at": fields.Datetime.now(), "revoked_by_id": self.env.uid})
        self.env["interop.audit.event"]._record("credential.revoke", valid)
        return True

    @api.model
    def _warn_expiring(self) -> int:
        """Tell those responsible which secrets and keys are about to expire without a successor; return how many."""
        now = fields.Datetime.now()
        days = self.env["ir.config_parameter"].sudo().get_param("interop_api.warn_days")
        soon = now + timedelta(days=int(days) if (days or "").isdigit() else WARN_DAYS)
        expiring = self.sudo().search(
            [
                ("revoked_at", "=", False),
                ("warned_at", "=", False),
                ("expires_at", ">", now),
                ("expires_at", "<=", soon),
                ("account_id.active", "=", True),
            ]
        )
        lasting = self.sudo().search(
            [
                ("account_id", "in", expiring.account_id.ids),
                ("revoked_at", "=", False),
                "|",
                ("expires_at", "=", False),
                ("expires_at", ">", soon),
            ]
        )
        succeeded = {(credential.account_id, credential.kind) for credential in lasting}
        alone = expiring.filtered(lambda credential: (credential.account_id, credential.kind) not in succeeded)
        for account, credentials in alone.grouped("account_id").items():
            first = min(credentials.mapped("expires_at"))
            account.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=first.date(),
                summary=_("Credentials of %s expire: rotate them", account.name),
                user_id=(account.owner_id or self.env.user).id,
            )
        expiring.write({"warned_at": now})
        return len(alone)
