"""FHIR's refusals in the language of the hub."""

from __future__ import annotations

from odoo.addons.interop_hub.exceptions import Rejected

from .codec.issues import FhirError, Issue, error


class Refused(Rejected):
    """A FHIR request that is refused; keeps all issues and the HTTP status for the answer.

    :param failure: what the codec or the server said
    """

    def __init__(self, failure: FhirError):
        first = failure.issues[0]
        super().__init__(f"fhir.{first.code}", first.diagnostics, first.expression)
        self.issues = failure.issues
        self.status = failure.status
        self.headers = failure.headers


def refused(status: int, code: str, expression: str, diagnostics: str) -> FhirError:
    """A refusal with one issue."""
    return FhirError(error(code, expression, diagnostics), status)


def check_pairs(pairs) -> None:
    """Refuse search parameters that no text can match.

    :raises FhirError: 400
    """
    if any("\0" in part for pair in pairs for part in pair):
        raise refused(400, "invalid", "http", "A parameter has a character that is none.")


def of_contract(failure, resource_type: str, elements: dict[str, str]) -> FhirError:
    """What the canonical contract refuses, at the element that it came from; never shows a value.

    :param failure: a ``pydantic.ValidationError``
    :param elements: contract field -> FHIRPath below the type
    """
    issues = []
    for entry in failure.errors(include_url=False, include_context=False, include_input=False)[:10]:
        names = [str(part) for part in entry["loc"] if not isinstance(part, int)]
        element = next((elements[name] for name in reversed(names) if name in elements), "")
        what = "is too long for the record" if "too_long" in entry["type"] else "cannot be taken by the record"
        issues.append(
            Issue("error", "value", f"{resource_type}.{element}" if element else resource_type, f"The value {what}.")
        )
    return FhirError(issues, 422)
