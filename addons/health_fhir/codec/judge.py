"""The second opinion: ``fhir.resources`` (its R4B models), where it is installed.

Own structure and rules refuse more and tell the place better; what they pass is still
put before the models, so that a mistake in our tables does not let a resource through.
"""

import logging
import re

from .issues import Issue, error

_logger = logging.getLogger(__name__)
#: R4 resource types that R4B replaced or changed, and containers whose entries are judged one by one.
_SKIPPED = frozenset(("Bundle", "Parameters"))
_INTERNAL = re.compile(r"__ext$|_fhir$")


def _model(name: str):
    try:
        from fhir.resources.R4B import get_fhir_model_class
    except ImportError:
        return None
    try:
        return get_fhir_model_class(name)
    except (ValueError, KeyError, AttributeError):
        return None


def judge(resource: dict) -> list[Issue]:
    """What fhir.resources has against a resource that our own walk found clean.

    :return: issues with the place as FHIRPath; none where it knows no such type
    """
    name = resource.get("resourceType", "")
    model = None if name in _SKIPPED else _model(name)
    if model is None:
        return []
    from pydantic import ValidationError

    try:
        model.model_validate(resource)
    except ValidationError as failure:
        return [_issue(name, row) for row in failure.errors(include_url=False, include_input=False)[:50]]
    except (ValueError, TypeError, AttributeError, KeyError):
        # A model that stumbles has no opinion.
        _logger.warning("fhir.resources could not judge a %s", name)
    return []


def _issue(name, row):
    path = name
    for part in row.get("loc", ()):
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != name:
            path += f".{_INTERNAL.sub('', str(part)).lstrip('_')}"
    # The library's text may quote the value; its kind does not.
    return error("structure", path, f"fhir.resources refuses this ({row.get('type', 'value')}).")
