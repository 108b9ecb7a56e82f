import json

from odoo import http
from odoo.api import SUPERUSER_ID
from odoo.http import Response, request

from .. import assertion, tokens

_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_GRANTS = ["client_credentials"]


def _route(path):
    return http.route(
        path,
        type="interop",
        auth="none",
        interface="front-door",
        save_session=False,
        readonly=True,
        summary="Where and how to get a token",
    )


class DiscoveryController(http.Controller):
    """What a client must know to get in, for the client itself to read."""

    @_route("/.well-known/oauth-authorization-server")
    def oauth(self):
        """Metadata of the token server (RFC 8414)."""
        return self._answer({"issuer": tokens.issuer(self._env()), "response_types_supported": [], **self._common()})

    @_route("/fhir/r4/.well-known/smart-configuration")
    def smart(self):
        """Metadata for SMART Backend Services (SMART App Launch 2, "Conformance")."""
        return self._answer(
            {
                **self._common(),
                "capabilities": [
                    "client-confidential-asymmetric",
                    "client-confidential-symmetric",
                    "permission-v1",
                    "permission-v2",
                ],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _env(self):
        return request.env(user=SUPERUSER_ID)

    def _common(self) -> dict:
        base = tokens.base_url(self._env())
        algorithms = list(assertion.ALGORITHMS)
        return {
            "jwks_uri": f"{base}/interop/oauth2/jwks.json",
            "token_endpoint": tokens.token_url(self._env()),
            "token_endpoint_auth_methods_supported": _METHODS,
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "introspection_endpoint": f"{base}/interop/oauth2/introspect",
            "introspection_endpoint_auth_methods_supported": _METHODS,
            "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint": f"{base}/interop/oauth2/revoke",
            "revocation_endpoint_auth_methods_supported": _METHODS,
            "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
            "grant_types_supported": _GRANTS,
            "scopes_supported": self._env()["interop.route"]._scopes(),
            "tls_client_certificate_bound_access_tokens": bool(
                self._env()["ir.config_parameter"].get_param("interop_api.certificate_header")
            ),
        }

    def _answer(self, document: dict) -> Response:
        # The same whatever Accept says, as SMART demands.
        return Response(
            json.dumps(document), content_type="application/json", headers={"Cache-Control": "public, max-age=300"}
        )
