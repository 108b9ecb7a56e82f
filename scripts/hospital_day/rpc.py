"""Reading Odoo as a person's browser does: a session and JSON-RPC."""

from __future__ import annotations

import re

import requests


class RpcError(Exception):
    """Odoo answered with an error."""


class Rpc:
    """A logged-in session.

    :param url: address of the server
    :raises RpcError: when the login is refused
    """

    def __init__(self, url: str, login: str = "admin", password: str = "admin"):
        self.url = url.rstrip("/")
        self.session = requests.Session()
        page = self.session.get(f"{self.url}/web/login", timeout=120)
        page.raise_for_status()
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        form = {"login": login, "password": password, "csrf_token": token[1] if token else ""}
        answer = self.session.post(f"{self.url}/web/login", data=form, timeout=120, allow_redirects=False)
        if answer.status_code != 303:
            raise RpcError(f"login {login} was refused (status {answer.status_code})")
        info = self._post("/web/session/get_session_info", {})
        allowed = (info.get("user_companies") or {}).get("allowed_companies") or {}
        self.context = {"allowed_company_ids": sorted(int(key) for key in allowed)} if allowed else {}

    def _post(self, path: str, params: dict, timeout: float = 60):
        answer = self.session.post(
            self.url + path, json={"jsonrpc": "2.0", "method": "call", "params": params}, timeout=timeout
        )
        answer.raise_for_status()
        body = answer.json()
        if "error" in body:
            raise RpcError(body["error"].get("data", {}).get("message") or body["error"].get("message"))
        return body["result"]

    def call(self, model: str, method: str, *args, **kwargs):
        """Call a public method of a model."""
        kwargs.setdefault("context", {}).update(self.context)
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}", {"model": model, "method": method, "args": args, "kwargs": kwargs}
        )

    def read(
        self, model: str, domain: list, fields: list[str], *, order: str = "id", archived: bool = False
    ) -> list[dict]:
        """All records that match, as dicts; a many2one is an id."""
        context = {"active_test": not archived}
        return self.call(model, "search_read", domain=domain, fields=fields, order=order, load=None, context=context)

    def count(self, model: str, domain: list) -> int:
        """How many records match."""
        return self.call(model, "search_count", domain)
