import hashlib
import hmac

from odoo import _, api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.interop_hub import keyring

_PURPOSE = "interop_api.credential"


def digest(client_id: str, secret: str) -> str:
    """The stored form of a secret: an HMAC under the keyring's index key, which is not in the database.

    One fast hash is enough: secrets are random, and the key is the pepper.
    """
    return keyring.ring().mac(_PURPOSE, f"{client_id}\0{secret}".encode("utf-8", "surrogatepass")).hex()


def matches(presented: str, stored: str) -> bool:
    """Compare two digests in a time that tells nothing."""
    return hmac.compare_digest(presented, stored)


class InteropServiceCredential(models.Model):
    """One secret of a service account. Two may be valid at once, so that a partner can change over without a gap."""

    _name = "interop.service.credential"
    _description = "Service Credential"
    _order = "id desc"
    _rec_name = "fingerprint"

    account_id = fields.Many2one(
        "interop.service.account", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    secret_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
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

    @api.model_create_multi
    def create(self, vals_list):
        credentials = super().create(vals_list)
        self.env.registry.clear_cache()
        return credentials

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    def _fingerprint(self, secret_hash: str) -> str:
        return hashlib.sha256(secret_hash.encode()).hexdigest()[:8]

    def action_revoke(self):
        """Refuse these secrets from now on, with every token that was issued for them.

        :raises AccessError: unless the user manages service accounts
        """
        if not self.env.su and not self.env.user.has_group("interop_api.group_manager"):
            raise AccessError(_("Only managers of service accounts may revoke secrets."))
        self.check_access("read")
        valid = self.sudo().filtered(lambda credential: not credential.revoked_at)
        valid.write({"revoked_at": fields.Datetime.now(), "revoked_by_id": self.env.uid})
        self.env["interop.audit.event"]._record("credential.revoke", valid)
