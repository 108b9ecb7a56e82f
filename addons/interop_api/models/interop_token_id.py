from odoo import api, models, tools

from .. import throttle

_ONCE = """
    INSERT INTO interop_token_id (key, kind, until) VALUES (%s, 'assertion', %s)
    ON CONFLICT (key) DO NOTHING RETURNING 1
"""
_REVOKE = """
    INSERT INTO interop_token_id (key, kind, until) VALUES (%s, 'revoked', %s)
    ON CONFLICT (key) DO NOTHING
"""


class InteropTokenId(models.AbstractModel):
    """Ids of tokens that may not come (again): used client assertions, and revoked access tokens.

    Each is remembered until the token would have ended anyway.
    """

    _name = "interop.token.id"
    _description = "Token Id"

    def init(self):
        self.env.cr.execute(
            """CREATE TABLE IF NOT EXISTS interop_token_id (
                   key varchar PRIMARY KEY, kind varchar NOT NULL, until double precision NOT NULL);
               CREATE INDEX IF NOT EXISTS interop_token_id_until ON interop_token_id (until)"""
        )

    @api.model
    def _first_time(self, key: str, until: float) -> bool:
        """Note an assertion as used, for good even when the request fails; False when it was used before."""
        return bool(throttle.run_apart(self.env, _ONCE, [key, until]))

    @api.model
    def _revoke(self, jti: str, until: float) -> None:
        """Refuse the access token with this id from the next request on, in all processes."""
        self.env.cr.execute(_REVOKE, [f"revoked:{jti}", until])
        self.env.registry.clear_cache()

    @api.model
    @tools.ormcache()
    def _revoked(self) -> frozenset[str]:
        """Ids of the access tokens that were revoked before their end."""
        self.env.cr.execute(
            "SELECT key FROM interop_token_id WHERE kind = 'revoked' AND until > %s", [throttle.clock()]
        )
        return frozenset(key.partition(":")[2] for (key,) in self.env.cr.fetchall())

    @api.autovacuum
    def _sweep(self):
        self.env.cr.execute("DELETE FROM interop_token_id WHERE until < %s", [throttle.clock() - 60])
        return self.env.cr.rowcount, 0
