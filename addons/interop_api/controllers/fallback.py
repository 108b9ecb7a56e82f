from odoo import http

from ..problem import Problem


class FallbackController(http.Controller):
    """Whatever else is asked for below ``/interop``: answered in the door's own way, not with a web page."""

    @http.route(
        ["/interop", "/interop/<path:rest>"],
        type="interop",
        auth="none",
        verbs=("GET", "POST", "PUT", "PATCH", "DELETE"),
        save_session=False,
        readonly=True,
    )
    def unknown(self, rest=""):
        """Nothing is here."""
        raise Problem(404, "route", "There is no such resource.")
