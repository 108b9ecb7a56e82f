"""What is wrong with a request or a resource, and the exception that carries it."""

from dataclasses import dataclass

#: Severities of an OperationOutcome, worst first.
FATAL, ERROR, WARNING, INFORMATION = "fatal", "error", "warning", "information"


@dataclass(frozen=True, slots=True)
class Issue:
    """One ``OperationOutcome.issue``.

    :ivar severity: ``fatal``, ``error``, ``warning`` or ``information``
    :ivar code: of the value set issue-type: ``invalid``, ``structure``, ``required``, ``value``,
        ``code-invalid``, ``invariant``, ``not-supported``, ``not-found``, ``conflict``, …
    :ivar expression: FHIRPath of the element (``Patient.name[0].family``) or ``http.<parameter>``, may be empty
    :ivar diagnostics: what is wrong and what would be right; never a value of the resource
    """

    severity: str
    code: str
    expression: str
    diagnostics: str

    @property
    def fails(self) -> bool:
        """Whether the issue refuses the resource."""
        return self.severity in (FATAL, ERROR)


class FhirError(Exception):
    """A request that is refused, with its reasons.

    :ivar issues: list of :class:`Issue`
    :ivar status: HTTP status of the answer
    :ivar headers: further headers of the answer
    """

    def __init__(self, issues, status: int = 400, headers: dict[str, str] | None = None):
        self.issues = [issues] if isinstance(issues, Issue) else list(issues)
        self.status = status
        self.headers = headers or {}
        super().__init__("; ".join(f"{issue.expression or '-'}: {issue.diagnostics}" for issue in self.issues[:5]))


def error(code: str, expression: str, diagnostics: str) -> Issue:
    """An issue of severity ``error``."""
    return Issue(ERROR, code, expression, diagnostics)


def warning(code: str, expression: str, diagnostics: str) -> Issue:
    """An issue of severity ``warning``."""
    return Issue(WARNING, code, expression, diagnostics)


def failures(issues) -> list[Issue]:
    """Those of the issues that refuse the resource."""
    return [issue for issue in issues if issue.fails]
