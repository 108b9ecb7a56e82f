"""One small valid resource of each type that the suite maps."""

_PATIENT = {"reference": "Patient/p1"}
_COVERAGE = {"reference": "Coverage/c1"}
_PAYER = {"reference": "Organization/payer"}
_CODE = {"coding": [{"system": "http://example.org/codes", "code": "A1"}]}


def _resource(kind, **elements):
    return {"resourceType": kind, "id": f"{kind.lower()}-1", **elements}


SAMPLES = {
    row["resourceType"]: row
    for row in (
        _resource(
            "Patient",
            identifier=[{"system": "urn:oid:1.2.40.0.10", "value": "4711"}],
            active=True,
            name=[{"family": "Moser", "given": ["Anna"]}],
            gender="female",
            birthDate="1980-05",
            maritalStatus={"text": "single"},
        ),
        _resource(
            "Account",
            status="active",
            subject=[_PATIENT],
            servicePeriod={"start": "2024-01-01"},
            coverage=[{"coverage": _COVERAGE, "priority": 1}],
        ),
        _resource("Coverage", status="active", beneficiary=_PATIENT, payor=[_PAYER], subscriberId="A-1"),
        _resource("Organization", name="Northside Insurance", active=True),
        _resource(
            "Practitioner", name=[{"family": "Gruber"}], identifier=[{"system": "http://x.org/npi", "value": "1"}]
        ),
        _resource("Location", status="active", name="Ward 3", managingOrganization={"reference": "Organization/o1"}),
        _resource(
            "Encounter",
            status="in-progress",
            subject=_PATIENT,
            period={"start": "2024-02-01T08:00:00+01:00"},
            **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}},
        ),
        _resource(
            "ChargeItem",
            status="billable",
            code=_CODE,
            subject=_PATIENT,
            context={"reference": "Encounter/e1"},
            occurrenceDateTime="2024-02-01",
            quantity={"value": 2},
        ),
        _resource("ChargeItemDefinition", url="http://example.org/charge/1", status="active", code=_CODE),
        _resource(
            "Claim",
            status="active",
            type=_CODE,
            use="claim",
            patient=_PATIENT,
            created="2024-02-03",
            provider={"reference": "Organization/o1"},
            priority={"text": "normal"},
            insurance=[{"sequence": 1, "focal": True, "coverage": _COVERAGE}],
            diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": _CODE}],
            item=[{"sequence": 1, "productOrService": _CODE, "net": {"value": 12, "currency": "EUR"}}],
            total={"value": 12, "currency": "EUR"},
        ),
        _resource(
            "ClaimResponse",
            status="active",
            type=_CODE,
            use="claim",
            patient=_PATIENT,
            created="2024-02-04",
            insurer=_PAYER,
            outcome="complete",
        ),
        _resource(
            "CoverageEligibilityRequest",
            status="active",
            purpose=["benefits"],
            patient=_PATIENT,
            created="2024-02-01",
            insurer=_PAYER,
        ),
        _resource(
            "CoverageEligibilityResponse",
            status="active",
            purpose=["benefits"],
            patient=_PATIENT,
            created="2024-02-01",
            insurer=_PAYER,
            request={"reference": "CoverageEligibilityRequest/r1"},
            outcome="complete",
        ),
        _resource(
            "Invoice",
            status="issued",
            subject=_PATIENT,
            date="2024-02-05",
            lineItem=[{"sequence": 1, "chargeItemReference": {"reference": "ChargeItem/1"}}],
            totalNet={"value": 12, "currency": "EUR"},
        ),
        _resource(
            "Appointment",
            status="booked",
            start="2024-02-01T09:00:00Z",
            end="2024-02-01T09:30:00Z",
            participant=[{"actor": _PATIENT, "status": "accepted"}],
        ),
        _resource("ServiceRequest", status="active", intent="order", subject=_PATIENT, code=_CODE),
        _resource("SupplyDelivery", status="completed", patient=_PATIENT, suppliedItem={"quantity": {"value": 3}}),
        _resource(
            "Subscription",
            status="requested",
            reason="to know of admissions",
            criteria="Encounter?status=in-progress",
            channel={"type": "rest-hook", "endpoint": "https://example.org/hook", "payload": "application/fhir+json"},
        ),
    )
}
