import json
from urllib.parse import parse_qsl

from odoo import http
from odoo.api import SUPERUSER_ID
from odoo.http import Response, request

from .. import body, gate
from ..problem import Problem

MAX_FORM_BYTES = 16 * 1024
_FORM = "application/x-www-form-urlencoded"


class OAuth2Controller(http.Controller):
    """Access tokens by the client credentials grant (RFC 6749, section 4.4)."""

    # Not auth="interop": the credentials may be in the body.
    @http.route(
        "/interop/oauth2/token",
        type="interop",
        auth="none",
        verbs=("POST",),
        interface="front-door",
        save_session=False,
        readonly=False,
    )
    def token(self):
        """Exchange client id and secret for an access token of five minutes."""
        form = self._form()
        presented = self._presented(form)
        if form.get("grant_type") != "client_credentials":
            code = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
            raise Problem(400, "oauth2.grant", "grant_type must be client_credentials.", error=code)
        env = request.env(user=SUPERUSER_ID)
        try:
            caller = gate.identify(env, presented, request.httprequest.remote_addr or "")
        except Problem as problem:
            problem.members.setdefault("error", "invalid_client" if problem.code == 401 else "temporarily_unavailable")
            raise
        gate.check_rate(env, caller)
        answer = {
            "access_token": gate.issue_token(env, caller),
            "token_type": "Bearer",
            "expires_in": gate.TOKEN_SECONDS,
        }
        return Response(
            json.dumps(answer),
            content_type="application/json",
            headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
        )

    def _form(self) -> dict:
        if request.httprequest.query_string:
            raise Problem(
                400, "oauth2.query", "Send parameters in the body, never in the URL.", error="invalid_request"
            )
        if request.httprequest.mimetype != _FORM:
            raise Problem(415, "body.type", f"The body must be {_FORM}.", error="invalid_request", accepted=[_FORM])
        try:
            text = body.read(request.httprequest, MAX_FORM_BYTES).decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20, strict_parsing=bool(text))
        except ValueError:
            raise Problem(400, "oauth2.form", "The form cannot be read.", error="invalid_request") from None
        form = dict(pairs)
        if len(form) != len(pairs):
            raise Problem(400, "oauth2.form", "A parameter is repeated.", error="invalid_request")
        return form

    def _presented(self, form: dict) -> gate.Presented:
        header = request.httprequest.headers.get("Authorization")
        if not header and "client_secret" in form:
            return gate.Presented(form.get("client_id", "")[:256], secret=form["client_secret"][:256])
        try:
            presented = gate.read_authorization(header)
        except Problem as problem:
            problem.members["error"] = "invalid_client"
            raise
        if presented.token:
            raise Problem(400, "oauth2.client", "Authenticate with the client's own secret.", error="invalid_request")
        if "client_secret" in form or form.get("client_id", presented.client_id) != presented.client_id:
            raise Problem(400, "oauth2.client", "Authenticate in one way only.", error="invalid_request")
        return presented

    @http.route(
        "/interop/oauth2/jwks.json",
        type="interop",
        auth="none",
        interface="front-door",
        save_session=False,
        readonly=True,
    )
    def jwks(self):
        """The public keys that verify our tokens."""
        keys = request.env(user=SUPERUSER_ID)["interop.signing.key"]._jwks()
        return Response(
            json.dumps(keys),
            content_type="application/jwk-set+json",
            headers={"Cache-Control": "public, max-age=300"},
        )
