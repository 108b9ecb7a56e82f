from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError

from ..scopes import Grant

_ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")


@dataclass(frozen=True, slots=True)
class DoorIssuer:
    """What the door needs to know of a trusted issuer."""

    id: int
    issuer: str
    audience: str
    jwks_url: str
    algorithms: frozenset[str]
    max_lifetime: int
    account_claim: str
    scope_claim: str
    scopes: tuple[tuple[str, Grant], ...]  #: what each value of the claim gives

    def grant_of(self, claim) -> Grant:
        """What the token's claim gives: a text of words, or a list of them."""
        words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
        given: set = set()
        for value, grant in self.scopes:
            if value in words:
                given |= grant.scopes
        return Grant(frozenset(given))


class InteropTrustedIssuer(models.Model):
    """A server outside (Keycloak, Entra ID, …) whose access tokens are accepted for accounts that say so."""

    _name = "interop.trusted.issuer"
    _description = "Trusted Token Issuer"
    _inherit = ["mail.thread"]
    _order = "name"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True, help="Tokens of an archived issuer are refused at once")
    issuer = fields.Char(required=True, tracking=True, help="The claim iss of its tokens, to the letter")
    audience = fields.Char(required=True, tracking=True, help="The claim aud that its tokens have for us")
    jwks_url = fields.Char(string="Key Set Address", required=True, tracking=True)
    algorithm_rs256 = fields.Boolean(string="RS256", default=True)
    algorithm_rs384 = fields.Boolean(string="RS384")
    algorithm_es256 = fields.Boolean(string="ES256")
    algorithm_es384 = fields.Boolean(string="ES384")
    max_lifetime = fields.Integer(
        string="Longest Lifetime (s)", default=3600, required=True, help="Tokens that live longer are refused"
    )
    account_claim = fields.Char(
        string="Claim That Names the Account", default="azp", required=True, help="e.g. azp, client_id, appid, sub"
    )
    scope_claim = fields.Char(
        string="Claim with the Scopes",
        default="scope",
        required=True,
        help="e.g. scope, scp, roles, realm_access.roles",
    )
    scope_ids = fields.One2many("interop.trusted.issuer.scope", "issuer_id", string="Scopes", copy=True)
    account_ids = fields.One2many("interop.service.account", "issuer_id", string="Accounts")
    account_count = fields.Integer(compute="_compute_account_count")

    _issuer_unique = models.UniqueIndex("(issuer) WHERE active", "This issuer is trusted already.")
    _lifetime_range = models.Constraint(
        "CHECK (max_lifetime BETWEEN 60 AND 86400)", "Tokens live one minute to one day."
    )

    @api.depends("account_ids")
    def _compute_account_count(self):
        for issuer in self:
            issuer.account_count = len(issuer.account_ids)

    @api.constrains("issuer", "jwks_url")
    def _check_addresses(self):
        own = self.env["ir.config_parameter"].sudo().get_param("interop_api.public_url") or ""
        for issuer in self:
            if any(urlsplit(url).scheme not in ("https", "http") for url in (issuer.issuer, issuer.jwks_url)):
                raise ValidationError(_("Issuer and key set are addresses that begin with https://."))
            if own and issuer.issuer == own.rstrip("/"):
                raise ValidationError(_("This is the issuer of this database itself."))

    @api.constrains("algorithm_rs256", "algorithm_rs384", "algorithm_es256", "algorithm_es384")
    def _check_algorithms(self):
        if any(not issuer._algorithms() for issuer in self):
            raise ValidationError(_("Choose at least one algorithm."))

    def _algorithms(self) -> frozenset[str]:
        return frozenset(name for name in _ALGORITHMS if self[f"algorithm_{name.lower()}"])

    @api.model
    def _at_the_door(self, issuer: str) -> DoorIssuer | None:
        """The active issuer of this name."""
        return self._door_issuers().get(issuer)

    @api.model
    @tools.ormcache()
    def _door_issuers(self) -> dict[str, DoorIssuer]:
        return {
            record.issuer: DoorIssuer(
                record.id,
                record.issuer,
                record.audience,
                record.jwks_url,
                record._algorithms(),
                record.max_lifetime,
                record.account_claim,
                record.scope_claim,
                tuple((line.value, Grant.parse(line.scopes)) for line in record.scope_ids),
            )
            for record in self.sudo().search([])
        }

    @api.model_create_multi
    def create(self, vals_list):
        issuers = super().create(vals_list)
        self.env.registry.clear_cache()
        self.env["interop.audit.event"]._record("issuer.create", issuers)
        return issuers

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        self.env["interop.audit.event"]._record("issuer.change", self, ", ".join(sorted(vals)))
        return result

    def unlink(self):
        self.env["interop.audit.event"]._record("issuer.delete", self)
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
