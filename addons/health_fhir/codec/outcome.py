"""OperationOutcome: how FHIR tells what went wrong (hl7.org/fhir/R4/operationoutcome.html)."""

from .issues import INFORMATION, FhirError, Issue

#: Issue codes for answers that have a status and no issue of their own.
STATUS_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
    500: "exception",
    501: "not-supported",
    503: "transient",
}
_MOST_ISSUES = 100
_ALL_OK = Issue(INFORMATION, "informational", "", "No issue was found.")


def outcome(issues) -> dict:
    """An OperationOutcome resource; without issues it says that all is well.

    :param issues: iterable of :class:`Issue`
    """
    rows = []
    for issue in list(issues)[:_MOST_ISSUES] or [_ALL_OK]:
        row = {"severity": issue.severity, "code": issue.code}
        if issue.diagnostics:
            row["diagnostics"] = issue.diagnostics
        if issue.expression:
            row["expression"] = [issue.expression]
        rows.append(row)
    return {"resourceType": "OperationOutcome", "issue": rows}


def of_error(failure: FhirError) -> dict:
    """The OperationOutcome of a refused request."""
    return outcome(failure.issues)


def of_status(status: int, detail: str, expression: str = "") -> dict:
    """The OperationOutcome of an HTTP error raised outside FHIR (authorization, throttling, routing)."""
    code = STATUS_CODES.get(status, "exception" if status >= 500 else "invalid")
    return outcome([Issue("error", code, expression, detail)])
