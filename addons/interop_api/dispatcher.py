"""How requests to ``type="interop"`` routes are dispatched.

Bodies of any content type stay bytes; errors become problem+json with an id.
An error never reaches Odoo's own reporting, which logs texts and SQL with
values, except those that make Odoo run the request again.
"""

from __future__ import annotations

import functools
import re
import time

from psycopg2 import IntegrityError
from werkzeug.exceptions import HTTPException

from odoo.api import SUPERUSER_ID
from odoo.exceptions import ConcurrencyError
from odoo.http import SAFE_HTTP_METHODS, Dispatcher, Response
from odoo.service.model import MAX_TRIES_ON_CONCURRENCY_FAILURE, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.interop_hub.exceptions import Closed, InteropError

from . import calllog, certificate, gate, problem, trace
from .body import Quota
from .problem import Problem
from .routes import pattern
from .scopes import Scope

RETRYABLE = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


def allowed_methods(endpoint) -> list[str]:
    """The methods of a route, HEAD and OPTIONS included.

    The route names them as ``verbs``: with ``methods`` the router would answer 405 in HTML.
    """
    verbs = list(endpoint.routing.get("verbs", ("GET",)))
    if "GET" in verbs:
        verbs.append("HEAD")
    return [*verbs, "OPTIONS"]


_MAX_INTEGER = 2**31 - 1
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")


@functools.cache
def static_scope(text: str) -> Scope:
    """The scope that a route names, read once."""
    return Scope.parse(text)


class InteropDispatcher(Dispatcher):
    """Dispatcher of machine routes: raw bodies in, problems out, no session, no cookies.

    What a route may say beside ``type="interop"`` and ``auth="interop"``:

    * ``verbs``: its methods, ``("GET",)`` unless said otherwise;
    * ``interface``: code of the ``interop.interface`` that it belongs to, or an argument
      ``interface_code`` in the URL: paused is 503, retired 410, another account's 403. A code
      with ``{braces}`` says that the route finds it by itself, and how it is called;
    * ``identity``: ``"system"`` (superuser) or ``"partner"``: the technical user of the account,
      whom record rules limit;
    * ``scope``: one that the caller must have;
    * ``errors``: the name of an error format in ``problem.RENDERERS``.
    """

    routing_type = "interop"

    def __init__(self, request):
        super().__init__(request)
        request.session.can_save = False
        self.trace = trace.take_over(request.httprequest.headers.get("traceparent"))
        self.caller = None
        self.interface = None
        self.quota = Quota()
        self.endpoint = None
        self.spent: set[str] = set()  # assertions that this request used, should Odoo run it again
        self.tries = 0
        self._counted = False
        self._began = (time.time(), time.perf_counter())
        self._rule = ""
        self._error = None

    @classmethod
    def is_compatible_with(cls, request):
        # Only asked whether a request *may* use these routes; other types list us in their 415 texts.
        return True

    def pre_dispatch(self, rule, args):
        self.request.session.can_save = False
        self._rule = rule.rule
        if self.request.httprequest.method == "OPTIONS":
            return
        try:
            self._apply_policy(rule.endpoint.routing, args)
        except Exception as error:
            if isinstance(error, RETRYABLE):
                raise
            raise self._problem_of(error) from None

    def _apply_policy(self, routing: dict, args: dict) -> None:
        """Interface, rate, scope and identity, in this order."""
        code = args.get("interface_code") or routing.get("interface")
        if code and "{" not in code:
            self._enter(code, declared="interface_code" not in args)
        if self.caller is None:
            return
        if scope := routing.get("scope"):
            scope = static_scope(scope)
            for verb in scope.verbs:
                self.require(scope.context, scope.resource, verb)
        if routing.get("identity") == "partner":
            # The transaction keeps the system's environment for what is written at its end.
            self.request.env = gate.partner_env(self.request.env, self.caller)

    @functools.cached_property
    def certificate(self) -> str:
        """Thumbprint of the client certificate, when a trusted proxy reports one."""
        return certificate.presented(self._system(), self.request.httprequest)

    def note_caller(self, caller) -> None:
        """Take over a caller that a route identified by itself, and count its request.

        :raises Problem: 429
        """
        self.caller = caller
        self._count()

    def _count(self) -> None:
        """Count the request against the limit of the account; once, should Odoo run it again."""
        if not self._counted:
            self._counted = True
            for name, value in gate.check_rate(self._system(), self.caller, self.interface).items():
                self.request.future_response.headers[name] = value

    def _system(self):
        return self.request.env(user=SUPERUSER_ID, su=True)

    def _enter(self, code: str, declared: bool) -> None:
        """Look at the interface that the request belongs to, and count the request there.

        Routes that find their interface themselves call this before anything else.

        :param declared: the route names it, not the caller
        :raises Problem: 403 when the account may not use it; what is unknown looks like what is forbidden
        :raises Closed: when it takes nothing now
        """
        Interface = self._system()["interop.interface"]
        interface = Interface._at_the_door(code) if declared or _CODE.match(code) else Interface
        if not interface and declared:
            raise Closed("interface.missing", "This part of the API is not set up")
        if not interface or (self.caller and not gate.may_use(self.caller, interface)):
            raise Problem(403, "interface", "This account may not use this interface.")
        interface._assert_open()
        self.interface = interface
        self.quota = gate.quota(interface, self.caller)
        if self.caller is not None:
            self._count()

    def allows(self, context: str, resource: str, verb: str) -> bool:
        """Whether the caller's scopes give ``verb`` (letters of ``cruds``, or ``"phi"``) on ``resource``."""
        return self.caller is not None and self.caller.grant.allows(context, resource, verb)

    def require(self, context: str, resource: str, verb: str) -> None:
        """Raise unless :meth:`allows`.

        :raises Problem: 403 ``scope``
        """
        if self.allows(context, resource, verb):
            return
        needed = f"{context}/{resource}.{verb}"
        raise Problem(
            403,
            "scope",
            "The scope of this account or token does not allow this.",
            headers={"WWW-Authenticate": f'Bearer realm="interop", error="insufficient_scope", scope="{needed}"'},
            scope=needed,
        )

    def dispatch(self, endpoint, args):
        self.tries += 1
        self.endpoint = endpoint
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
        error = self._problem_of(exc)
        self._error = error.error_code
        response = self._renderer()(error)
        self._decorate(response)
        return response

    def _renderer(self):
        name = self.endpoint.routing.get("errors") if self.endpoint is not None else None
        name = name or problem.renderer_of(self.request.httprequest.path)
        return problem.RENDERERS.get(name) or Problem.to_response

    def _decorate(self, response) -> None:
        self.request._inject_future_response(response)
        response.headers["traceparent"] = self.trace.header
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Once the answer is out: an attempt that Odoo repeats leaves no row, and the transaction's end is measured.
        if self.request.db is not None:
            response.call_on_close(functools.partial(self._log_call, response, self.request.db))

    def _log_call(self, response, db_name: str) -> None:
        began, started = self._began
        httprequest = self.request.httprequest
        routing = self.endpoint.routing if self.endpoint is not None else {}
        calllog.note(
            db_name,
            calllog.Call(
                began,
                self.caller.account_id if self.caller else None,
                self.interface.id if self.interface else None,
                pattern(self._rule or next(iter(routing.get("routes", ())), "")),
                httprequest.method[:16],
                response.status_code,
                (time.perf_counter() - started) * 1000,
                min(httprequest.content_length or 0, _MAX_INTEGER),
                response.content_length,
                self.trace.trace_id,
                self._error,
            ),
        )

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
