import contextlib
import json
from urllib.parse import parse_qsl

from odoo import http
from odoo.api import SUPERUSER_ID
from odoo.http import Response, request

from .. import assertion, body, gate, jose_guard, problem, throttle, tokens
from ..problem import Problem
from ..scopes import MAX_TEXT, Grant

MAX_FORM_BYTES = 32 * 1024
_FORM = "application/x-www-form-urlencoded"
_PRIVATE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_ERRORS = {401: "invalid_client", 429: "temporarily_unavailable", 503: "temporarily_unavailable"}


def render_error(error: Problem) -> Response:
    """An error as RFC 6749, section 5.2 has it, with the members of our problems beside."""
    response = error.to_response()
    document = json.loads(response.get_data())
    fallback = "server_error" if error.code >= 500 else "invalid_request"
    document.setdefault("error", _ERRORS.get(error.code, fallback))
    document["error_description"] = error.detail
    response.set_data(json.dumps(document))
    response.headers["Content-Type"] = "application/json"
    return response


problem.RENDERERS["oauth2"] = render_error


def _route(path: str, **routing):
    """A route of the token server. Not ``auth="interop"``: the credentials may be in the body."""
    return http.route(
        path,
        type="interop",
        auth="none",
        verbs=("POST",),
        interface="front-door",
        errors="oauth2",
        save_session=False,
        readonly=False,
        **routing,
    )


class OAuth2Controller(http.Controller):
    """Access tokens by the client credentials grant (RFC 6749, section 4.4), and what becomes of them."""

    @_route("/interop/oauth2/token", summary="Get an access token")
    def token(self):
        """Exchange a secret or a signed assertion for an access token of five minutes."""
        form = self._form()
        presented = self._presented(form)
        if form.get("grant_type") != "client_credentials":
            code = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
            raise Problem(400, "oauth2.grant", "grant_type must be client_credentials.", error=code)
        env = request.env(user=SUPERUSER_ID)
        caller = self._identify(env, presented)
        grant = self._granted(form, caller)
        certificate = presented.certificate if presented.certificate else ""
        answer = {
            "access_token": tokens.issue(env, caller, grant, certificate),
            "token_type": "Bearer",
            "expires_in": tokens.TOKEN_SECONDS,
        }
        if grant:
            answer["scope"] = str(grant)
        return Response(json.dumps(answer), content_type="application/json", headers=_PRIVATE)

    @_route("/interop/oauth2/introspect", summary="Ask whether a token counts")
    def introspect(self):
        """Tell what a token gives (RFC 7662): its own client, or whoever has the scope ``interop/token.r``."""
        form = self._form()
        env = request.env(user=SUPERUSER_ID)
        caller = self._identify(env, self._presented(form, bearer=True))
        answer = {"active": False}
        with contextlib.suppress(jose_guard.TokenError):
            verified = tokens.check(env, self._token_of(form))
            account = tokens.account_of(env, verified)
            alive = account.id and verified.issued >= account.tokens_from
            if not verified.issuer_id:
                alive = alive and account.has_credential(verified.credential_id, throttle.clock())
            if alive and (account.id == caller.account_id or caller.grant.allows("interop", "token", "r")):
                answer = {
                    "active": True,
                    "scope": str(verified.within(account.grant)),
                    "client_id": account.client_id,
                    "token_type": "Bearer",
                    "sub": verified.subject,
                    "iss": verified.issuer,
                    "aud": verified.claims["aud"],
                    "iat": int(verified.issued),
                    "exp": int(verified.expires),
                    "jti": verified.jti,
                }
                if verified.certificate:
                    answer["cnf"] = {"x5t#S256": verified.certificate}
        return Response(json.dumps(answer), content_type="application/json", headers=_PRIVATE)

    @_route("/interop/oauth2/revoke", summary="Give a token back")
    def revoke(self):
        """End a token of one's own (RFC 7009); the answer is the same for tokens that never were."""
        form = self._form()
        env = request.env(user=SUPERUSER_ID)
        caller = self._identify(env, self._presented(form))
        with contextlib.suppress(jose_guard.TokenError):
            verified = tokens.check(env, self._token_of(form))
            if not verified.issuer_id and verified.subject == caller.client_id:
                env["interop.token.id"]._revoke(verified.jti, verified.expires)
        return Response(status=200, headers=_PRIVATE)

    @http.route(
        "/interop/oauth2/jwks.json",
        type="interop",
        auth="none",
        interface="front-door",
        save_session=False,
        readonly=True,
        summary="Public keys of our tokens",
    )
    def jwks(self):
        """The public keys that verify our tokens."""
        keys = request.env(user=SUPERUSER_ID)["interop.signing.key"]._jwks()
        return Response(
            json.dumps(keys),
            content_type="application/jwk-set+json",
            headers={"Cache-Control": "public, max-age=300"},
        )

    def _identify(self, env, presented: gate.Presented) -> gate.Caller:
        dispatcher = request.dispatcher
        caller = gate.identify(env, presented, request.httprequest.remote_addr or "", dispatcher.spent)
        dispatcher.note_caller(caller)
        return caller

    def _granted(self, form: dict, caller: gate.Caller) -> Grant:
        """The scopes asked for, as far as the account has them; all that it has when it asks for none.

        :raises Problem: 400 ``invalid_scope`` when nothing of it is left
        """
        wish = form.get("scope", "").strip()
        if not wish:
            return caller.grant
        grant = caller.grant.narrow(Grant.parse(wish)) if len(wish) <= MAX_TEXT else None
        if not grant:
            raise Problem(400, "oauth2.scope", "This account has none of the scopes asked for.", error="invalid_scope")
        return grant

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

    def _token_of(self, form: dict) -> str:
        if not form.get("token"):
            raise Problem(400, "oauth2.token", "The parameter token is missing.", error="invalid_request")
        return form["token"][: jose_guard.MAX_TOKEN_BYTES + 1]

    def _presented(self, form: dict, *, bearer: bool = False) -> gate.Presented:
        """What the client shows, in exactly one way.

        :param bearer: take an access token as well
        """
        header = request.httprequest.headers.get("Authorization")
        proof = request.dispatcher.certificate
        ways = bool(header) + ("client_secret" in form) + ("client_assertion" in form)
        if ways > 1:
            raise Problem(400, "oauth2.client", "Authenticate in one way only.", error="invalid_request")
        if "client_assertion" in form:
            if form.get("client_assertion_type") != assertion.TYPE:
                raise Problem(
                    400, "oauth2.client", "client_assertion_type is not the one for JWTs.", error="invalid_request"
                )
            text = form["client_assertion"][: jose_guard.MAX_TOKEN_BYTES + 1]
            presented = gate.Presented(form.get("client_id", "")[:256], assertion=text, certificate=proof)
            if "client_id" in form and gate.client_of(request.env, presented) != form["client_id"]:
                raise Problem(400, "oauth2.client", "client_id is not the assertion's.", error="invalid_request")
            return presented
        if "client_secret" in form:
            return gate.Presented(
                form.get("client_id", "")[:256], secret=form["client_secret"][:256], certificate=proof
            )
        presented = gate.read_authorization(header, proof)
        if presented.token and not bearer:
            raise Problem(400, "oauth2.client", "Authenticate with the client's own secret.", error="invalid_request")
        if not presented.token and form.get("client_id", presented.client_id) != presented.client_id:
            raise Problem(400, "oauth2.client", "Authenticate in one way only.", error="invalid_request")
        return presented
