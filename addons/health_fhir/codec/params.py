"""The search parameters of R4 for the types that the suite maps (hl7.org/fhir/R4/searchparameter-registry.html).

This is the vocabulary; a server declares the part of it that it can answer
(:func:`subset`) and hands that to :func:`.search.parse_search`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

#: Modifiers by kind that :mod:`.search` can parse; ``type`` stands for ``subject:Patient``.
MODIFIERS = {
    "token": frozenset(("not", "missing")),
    "string": frozenset(("exact", "contains", "missing")),
    "reference": frozenset(("identifier", "type", "missing")),
    "date": frozenset(("missing",)),
    "number": frozenset(("missing",)),
    "quantity": frozenset(("missing",)),
    "uri": frozenset(("missing",)),
}


@dataclass(frozen=True, slots=True)
class Param:
    """One search parameter of one type.

    :ivar kind: ``token``, ``string``, ``reference``, ``date``, ``number``, ``quantity`` or ``uri``
    :ivar path: the element it looks at, as FHIRPath below the type
    :ivar targets: types that a reference may point to
    :ivar modifiers: those that are supported
    :ivar chains: names of the target's parameters by which it may be chained (``patient.identifier``)
    :ivar sort: whether ``_sort`` may name it
    """

    name: str
    kind: str
    path: str = ""
    targets: tuple[str, ...] = ()
    modifiers: frozenset[str] = frozenset()
    chains: frozenset[str] = frozenset()
    sort: bool = False


Definitions = Mapping[str, Mapping[str, Param]]

#: What every type has.
COMMON = {
    "_id": Param("_id", "token", "id", sort=True),
    "_lastUpdated": Param("_lastUpdated", "date", "meta.lastUpdated", sort=True),
}

_PERSON = "Patient Practitioner PractitionerRole RelatedPerson"
_TABLE = {
    "Patient": """
        identifier token identifier
        active token active
        name string name
        family string name.family
        given string name.given
        birthdate date birthDate
        gender token gender
        deceased token deceased
        death-date date deceased
        telecom token telecom
        phone token telecom
        email token telecom
        address string address
        address-city string address.city
        address-postalcode string address.postalCode
        address-country string address.country
        organization reference managingOrganization Organization
        general-practitioner reference generalPractitioner Organization Practitioner PractitionerRole
        link reference link.other Patient RelatedPerson
    """,
    "Account": """
        identifier token identifier
        name string name
        status token status
        type token type
        patient reference subject Patient
        subject reference subject Patient Device Practitioner PractitionerRole Location HealthcareService Organization
        owner reference owner Organization
        period date servicePeriod
    """,
    "Coverage": """
        identifier token identifier
        status token status
        type token type
        beneficiary reference beneficiary Patient
        patient reference beneficiary Patient
        subscriber reference subscriber Patient RelatedPerson
        policy-holder reference policyHolder Patient RelatedPerson Organization
        payor reference payor Organization Patient RelatedPerson
        dependent string dependent
        class-type token class.type
        class-value string class.value
    """,
    "Organization": """
        identifier token identifier
        name string name
        active token active
        type token type
        partof reference partOf Organization
        address string address
        address-city string address.city
        address-postalcode string address.postalCode
        address-country string address.country
    """,
    "Practitioner": """
        identifier token identifier
        name string name
        family string name.family
        given string name.given
        active token active
        gender token gender
        telecom token telecom
        phone token telecom
        email token telecom
    """,
    "Location": """
        identifier token identifier
        name string name
        status token status
        type token type
        organization reference managingOrganization Organization
        partof reference partOf Location
        address string address
        address-city string address.city
        operational-status token operationalStatus
    """,
    "Encounter": """
        identifier token identifier
        status token status
        class token class
        type token type
        date date period
        patient reference subject Patient
        subject reference subject Patient Group
        account reference account Account
        appointment reference appointment Appointment
        location reference location.location Location
        participant reference participant.individual Practitioner PractitionerRole RelatedPerson
        practitioner reference participant.individual Practitioner
        service-provider reference serviceProvider Organization
        part-of reference partOf Encounter
        reason-code token reasonCode
        diagnosis reference diagnosis.condition Condition Procedure
    """,
    "ChargeItem": f"""
        identifier token identifier
        account reference account Account
        code token code
        context reference context Encounter EpisodeOfCare
        entered-date date enteredDate
        enterer reference enterer {_PERSON} Organization Device
        occurrence date occurrence
        patient reference subject Patient
        subject reference subject Patient Group
        performer-actor reference performer.actor {_PERSON} Organization CareTeam Device
        performing-organization reference performingOrganization Organization
        service reference service
        quantity quantity quantity
        price-override quantity priceOverride
        factor-override number factorOverride
    """,
    "ChargeItemDefinition": """
        identifier token identifier
        url uri url
        version token version
        title string title
        status token status
        date date date
        effective date effectivePeriod
        publisher string publisher
        jurisdiction token jurisdiction
    """,
    "Claim": f"""
        identifier token identifier
        status token status
        use token use
        priority token priority
        created date created
        patient reference patient Patient
        insurer reference insurer Organization
        provider reference provider Practitioner PractitionerRole Organization
        enterer reference enterer Practitioner PractitionerRole
        encounter reference item.encounter Encounter
        facility reference facility Location
        payee reference payee.party {_PERSON} Organization
        care-team reference careTeam.provider Practitioner PractitionerRole Organization
    """,
    "ClaimResponse": """
        identifier token identifier
        status token status
        use token use
        outcome token outcome
        created date created
        payment-date date payment.date
        disposition string disposition
        patient reference patient Patient
        insurer reference insurer Organization
        request reference request Claim
        requestor reference requestor Practitioner PractitionerRole Organization
    """,
    "CoverageEligibilityRequest": """
        identifier token identifier
        status token status
        created date created
        patient reference patient Patient
        provider reference provider Practitioner PractitionerRole Organization
        enterer reference enterer Practitioner PractitionerRole
        facility reference facility Location
    """,
    "CoverageEligibilityResponse": """
        identifier token identifier
        status token status
        outcome token outcome
        created date created
        disposition string disposition
        patient reference patient Patient
        insurer reference insurer Organization
        request reference request CoverageEligibilityRequest
        requestor reference requestor Practitioner PractitionerRole Organization
    """,
    "Invoice": f"""
        identifier token identifier
        status token status
        type token type
        date date date
        account reference account Account
        patient reference subject Patient
        subject reference subject Patient Group
        recipient reference recipient Organization Patient RelatedPerson
        issuer reference issuer Organization
        participant reference participant.actor {_PERSON} Organization Device
        totalgross quantity totalGross
        totalnet quantity totalNet
    """,
    "Appointment": f"""
        identifier token identifier
        status token status
        date date start
        patient reference participant.actor Patient
        practitioner reference participant.actor Practitioner
        location reference participant.actor Location
        actor reference participant.actor {_PERSON} Device HealthcareService Location
        part-status token participant.status
        appointment-type token appointmentType
        service-type token serviceType
        slot reference slot Slot
    """,
    "ServiceRequest": f"""
        identifier token identifier
        status token status
        intent token intent
        priority token priority
        code token code
        category token category
        authored date authoredOn
        occurrence date occurrence
        patient reference subject Patient
        subject reference subject Patient Group Device Location
        encounter reference encounter Encounter
        requester reference requester Practitioner PractitionerRole Organization Patient RelatedPerson Device
        performer reference performer {_PERSON} Organization CareTeam HealthcareService Device
        based-on reference basedOn CarePlan ServiceRequest MedicationRequest
        requisition token requisition
    """,
    "SupplyDelivery": """
        identifier token identifier
        status token status
        patient reference patient Patient
        receiver reference receiver Practitioner PractitionerRole
        supplier reference supplier Practitioner PractitionerRole Organization
    """,
    "Subscription": """
        status token status
        type token channel.type
        url uri channel.endpoint
        criteria string criteria
        contact token contact
        payload token channel.payload
    """,
}
_SORTED_KINDS = ("date", "string", "number", "quantity")
_CHAINED = frozenset(("identifier", "name", "family", "given", "birthdate", "url"))


def _read(text: str) -> dict[str, Param]:
    found = dict(COMMON)
    for line in text.split("\n"):
        if line.strip():
            name, kind, path, *targets = line.split()
            found[name] = Param(
                name,
                kind,
                path,
                tuple(targets),
                MODIFIERS[kind],
                _CHAINED if kind == "reference" else frozenset(),
                kind in _SORTED_KINDS or name == "status",
            )
    return found


#: Every parameter by type and name.
REGISTRY: dict[str, dict[str, Param]] = {kind: _read(text) for kind, text in _TABLE.items()}


def subset(kind: str, names, **changes) -> dict[str, Param]:
    """The declarations of some parameters of a type, with the common ones.

    :param names: names of :data:`REGISTRY`
    :param changes: attributes of :class:`Param` to set on all of them
    :raises KeyError: R4 has no such parameter here
    """
    known = REGISTRY[kind]
    return {name: replace(known[name], **changes) for name in (*COMMON, *names)}
