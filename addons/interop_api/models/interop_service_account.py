import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from odoo import _, api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ..scopes import NOTHING, Grant
from .interop_service_credential import digest

SECRET_BYTES = 32
VALID_AT_ONCE = 2
# Characters that mean the same in a Basic header, a form body and a URL.
_SECRET = re.compile(r"[A-Za-z0-9._~-]{12,128}\Z")
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}\Z")


@dataclass(frozen=True, slots=True)
class DoorAccount:
    """What the door needs to know of an account: plain values, kept per process."""

    id: int | None
    client_id: str
    user_id: int | None  #: the technical user
    company_ids: frozenset[int] | None  #: None: all
    rate_limit: int
    interface_ids: frozenset[int]
    grant: Grant
    secrets: tuple[tuple[int, str, float], ...]  #: (id, hash, end of validity as epoch seconds)

    def valid_secrets(self, now: float) -> list[tuple[int, str]]:
        """``(id, hash)`` of the secrets that are valid at ``now``, epoch seconds."""
        return [(secret_id, secret_hash) for secret_id, secret_hash, until in self.secrets if until > now]


_NOBODY = DoorAccount(None, "", None, frozenset(), 0, frozenset(), NOTHING, ())


class InteropServiceAccount(models.Model):
    """A partner's identity at the door: what it is called, how it proves that, and where it may send."""

    _name = "interop.service.account"
    _description = "Service Account"
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
    last_used_at = fields.Datetime(string="Last Used", compute="_compute_credentials")
    next_expiry = fields.Datetime(string="Last Secret Expires", compute="_compute_credentials")
    note = fields.Text()

    _client_id_unique = models.UniqueIndex("(client_id)", "Another service account has this client ID.")
    _rate_range = models.Constraint("CHECK (rate_limit >= 0)", "A rate limit cannot be negative.")

    @api.depends("credential_ids.expires_at", "credential_ids.revoked_at", "credential_ids.last_used_at")
    def _compute_credentials(self):
        for account in self:
            credentials = account.sudo().credential_ids
            valid = credentials.filtered(lambda credential: credential.state == "valid")
            used = [at for at in credentials.mapped("last_used_at") if at]
            expiries = valid.mapped("expires_at")
            account.valid_count = len(valid)
            account.last_used_at = max(used, default=False)
            account.next_expiry = max(expiries) if expiries and all(expiries) else False

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

    @api.model
    def _at_the_door(self, client_id: str) -> DoorAccount:
        """The active account of this client, or one that nothing matches."""
        return self._door_accounts().get(client_id, _NOBODY)

    @api.model
    @tools.ormcache()
    def _door_accounts(self) -> dict[str, DoorAccount]:
        """All active accounts by client id; as one entry, so that made-up client ids cannot crowd the cache."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT a.id, a.client_id, a.user_id, a.company_id,
                      ARRAY(SELECT f.company_id FROM interop_service_account_company_rel f
                             WHERE f.account_id = a.id),
                      a.rate_limit, a.scopes,
                      ARRAY(SELECT r.interface_id FROM interop_service_account_interface_rel r
                             WHERE r.account_id = a.id),
                      c.ids, c.hashes, c.until
                 FROM interop_service_account a
            LEFT JOIN LATERAL (
                   SELECT array_agg(v.id ORDER BY v.id) AS ids,
                          array_agg(v.secret_hash ORDER BY v.id) AS hashes,
                          array_agg(extract(epoch FROM COALESCE(v.expires_at, 'infinity'))::float8 ORDER BY v.id)
                              AS until
                     FROM interop_service_credential v
                    WHERE v.account_id = a.id AND v.revoked_at IS NULL) c ON TRUE
                WHERE a.active"""
        )
        return {
            client_id: DoorAccount(
                account_id,
                client_id,
                user_id,
                frozenset([company_id, *companies]) if company_id else None,
                rate_limit or 0,
                frozenset(interfaces),
                Grant.parse(scopes),
                tuple(zip(ids or (), hashes or (), until or (), strict=True)),
            )
            for (
                account_id,
                client_id,
                user_id,
                company_id,
                companies,
                rate_limit,
                scopes,
                interfaces,
                ids,
                hashes,
                until,
            ) in self.env.cr.fetchall()
        }

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
        valid = account.credential_ids.filtered(lambda credential: credential.state == "valid")
        if len(valid) >= VALID_AT_ONCE:
            raise UserError(_("Two secrets are valid already; revoke one of them first."))
        if overlap_days is not None:
            until = now + timedelta(days=overlap_days)
            later = valid.filtered(lambda credential: not credential.expires_at or credential.expires_at > until)
            later.write({"expires_at": until})
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
        """Revoke every secret of these accounts at once."""
        self._check_manager()
        self.sudo().credential_ids.with_env(self.env).action_revoke()
