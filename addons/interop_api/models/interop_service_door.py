from __future__ import annotations

from dataclasses import dataclass, field

from odoo import api, models, tools

from ..scopes import NOTHING, Grant

_ACCOUNTS = """
    SELECT a.id, a.client_id, a.user_id, a.company_id,
           ARRAY(SELECT f.company_id FROM interop_service_account_company_rel f WHERE f.account_id = a.id),
           a.rate_limit, a.rate_burst, a.scopes,
           ARRAY(SELECT r.interface_id FROM interop_service_account_interface_rel r WHERE r.account_id = a.id),
           a.jwks_url, a.certificates, a.issuer_id, a.external_id,
           extract(epoch FROM a.tokens_from)::float8,
           a.max_body_bytes, a.max_page, a.max_bundle
      FROM interop_service_account a
     WHERE a.active
"""
_CREDENTIALS = """
    SELECT account_id, id, kind, secret_hash, kid, algorithm, public_jwk,
           extract(epoch FROM COALESCE(expires_at, 'infinity'))::float8
      FROM interop_service_credential
     WHERE revoked_at IS NULL
  ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class DoorKey:
    """A public key of a partner."""

    id: int
    kid: str
    algorithm: str
    jwk: str
    until: float


@dataclass(frozen=True, slots=True)
class DoorAccount:
    """What the door needs to know of an account: plain values, kept per process."""

    id: int | None
    client_id: str
    user_id: int | None = None  #: the technical user
    company_id: int | None = None  #: the first of its companies
    company_ids: frozenset[int] | None = frozenset()  #: None: all
    rate_limit: int = 0
    rate_burst: int = 0
    interface_ids: frozenset[int] = frozenset()
    grant: Grant = NOTHING
    jwks_url: str = ""
    certificates: frozenset[str] = frozenset()  #: thumbprints; empty: none is asked for
    tokens_from: float = 0.0  #: tokens from before are refused
    quota: tuple[int, int, int] = (0, 0, 0)  #: body, page, bundle; 0: those of the interface
    secrets: tuple[tuple[int, str, float], ...] = ()  #: (id, hash, end of validity as epoch seconds)
    keys: tuple[DoorKey, ...] = ()

    def valid_secrets(self, now: float) -> list[tuple[int, str]]:
        """``(id, hash)`` of the secrets that are valid at ``now``, epoch seconds."""
        return [(secret_id, secret_hash) for secret_id, secret_hash, until in self.secrets if until > now]

    def valid_keys(self, now: float) -> list[DoorKey]:
        """The keys that are valid at ``now``, epoch seconds."""
        return [key for key in self.keys if key.until > now]

    def has_credential(self, credential_id: int, now: float) -> bool:
        """Whether a secret or key is valid at ``now``; 0 stands for the key set at the account's own address."""
        if not credential_id:
            return bool(self.jwks_url)
        return any(found == credential_id and until > now for found, _hash, until in self.secrets) or any(
            key.id == credential_id and key.until > now for key in self.keys
        )


NOBODY = DoorAccount(None, "")


@dataclass(frozen=True, slots=True)
class DoorAccounts:
    """All active accounts, by what they are asked for."""

    by_client: dict[str, DoorAccount] = field(default_factory=dict)
    by_external: dict[tuple[int, str], DoorAccount] = field(default_factory=dict)


class InteropServiceAccount(models.Model):
    """What the door keeps in memory of all accounts."""

    _inherit = "interop.service.account"

    @api.model
    def _at_the_door(self, client_id: str) -> DoorAccount:
        """The active account of this client, or one that nothing matches."""
        return self._door_accounts().by_client.get(client_id, NOBODY)

    @api.model
    def _external_at_the_door(self, issuer_id: int, external_id: str) -> DoorAccount:
        """The active account that a trusted issuer calls by this name, or one that nothing matches."""
        return self._door_accounts().by_external.get((issuer_id, external_id), NOBODY)

    @api.model
    @tools.ormcache()
    def _door_accounts(self) -> DoorAccounts:
        """All active accounts; as one entry, so that made-up client ids cannot crowd the cache."""
        self.env.flush_all()
        self.env.cr.execute(_CREDENTIALS)
        secrets: dict[int, list] = {}
        keys: dict[int, list] = {}
        for account_id, credential_id, kind, secret_hash, kid, algorithm, jwk, until in self.env.cr.fetchall():
            if kind == "key":
                keys.setdefault(account_id, []).append(DoorKey(credential_id, kid, algorithm, jwk, until))
            else:
                secrets.setdefault(account_id, []).append((credential_id, secret_hash, until))
        self.env.cr.execute(_ACCOUNTS)
        found = DoorAccounts()
        for (
            account_id,
            client_id,
            user_id,
            company_id,
            companies,
            rate_limit,
            rate_burst,
            scopes,
            interfaces,
            jwks_url,
            certificates,
            issuer_id,
            external_id,
            tokens_from,
            *quota,
        ) in self.env.cr.fetchall():
            account = found.by_client[client_id] = DoorAccount(
                account_id,
                client_id,
                user_id,
                company_id,
                frozenset([company_id, *companies]) if company_id else None,
                rate_limit or 0,
                rate_burst or 0,
                frozenset(interfaces),
                Grant.parse(scopes),
                jwks_url or "",
                frozenset((certificates or "").split()),
                tokens_from or 0.0,
                tuple(value or 0 for value in quota),
                tuple(secrets.get(account_id, ())),
                tuple(keys.get(account_id, ())),
            )
            if issuer_id and external_id:
                found.by_external[issuer_id, external_id] = account
        return found
