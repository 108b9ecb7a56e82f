import json
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import assertion, certificate, jose_guard, jwks, tokens

_ALGORITHM_OF = {"RSA": "RS384", "EC": "ES384"}


class InteropServiceAccount(models.Model):
    """The other ways in which an account proves who it is: keys, a key set, an outside issuer, a certificate."""

    _inherit = "interop.service.account"

    jwks_url = fields.Char(
        string="Key Set Address",
        help="Where the partner publishes its public keys (JWKS). Fetched when needed, guarded, and kept for a while",
    )
    certificates = fields.Text(
        string="Client Certificates",
        help="SHA-256 thumbprints, one per line. If set, every request must come with one of these certificates,"
        " as a trusted proxy reports it",
    )
    issuer_id = fields.Many2one("interop.trusted.issuer", string="Trusted Issuer", ondelete="restrict")
    external_id = fields.Char(string="Name at the Issuer", help="What the issuer's tokens call this account")
    tokens_from = fields.Datetime(readonly=True, copy=False, help="Tokens issued before are refused")
    rate_burst = fields.Integer(
        string="Requests at Once", help="So many may come at once; 0: what the limit gives in two seconds"
    )
    max_body_bytes = fields.Integer(string="Largest Request (bytes)", help="0: as the interface says")
    max_page = fields.Integer(string="Largest Page", help="0: as the interface says")
    max_bundle = fields.Integer(string="Largest Bundle", help="0: as the interface says")

    _external_unique = models.UniqueIndex(
        "(issuer_id, external_id) WHERE external_id IS NOT NULL", "Another account has this name at the issuer."
    )
    _quota_range = models.Constraint(
        "CHECK (COALESCE(rate_burst, 0) >= 0 AND COALESCE(max_body_bytes, 0) BETWEEN 0 AND 134217728"
        " AND COALESCE(max_page, 0) >= 0 AND COALESCE(max_bundle, 0) >= 0)",
        "Limits cannot be negative, and a request has 128 MiB at most.",
    )

    @api.constrains("jwks_url")
    def _check_jwks_url(self):
        for account in self.filtered("jwks_url"):
            if urlsplit(account.jwks_url).scheme not in ("https", "http"):
                raise ValidationError(_("The address of a key set begins with https://."))

    @api.constrains("certificates")
    def _check_certificates(self):
        for account in self:
            if any(certificate.thumbprint_of(line) != line for line in (account.certificates or "").split()):
                raise ValidationError(_("A thumbprint is the SHA-256 of the certificate, in hexadecimal or base64url."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._normalize_certificates(vals)
        return super().create(vals_list)

    def write(self, vals):
        vals = dict(vals)
        self._normalize_certificates(vals)
        result = super().write(vals)
        changed = sorted({"jwks_url", "certificates", "issuer_id", "external_id", "tokens_from"} & vals.keys())
        if changed:
            self.env["interop.audit.event"]._record("account.identity", self, ", ".join(changed))
        return result

    @staticmethod
    def _normalize_certificates(vals: dict) -> None:
        """Thumbprints are kept in one form, whichever they were typed in."""
        if text := vals.get("certificates"):
            vals["certificates"] = "\n".join(certificate.thumbprint_of(line) or line for line in text.split())

    def _add_key(self, text: str, *, days: int = 0, overlap_days: float | None = None):
        """Register a public key and return its credential.

        :param text: a JWK, a key set with one key, or PEM
        :param days: how long it is valid, 0 for ever
        :param overlap_days: rotation: keys valid until now expire after so many days
        :raises UserError: when two are valid already, or it is not a public key that can be used
        """
        self.ensure_one()
        self._check_manager()
        account = self.sudo()
        account.lock_for_update()
        jwk, kid, algorithm = self._read_key(text)
        valid = account.credential_ids.filtered(lambda found: found.state == "valid" and found.kind == "key")
        if kid in valid.mapped("kid"):
            raise UserError(_("A key with this key ID is registered already."))
        account._make_room("key", overlap_days)
        credential = (
            self.env["interop.service.credential"]
            .sudo()
            .create(
                {
                    "account_id": account.id,
                    "kind": "key",
                    "kid": kid,
                    "algorithm": algorithm,
                    "public_jwk": json.dumps(jwk),
                    "fingerprint": jose_guard.thumbprint(jwk)[:8],
                    "expires_at": fields.Datetime.now() + timedelta(days=days) if days else False,
                }
            )
        )
        self.env["interop.audit.event"]._record("credential.create", credential)
        return credential

    @api.model
    def _read_key(self, text: str) -> tuple[dict, str, str]:
        """Public JWK, key id and algorithm of what a partner handed over.

        :raises UserError: when it cannot be used
        """
        text = (text or "").strip()
        try:
            keys = [_from_pem(text)] if text.startswith("-----BEGIN") else jwks.parse(text)
        except (jwks.Unavailable, ValueError):
            raise UserError(_("This is neither a public key as JWK nor as PEM.")) from None
        if len(keys) != 1:
            raise UserError(_("Register one key at a time; this key set has %s.", len(keys)))
        jwk = keys[0]
        if "d" in jwk or "k" in jwk:
            raise UserError(_("This is a private key. It must never leave the partner: ask for a new, public one."))
        algorithm = _ALGORITHM_OF.get(jwk.get("kty"), "")
        try:
            public = jose_guard.public_jwk(jwk)
            kid = jwk.get("kid") or jose_guard.thumbprint(jwk)
            if not isinstance(kid, str) or len(kid) > 64:
                raise UserError(_("A key ID has 64 characters at most."))
            jose_guard.build_key(jwk, kid=kid, algorithm=algorithm)
        except jose_guard.KeyRefused:
            raise UserError(
                _(
                    "Keys are RSA of at least 2048 bits for RS384, or EC on the curve P-384 for ES384 (%s).",
                    ", ".join(assertion.ALGORITHMS),
                )
            ) from None
        return public, kid, algorithm

    def action_new_key(self):
        """Ask for a public key."""
        self.ensure_one()
        self._check_manager()
        return {
            "type": "ir.actions.act_window",
            "name": _("Rotate Key") if self.valid_key_count else _("New Key"),
            "res_model": "interop.service.key",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id, "default_rotating": bool(self.valid_key_count)},
        }

    def action_check_jwks(self):
        """Fetch the key set now and say what was found.

        :raises UserError: when it cannot be had, saying why
        """
        self.ensure_one()
        self._check_manager()
        jwks.forget(self.jwks_url or "")
        try:
            keys, age = jwks.download(self.jwks_url or "", tokens.allowed_hosts(self.env))
        except jwks.Unavailable as error:
            raise UserError(_("The key set cannot be had: %s", error)) from None
        usable = [key for key in keys if key.get("kty") in _ALGORITHM_OF and key.get("kid")]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if usable else "warning",
                "message": _("%(usable)s of %(all)s keys can be used.", usable=len(usable), all=len(keys)),
            },
        }


def _from_pem(text: str) -> dict:
    key = load_pem_public_key(text.encode())
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": jose_guard.encode_number(numbers.n), "e": jose_guard.encode_number(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp384r1":
        numbers = key.public_numbers()
        members = {name: jose_guard.encode_number(getattr(numbers, name), 48) for name in "xy"}
        return {"kty": "EC", "crv": "P-384", **members}
    raise ValueError("not a key of a type that is used here")
