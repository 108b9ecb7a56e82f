"""How requests to ``type="interop"`` routes are dispatched.

Bodies of any content type stay bytes; errors become problem+json with an id.
An error never reaches Odoo's own reporting, which logs texts and SQL with
values, except those that make Odoo run the request again.
"""

from __future__ import annotations

from psycopg2 import IntegrityError
from werkzeug.exceptions import HTTPException

from odoo.exceptions import ConcurrencyError
from odoo.http import SAFE_HTTP_METHODS, Dispatcher, Response
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.interop_hub.exceptions import Closed, InteropError

from . import problem, trace
from .problem import Problem

RETRYABLE = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


def allowed_methods(endpoint) -> list[str]:
    """The methods of a route, HEAD and OPTIONS included.

    The route names them as ``verbs``: with ``methods`` the router would answer 405 in HTML.
    """
    verbs = list(endpoint.routing.get("verbs", ("GET",)))
    if "GET" in verbs:
        verbs.append("HEAD")
    return [*verbs, "OPTIONS"]


class InteropDispatcher(Dispatcher):
    """Dispatcher of machine routes: raw bodies in, problem+json on errors, no session, no cookies."""

    routing_type = "interop"

    def __init__(self, request):
        super().__init__(request)
        request.session.can_save = False
        self.trace = trace.take_over(request.httprequest.headers.get("traceparent"))
        self.caller = None
        self.tries = 0

    @classmethod
    def is_compatible_with(cls, request):
        # Only asked whether a request *may* use these routes; other types list us in their 415 texts.
        return True

    def pre_dispatch(self, rule, args):
        self.request.session.can_save = False

    def dispatch(self, endpoint, args):
        self.tries += 1
        try:
            verbs = allowed_methods(endpoint)
            method = self.request.httprequest.method
            if method == "OPTIONS":
                return Response(status=204, headers={"Allow": ", ".join(verbs)})
            if method not in verbs:
                raise Problem(
                    405, "method", "This resource does not offer this method.", headers={"Allow": ", ".join(verbs)}
                )
            if self.request.db is None:
                raise Problem(
                    503, "database", "The database cannot be reached at the moment.", headers={"Retry-After": 10}
                )
            self.request.params = dict(args)
            response = endpoint(**args)
            if method not in SAFE_HTTP_METHODS:
                self.request.env.flush_all()  # here, not after us, where an error would show its values
            return response
        except Exception as error:
            if isinstance(error, RETRYABLE) and self.tries < MAX_TRIES_ON_CONCURRENCY_FAILURE:
                raise
            raise self._problem_of(error) from None

    def post_dispatch(self, response):
        self._decorate(response)

    def handle_error(self, exc: Exception):
        response = self._problem_of(exc).to_response()
        self._decorate(response)
        return response

    def _decorate(self, response) -> None:
        self.request._inject_future_response(response)
        response.headers["traceparent"] = self.trace.header
        response.headers["X-Content-Type-Options"] = "nosniff"

    @staticmethod
    def _problem_of(error: Exception) -> Problem:
        """The one table from errors to answers."""
        if isinstance(error, Problem):
            return error
        if isinstance(error, Closed):
            headers = {"Retry-After": error.retry_after} if error.retry_after else {}
            return Problem(error.status, error.code, error.text, headers=headers)
        if isinstance(error, InteropError):
            members = {"location": error.location} if error.location else {}
            return Problem(error.http_status, error.code, error.text, **members)
        if isinstance(error, HTTPException) and error.code:
            return problem.internal(error, error.code, code=f"http.{error.code}")
        if isinstance(error, RETRYABLE):
            return problem.internal(error, 503, code="busy", headers={"Retry-After": 2})
        if isinstance(error, IntegrityError):
            return problem.internal(error, 409, code="database.conflict")
        return problem.internal(error)
