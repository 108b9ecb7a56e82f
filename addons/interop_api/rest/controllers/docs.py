from odoo import http
from odoo.http import Response, request

from .. import conditions, openapi
from ..answer import json_bytes, json_response
from ..resource import installed

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Partner API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/interop_api/static/docs/docs.css">
<script src="/interop_api/static/docs/docs.js" defer></script>
</head>
<body>
<noscript>This page needs JavaScript; the OpenAPI document is at <a href="openapi.json">openapi.json</a>.</noscript>
<div id="app" data-document="openapi.json"></div>
</body>
</html>
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def public(path):
    """A route that needs no account: what the API is, not what is in it."""
    return http.route(
        path, type="interop", auth="none", verbs=("GET",), interface="front-door", save_session=False, readonly=False
    )


class DocsController(http.Controller):
    """The description of the API for programs and for people."""

    @public("/interop/v1/openapi.json")
    def openapi(self):
        """The OpenAPI document of the resources that this database has."""
        # Relative to where it was found: what a request calls this server is not for others to read from a cache.
        content = json_bytes(openapi.document(installed(request.env), "/", request.env.registry._init_modules))
        return json_response(content, etag=conditions.etag_of(content), headers={"Cache-Control": "public, max-age=60"})

    @public("/interop/v1/docs")
    def docs(self):
        """The page for people; it reads the document and needs nothing from elsewhere."""
        return Response(
            _PAGE, content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"},
        )  # fmt: skip
