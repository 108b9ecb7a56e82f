"""Validation of any R4 resource: structure, own rules, second opinion."""

from .issues import FATAL, Issue, error
from .judge import judge
from .structure import Walk


def validate(resource, *, profile_type: str | None = None, second_opinion: bool = True) -> list[Issue]:
    """What is wrong with a resource.

    :param resource: as :func:`.jsonio.parse` gives it
    :param profile_type: the resource type that is expected here
    :param second_opinion: ask ``fhir.resources`` about what our own rules pass
    :return: issues with FHIRPath expressions, none for a good resource
    """
    if not isinstance(resource, dict):
        return [Issue(FATAL, "structure", "", "A resource must be a JSON object.")]
    found = resource.get("resourceType")
    if profile_type and found != profile_type and isinstance(found, str):
        return [error("invalid", "resourceType", f"A {profile_type} is expected here.")]
    issues = Walk().run(resource)
    if not issues and second_opinion:
        issues = judge(resource)
    return issues
