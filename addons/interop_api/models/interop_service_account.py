import re
import secrets
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .interop_service_credential import WARN_DAYS, digest

SECRET_BYTES = 32
VALID_AT_ONCE = 2
# Characters that mean the same in a Basic header, a form body and a URL.
_SECRET = re.compile(r"[A-Za-z0-9._~-]{12,128}\Z")
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}\Z")


class InteropServiceAccount(models.Model):
    """A partner's identity at the door: what it is called, how it proves that, and where it may send."""

    _name = "interop.service.account"
    _description = "Service Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name"

    name = fields.Char(required=True)
    client_id = fields.Char(
        string="Client ID",
        required=True,
        copy=False,
        default=lambda self: f"client-{secrets.token_hex(6)}",
        help="The user name of Basic authentication and the client_id of OAuth2",
    )
    active = fields.Boolean(default=True, help="An archived account is refused at once, with all its tokens")
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company, help="Empty: any company")
    owner_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user, help="Whom to ask about this partner"
    )
    interface_ids = fields.Many2many(
        "interop.interface",
        "interop_service_account_interface_rel",
        "account_id",
        "interface_id",
        string="Allowed Interfaces",
        domain="['|', ('direction', '=', 'serve'), '&', ('direction', '=', 'in'),"
        " ('company_id', 'in', [company_id] if company_id else allowed_company_ids)]",
        help="It may send to these and use what they serve; to all others it is a stranger",
    )
    rate_limit = fields.Integer(string="Requests per Minute", help="More are answered 429; 0: no limit")
    credential_ids = fields.One2many("interop.service.credential", "account_id", string="Secrets", readonly=True)
    valid_count = fields.Integer(string="Valid Secrets", compute="_compute_credentials")
    valid_key_count = fields.Integer(string="Valid Keys", compute="_compute_credentials")
    last_used_at = fields.Datetime(string="Last Used", compute="_compute_credentials")
    next_expiry = fields.Datetime(string="Last Credential Expires", compute="_compute_credentials")
    expires_soon = fields.Boolean(compute="_compute_credentials")
    note = fields.Text()

    _client_id_unique = models.UniqueIndex("(client_id)", "Another service account has this client ID.")
    _rate_range = models.Constraint("CHECK (rate_limit >= 0)", "A rate limit cannot be negative.")

    @api.depends("credential_ids.expires_at", "credential_ids.revoked_at", "credential_ids.last_used_at")
    def _compute_credentials(self):
        soon = fields.Datetime.now() + timedelta(days=WARN_DAYS)
        for account in self:
            credentials = account.sudo().credential_ids
            valid = credentials.filtered(lambda credential: credential.state == "valid")
            used = [at for at in credentials.mapped("last_used_at") if at]
            expiries = valid.mapped("expires_at")
            account.valid_count = len(valid.filtered(lambda credential: credential.kind == "secret"))
            account.valid_key_count = len(valid) - account.valid_count
            account.last_used_at = max(used, default=False)
            account.next_expiry = max(expiries) if expiries and all(expiries) else False
            account.expires_soon = bool(account.next_expiry and account.next_expiry < soon)

    @api.constrains("client_id")
    def _check_client_id(self):
        for account in self:
            if not _CLIENT_ID.match(account.client_id or ""):
                raise ValidationError(_("A client ID has 3 to 64 letters, digits, dots, dashes or underscores."))

    @api.constrains("interface_ids", "company_id", "company_ids")
    def _check_interfaces(self):
        for account in self:
            interfaces = account.sudo().interface_ids
            if any(interface.direction == "out" for interface in interfaces):
                raise ValidationError(_("A service account uses inbound and served interfaces only."))
            sending = interfaces.filtered(lambda interface: interface.direction == "in")
            if account.company_id and sending.company_id - account.company_id - account.company_ids:
                raise ValidationError(
                    _("Interfaces of another company cannot be allowed for an account of %s.", account.company_id.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        self.env.registry.clear_cache()
        self.env["interop.audit.event"]._record("account.create", accounts)
        return accounts

    def unlink(self):
        self.env["interop.audit.event"]._record("account.delete", self)
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def write(self, vals):
        renamed = self.filtered(lambda account: account.client_id != vals.get("client_id", account.client_id))
        if renamed.sudo().credential_ids:
            # Secrets are hashed together with the client id; they would stop working without a word.
            raise UserError(_("The client ID cannot change once a secret was issued; create a new account."))
        result = super().write(vals)
        self.env.registry.clear_cache()
        changed = sorted({"active", "company_id", "company_ids", "interface_ids", "rate_limit", "scopes"} & vals.keys())
        if changed:
            self.env["interop.audit.event"]._record("account.change", self, ", ".join(changed))
        return result

    def _check_manager(self) -> None:
        if not self.env.su and not self.env.user.has_group("interop_api.group_manager"):
            raise AccessError(_("Only managers of service accounts may do this."))
        self.check_access("write")

    def _add_secret(self, *, days: int = 0, secret: str = "", overlap_days: float | None = None) -> str:
        """Add a secret and return it; it cannot be read again.

        :param days: how long it is valid, 0 for ever
        :param secret: given instead of made, e.g. when a partner moves over with the one it has
        :param overlap_days: rotation: secrets valid until now expire after so many days
        :raises UserError: when two are valid already, or the given one is too weak
        """
        self.ensure_one()
        self._check_manager()
        account = self.sudo()
        account.lock_for_update()
        if secret and not _SECRET.match(secret):
            raise UserError(_("A secret has 12 to 128 letters, digits, dots, dashes, underscores or tildes."))
        now = fields.Datetime.now()
        account._make_room("secret", overlap_days)
        secret = secret or secrets.token_urlsafe(SECRET_BYTES)
        secret_hash = digest(account.client_id, secret)
        Credential = self.env["interop.service.credential"].sudo()
        credential = Credential.create(
            {
                "account_id": account.id,
                "secret_hash": secret_hash,
                "fingerprint": Credential._fingerprint(secret_hash),
                "expires_at": now + timedelta(days=days) if days else False,
            }
        )
        self.env["interop.audit.event"]._record("credential.create", credential)
        return secret

    def _make_room(self, kind: str, overlap_days: float | None) -> None:
        """Let a new secret or key in: at most two are valid at once.

        :raises UserError: when two are valid already
        """
        valid = self.credential_ids.filtered(lambda found: found.state == "valid" and found.kind == kind)
        if len(valid) >= VALID_AT_ONCE:
            raise UserError(
                _("Two secrets are valid already; revoke one of them first.")
                if kind == "secret"
                else _("Two keys are valid already; revoke one of them first.")
            )
        if overlap_days is not None:
            until = fields.Datetime.now() + timedelta(days=overlap_days)
            later = valid.filtered(lambda credential: not credential.expires_at or credential.expires_at > until)
            later.write({"expires_at": until})

    def action_new_secret(self):
        """Ask for the validity of a new secret, then show it once."""
        self.ensure_one()
        self._check_manager()
        return {
            "type": "ir.actions.act_window",
            "name": _("Rotate Secret") if self.valid_count else _("New Secret"),
            "res_model": "interop.service.secret",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id, "default_rotating": bool(self.valid_count)},
        }

    def action_revoke_all(self):
        """Refuse every secret, key and token of these accounts from now on."""
        self._check_manager()
        accounts = self.sudo()
        accounts.credential_ids.with_env(self.env).action_revoke()
        accounts.write({"tokens_from": fields.Datetime.now() + timedelta(seconds=1), "jwks_url": False})
