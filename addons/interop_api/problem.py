"""Errors of the door as ``application/problem+json`` (RFC 9457), and their log line.

What a partner reads: a stable ``code``, plain English, and an ``instance`` id.
What the log gets under that id: the exception's class and the place in the
code, never its text, as texts of databases and parsers carry values.
"""

from __future__ import annotations

import json
import logging
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path

from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from odoo.http import Response

_logger = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"


class Problem(HTTPException):
    """An answer other than success.

    :param status: HTTP status
    :param code: short machine code, e.g. ``"body.too_large"``
    :param detail: plain English for the partner, free of patient data
    :param headers: further response headers
    :param members: further members of the problem document
    """

    def __init__(self, status: int, code: str, detail: str = "", *, headers: dict | None = None, **members):
        super().__init__(detail)
        self.code = status
        self.error_code = code
        self.detail = detail
        self.extra_headers = headers or {}
        self.members = members
        self.instance = f"urn:uuid:{uuid.uuid4()}"

    def to_response(self) -> Response:
        """The response to send."""
        document = {
            "type": "about:blank",
            "title": HTTP_STATUS_CODES.get(self.code, "Error"),
            "status": self.code,
            "code": self.error_code,
        }
        if self.detail:
            document["detail"] = self.detail
        document.update(self.members)
        document["instance"] = self.instance
        response = Response(json.dumps(document), status=self.code, content_type=CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        for name, value in self.extra_headers.items():
            response.headers[name] = str(value)
        return response

    def get_response(self, environ=None, scope=None):
        return self.to_response()


#: Names of error formats -> what writes them. Routes name theirs as ``errors="…"``; addons add their own here.
RENDERERS: dict[str, Callable[[Problem], Response]] = {"problem": Problem.to_response}
#: Beginnings of paths -> the error format below them, where no route is found.
PREFIXES: dict[str, str] = {"/interop/": "problem"}


def renderer_of(path: str) -> str:
    """The error format of a path without a route of its own; empty when the path is not one of ours."""
    return next((name for prefix, name in PREFIXES.items() if f"{path}/".startswith(prefix)), "")


def location_of(error: BaseException) -> str:
    """Where ``error`` was raised: innermost frame of the suite's own code, else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    own = [frame for frame in frames if "/interop_" in frame.filename or "/health_" in frame.filename]
    frame = (own or frames)[-1]
    return f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} in {frame.name}"


def internal(
    error: BaseException, status: int = 500, *, code: str = "internal", headers: dict | None = None
) -> Problem:
    """A problem for an error nobody foresaw; its class and place go to the log under the problem's id."""
    detail = (
        "The request could not be processed; nothing was stored. Quote the instance when you report this."
        if status >= 500
        else "The request was refused."
    )
    problem = Problem(status, code, detail, headers=headers)
    log(problem, error)
    return problem


def log(problem: Problem, error: BaseException | None = None) -> None:
    """Write the log line of ``problem``: an error for 5xx, information otherwise."""
    level = logging.ERROR if problem.code >= 500 and problem.code != 503 else logging.INFO
    if error is None:
        _logger.log(level, "%s: answered %s %s", problem.instance, problem.code, problem.error_code)
        return
    sqlstate = getattr(error, "pgcode", None)
    _logger.log(
        level,
        "%s: answered %s %s because of %s.%s%s at %s",
        problem.instance,
        problem.code,
        problem.error_code,
        type(error).__module__,
        type(error).__qualname__,
        f" (SQLSTATE {sqlstate})" if sqlstate else "",
        location_of(error),
    )
