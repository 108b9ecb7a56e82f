import json
from datetime import timedelta

from odoo import _, api, fields, models, tools
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.interop_hub import keyring

from .. import jose_guard, throttle

ALGORITHM = "ES256"
# Tokens live five minutes; verifiers elsewhere may have cached the key set for as long.
OVERLAP_MINUTES = 15
_CACHE_SIZE = 64

# (database, key id, private) -> built key. Building costs tens of milliseconds, and what a key id
# stands for never changes; whether the key is still in force is asked of the database every time.
_built: dict[tuple[str, str, bool], jose_guard.GuardedKey] = {}


class InteropSigningKey(models.Model):
    """A key pair that signs access tokens: the private part sealed by the keyring, the public part published."""

    _name = "interop.signing.key"
    _description = "Token Signing Key"
    _order = "id desc"
    _rec_name = "kid"

    kid = fields.Char(string="Key ID", required=True, readonly=True)
    algorithm = fields.Char(required=True, readonly=True)
    public_jwk = fields.Text(string="Public Key", required=True, readonly=True)
    key_ref = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    sealed = fields.Binary(required=True, readonly=True, attachment=False, groups=fields.NO_ACCESS)
    accept_until = fields.Datetime(
        string="Accepted Until", readonly=True, help="Empty: the current key. Later its tokens are refused"
    )
    state = fields.Selection(
        [("current", "Current"), ("previous", "Previous"), ("retired", "Retired")], compute="_compute_state"
    )

    _kid_unique = models.UniqueIndex("(kid)")
    _one_current = models.UniqueIndex("((accept_until IS NULL)) WHERE accept_until IS NULL", "One key is current.")

    @api.depends("accept_until")
    def _compute_state(self):
        now = fields.Datetime.now()
        for key in self:
            if not key.accept_until:
                key.state = "current"
            else:
                key.state = "previous" if key.accept_until > now else "retired"

    @api.model
    def _generate(self):
        """Make a key pair and insert it as the current one; the caller has ended the one before."""
        jwk = jose_guard.new_ec_jwk()
        kid = jose_guard.new_id()
        key_ref, sealed = keyring.ring().encrypt(json.dumps(jwk).encode(), f"signing-key:{kid}".encode())
        self.env.cr.execute(
            """INSERT INTO interop_signing_key
                   (kid, algorithm, public_jwk, key_ref, sealed, create_uid, create_date, write_uid, write_date)
               VALUES (%s, %s, %s, %s, %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC')
               ON CONFLICT DO NOTHING""",
            [kid, ALGORITHM, json.dumps(jose_guard.public_jwk(jwk)), key_ref, sealed, self.env.uid, self.env.uid],
        )
        self.invalidate_model()
        self.env.registry.clear_cache()
        self.env["interop.audit.event"]._record("signing_key.create", self)

    @api.model
    def _signer(self) -> jose_guard.GuardedKey:
        """The key that signs now; made at first use."""
        query = "SELECT kid FROM interop_signing_key WHERE accept_until IS NULL"
        self.env.cr.execute(query)
        row = self.env.cr.fetchone()
        if not row:
            self._generate()
            self.env.cr.execute(query)
            row = self.env.cr.fetchone()
        return self._key(row[0], private=True)

    @api.model
    def _verifier(self, kid: str) -> jose_guard.GuardedKey | None:
        """The public key known as ``kid``, or None when there is none, or it is not in force any more."""
        until = self._in_force().get(kid)
        return self._key(kid, private=False) if until is not None and until > throttle.clock() else None

    @api.model
    @tools.ormcache()
    def _in_force(self) -> dict[str, float]:
        """Key ids, with the end of each as epoch seconds."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT kid, extract(epoch FROM COALESCE(accept_until, 'infinity'))::float8 FROM interop_signing_key
                WHERE accept_until IS NULL OR accept_until > now() AT TIME ZONE 'UTC'"""
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _key(self, kid: str, *, private: bool) -> jose_guard.GuardedKey | None:
        name = (self.env.cr.dbname, kid, private)
        if (built := _built.get(name)) is not None:
            return built
        self.env.cr.execute(
            "SELECT algorithm, public_jwk, key_ref, sealed FROM interop_signing_key WHERE kid = %s", [kid]
        )
        row = self.env.cr.fetchone()
        if row is None:
            return None
        algorithm, public, key_ref, sealed = row
        jwk = json.loads(keyring.ring().decrypt(key_ref, sealed, f"signing-key:{kid}".encode()) if private else public)
        if len(_built) >= _CACHE_SIZE:
            _built.clear()
        key = _built[name] = jose_guard.build_key(jwk, kid=kid, algorithm=algorithm, private=private)
        return key

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    def _jwks(self) -> dict:
        """The JWK set of the keys in force (RFC 7517, section 5)."""
        self.env.cr.execute(
            """SELECT kid, algorithm, public_jwk FROM interop_signing_key
                WHERE accept_until IS NULL OR accept_until > now() AT TIME ZONE 'UTC' ORDER BY id DESC"""
        )
        return {
            "keys": [
                {**json.loads(public), "kid": kid, "alg": algorithm, "use": "sig"}
                for kid, algorithm, public in self.env.cr.fetchall()
            ]
        }

    @api.model
    def action_rotate(self):
        """Sign with a new key from now on; tokens of the present one stay good for some minutes."""
        self._check_admin()
        until = fields.Datetime.now() + timedelta(minutes=OVERLAP_MINUTES)
        self.env.cr.execute(SQL("UPDATE interop_signing_key SET accept_until = %s WHERE accept_until IS NULL", until))
        self.sudo()._generate()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_revoke(self):
        """Refuse tokens signed by these keys at once, as after a leak."""
        self._check_admin()
        keys = self.sudo()
        keys.write({"accept_until": fields.Datetime.now()})
        self.env["interop.audit.event"]._record("signing_key.revoke", keys)

    def _check_admin(self) -> None:
        if not self.env.su and not self.env.user.has_group("interop_hub.group_admin"):
            raise AccessError(_("Only administrators of the hub may change signing keys."))

    @api.model
    def _reseal(self) -> int:
        """Seal private keys again under the keyring's current key; return how many were."""
        ring = keyring.ring()
        self.env.cr.execute(
            "SELECT id, kid, key_ref, sealed FROM interop_signing_key WHERE key_ref <> %s", [ring.current]
        )
        rows = [
            (row_id, *ring.encrypt(ring.decrypt(key_ref, sealed, aad), aad))
            for row_id, kid, key_ref, sealed in self.env.cr.fetchall()
            if (aad := f"signing-key:{kid}".encode())
        ]
        if rows:
            self.env.cr.execute_values(
                "UPDATE interop_signing_key k SET key_ref = v.key_ref, sealed = v.sealed"
                " FROM (VALUES %s) AS v(id, key_ref, sealed) WHERE k.id = v.id",
                rows,
            )
        return len(rows)
