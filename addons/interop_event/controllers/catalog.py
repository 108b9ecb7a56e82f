import json

from odoo import http
from odoo.http import Response, request

from odoo.addons.interop_api.problem import Problem

from .. import catalog

PUBLIC = {"Cache-Control": "public, max-age=300"}


class CatalogController(http.Controller):
    """What events there are; public, as it says nothing about what happened."""

    def _types(self):
        return request.env["interop.event.type"].sudo().search([])

    @http.route(
        "/interop/v1/events/catalog", type="interop", auth="none", verbs=("GET",), interface="events",
        save_session=False, readonly=False,
    )  # fmt: skip
    def catalog(self):
        """The event catalog, as a page or as JSON."""
        arguments = request.httprequest.args
        accepts = request.httprequest.accept_mimetypes
        wants_json = arguments.get("format") == "json" or (
            accepts.best_match(["text/html", "application/json"], default="application/json") == "application/json"
        )
        if wants_json:
            content = json.dumps({"events": [catalog.entry(kind) for kind in self._types()]})
            return Response(content, content_type="application/json", headers={**PUBLIC, "Vary": "Accept"})
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return Response(
            catalog.page(self._types()),
            content_type="text/html; charset=utf-8",
            headers={**PUBLIC, "Vary": "Accept", "Content-Security-Policy": policy},
        )

    @http.route(
        "/interop/v1/events/asyncapi.json", type="interop", auth="none", verbs=("GET",), interface="events",
        save_session=False, readonly=False,
    )  # fmt: skip
    def asyncapi(self):
        """The event catalog as an AsyncAPI document."""
        server = request.env["ir.config_parameter"].sudo().get_param("web.base.url") or request.httprequest.host_url
        content = json.dumps(catalog.asyncapi(self._types(), server.rstrip("/")))
        return Response(content, content_type="application/json", headers=PUBLIC)

    @http.route(
        "/interop/v1/events/schema/<string:code>/<int:version>", type="interop", auth="none", verbs=("GET",),
        interface="events", save_session=False, readonly=False,
    )  # fmt: skip
    def schema(self, code, version):
        """JSON Schema of the attributes of one version of an event type."""
        kinds = request.env["interop.event.type"].sudo().with_context(active_test=False)
        kind = kinds.search([("code", "=", code), ("version", "=", version)], limit=1)
        if not kind:
            raise Problem(404, "event.type", "There is no such version of this event type.")
        return Response(json.dumps(kind._schema_document()), content_type="application/schema+json", headers=PUBLIC)
