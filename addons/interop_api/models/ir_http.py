from odoo import api, models
from odoo.api import SUPERUSER_ID
from odoo.http import request

from .. import gate, problem, trace


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _authenticate(cls, endpoint):
        if request.dispatcher.routing_type == "interop":
            request.dispatcher.endpoint = endpoint  # from here on errors have the route's own format
        return super()._authenticate(endpoint)

    @classmethod
    def _authenticate_explicit(cls, auth):
        # A browser's session has no say on machine routes, and an error here must not be logged with its text.
        if request.dispatcher.routing_type != "interop":
            return super()._authenticate_explicit(auth)
        if auth == "interop" and request.httprequest.method != "OPTIONS":
            return cls._auth_method_interop()
        return cls._auth_method_none()

    @classmethod
    def _auth_method_interop(cls):
        """A service account by Basic or Bearer. Code behind it runs as the system and asks ``dispatcher.caller``."""
        request.env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        request.env.transaction.default_env = request.env
        dispatcher = request.dispatcher
        presented = gate.read_authorization(request.httprequest.headers.get("Authorization"), dispatcher.certificate)
        dispatcher.caller = gate.identify(request.env, presented, request.httprequest.remote_addr or "")

    @classmethod
    def _serve_fallback(cls):
        """Paths of ours that no route takes are answered in their own way, not with a web page."""
        if name := problem.renderer_of(request.httprequest.path):
            response = problem.RENDERERS[name](problem.Problem(404, "route", "There is no such resource."))
            response.headers["traceparent"] = trace.take_over(request.httprequest.headers.get("traceparent")).header
            response.headers["X-Content-Type-Options"] = "nosniff"
            request.session.can_save = False
            return response
        return super()._serve_fallback()

    @classmethod
    def _pre_dispatch(cls, rule, args):
        # No upload limit, language, records in URLs or debug flags to prepare.
        if request.dispatcher.routing_type == "interop":
            return request.dispatcher.pre_dispatch(rule, args)
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _post_dispatch(cls, response):
        # No campaign cookies or session to keep.
        if request.dispatcher.routing_type == "interop":
            return request.dispatcher.post_dispatch(response)
        return super()._post_dispatch(response)
