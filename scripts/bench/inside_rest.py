"""What the figures of the REST API need prepared."""

from __future__ import annotations

from datetime import datetime, timedelta


def rest_prepare(env, client_id: str, secret: str) -> str:
    """Make an account that may read visits, and return an API key of the administrator for Odoo's own API."""
    account = env["interop.service.account"].create(
        {
            "name": client_id,
            "client_id": client_id,
            "company_id": False,
            "scopes": "interop/encounter.read interop/encounter.phi",
        }
    )
    account._add_secret(secret=secret)
    admin = env.ref("base.user_admin")
    keys = env["res.users.apikeys"].with_user(admin)
    return keys._generate("rpc", client_id, datetime.now() + timedelta(days=1))
