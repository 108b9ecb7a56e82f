"""Invariants of the resources that the suite maps, and orders that R4 leaves to good sense."""

from ..dates import in_order


def _needs_one(rule, *names):
    """The object needs at least one of the elements."""

    def check(walk, value, path, _scope):
        if not any(name in value or f"_{name}" in value for name in names):
            walk.add("invariant", path, f"{rule}: one of {', '.join(names)} must be there.")

    return check


def _ordered(first, last):
    """Two date elements come in this order."""

    def check(walk, value, path, _scope):
        if not in_order(value.get(first), value.get(last)):
            walk.add("invariant", (path, last, -1), f"{last} lies before {first}.")

    return check


def _not_home(walk, value, path, _scope):
    """org-2 and org-3: what belongs to an organization is at nobody's home."""
    for name, rule in (("address", "org-2"), ("telecom", "org-3")):
        for index, item in enumerate(value.get(name) or ()):
            if item is not None and item.get("use") == "home":
                walk.add("invariant", (path, name, index), f"{rule}: an organization has no home {name}.")


def _appointment(walk, value, path, _scope):
    start, end = "start" in value, "end" in value
    status = value.get("status")
    if start != end:
        walk.add("invariant", path, "app-2: start and end come together.")
    elif not start and status not in ("proposed", "cancelled", "waitlist"):
        walk.add("invariant", path, "app-3: only a proposed, cancelled or waitlisted appointment has no start and end.")
    if "cancelationReason" in value and status not in ("cancelled", "noshow"):
        walk.add("invariant", path, "app-4: only a cancelled or missed appointment has a cancelationReason.")


def _service_request(walk, value, path, _scope):
    if "orderDetail" in value and "code" not in value:
        walk.add("invariant", path, "prr-1: orderDetail needs a code.")


def _deceased(walk, value, path, _scope):
    if not in_order(value.get("birthDate"), value.get("deceasedDateTime")):
        walk.add("invariant", (path, "deceased", -1), "The death lies before the birth.")


def _sequences(*names):
    """The numbers by which lines are referred to are unique."""

    def check(walk, value, path, _scope):
        for name in names:
            seen = set()
            for index, item in enumerate(value.get(name) or ()):
                number = item.get("sequence")
                if number is not None and number in seen:
                    walk.add("duplicate", ((path, name, index), "sequence", -1), "Two lines have this sequence.")
                seen.add(number)

    return check


#: Which elements of a claim's line name lines elsewhere in the claim.
_LINE_LINKS = {
    "careTeamSequence": "careTeam",
    "diagnosisSequence": "diagnosis",
    "procedureSequence": "procedure",
    "informationSequence": "supportingInfo",
}


def _claim_links(walk, value, path, _scope):
    known = {name: {line.get("sequence") for line in value.get(name) or ()} for name in _LINE_LINKS.values()}
    for index, item in enumerate(value.get("item") or ()):
        for link, name in _LINE_LINKS.items():
            for place, number in enumerate(item.get(link) or ()):
                if number is not None and number not in known[name]:
                    where = ((path, "item", index), link, place)
                    walk.add("invariant", where, f"No {name} of this claim has this sequence.")


def _observation(walk, value, path, _scope):
    if "dataAbsentReason" in value and any(name.startswith("value") for name in value):
        walk.add("invariant", path, "obs-6: dataAbsentReason is for an observation without a value.")


def _condition(walk, value, path, _scope):
    wrong = any(
        coding.get("code") == "entered-in-error"
        for coding in (value.get("verificationStatus") or {}).get("coding") or ()
    )
    if wrong and "clinicalStatus" in value:
        walk.add("invariant", path, "con-5: a condition entered in error has no clinicalStatus.")


RULES = {
    "Patient": (_deceased,),
    "Patient_Contact": (_needs_one("pat-1", "name", "telecom", "address", "organization"),),
    "Organization": (_needs_one("org-1", "identifier", "name"), _not_home),
    "Appointment": (_appointment, _ordered("start", "end")),
    "Appointment_Participant": (_needs_one("app-1", "type", "actor"),),
    "Slot": (_ordered("start", "end"),),
    "ServiceRequest": (_service_request,),
    "Claim": (
        _sequences("careTeam", "supportingInfo", "diagnosis", "procedure", "insurance", "item"),
        _claim_links,
    ),
    "CoverageEligibilityRequest": (_sequences("supportingInfo"),),
    "Invoice": (_sequences("lineItem"),),
    "ChargeItemDefinition": (_ordered("approvalDate", "lastReviewDate"),),
    "Observation": (_observation,),
    "Condition": (_condition,),
    "Endpoint": (),
}
