"""Which parameters each type answers, by the columns of its models.

The maps of codes are the mappers' own, so that what is found is what is given.
"""

from __future__ import annotations

from ..mappers.account import NUMBER
from ..mappers.charge_item import TRANSACTION
from ..mappers.charge_item_definition import SERVICE
from ..mappers.invoice import NUMBER as INVOICE_NUMBER
from ..mappers.location import UNIT
from ..mappers.organization import FACILITY, PAYER
from ..mappers.practitioner import NPI
from . import codes
from .columns import Code, Either, Fixed, Flag, Identifier, Literal, Moment, Period, Words
from .links import Link, Through, Via
from .special import Cases, Numbered, Transaction

ACCOUNT = "health.patient.account"
PATIENT = {"Patient": ACCOUNT}
PRACTITIONER = {"Practitioner": "health.practitioner"}
FACILITIES = {"Organization": "health.facility"}
LOCATION = {"Location": "health.location"}
ENCOUNTER_PERIOD = Period("admitted_at", "discharged_at")


def _of_visit(column):
    return Via("health_encounter_id", "health_encounter", column)


#: Columns by parameter, by (resource type, model).
DECLARED: dict[tuple[str, str], dict] = {
    ("Patient", ACCOUNT): {
        "identifier": Identifier("health_patient_identifier", "account_id"),
        "name": Words("family", "given", "middle"),
        "family": Words("family"),
        "given": Words("given", "middle"),
        "birthdate": Moment("birth_date", day=True),
        "gender": Code("sex", codes.GENDER),
        "active": Flag("active"),
        "link": Link("merged_into_id", PATIENT),
    },
    ("Account", ACCOUNT): {
        "identifier": Numbered(r"PA([0-9]{7,10})", NUMBER),
        "status": Code("active", codes.ACTIVE),
        "patient": Link("id", PATIENT),
        "subject": Link("id", PATIENT),
    },
    ("Coverage", "health.coverage"): {
        "status": Code("state", codes.COVERAGE_STATUS),
        "beneficiary": Link("account_id", PATIENT),
        "patient": Link("account_id", PATIENT),
        "payor": Link("payer_id", {"Organization": "health.payer"}),
    },
    ("Organization", "health.payer"): {
        "identifier": Identifier(authority=None, value="code", system=PAYER),
        "name": Words("name", small=True),
        "active": Flag("active"),
        "type": Fixed(*codes.PAYER_TYPE),
    },
    ("Organization", "health.facility"): {
        "identifier": Identifier(authority=None, value="code", system=FACILITY),
        "name": Words("name", small=True),
        "active": Flag("active"),
        "type": Fixed(*codes.PROVIDER_TYPE),
    },
    ("Practitioner", "health.practitioner"): {
        "identifier": Either(
            Identifier("health_practitioner_identifier", "practitioner_id"),
            Identifier(authority=None, value="npi", system=NPI),
        ),
        "name": Words("family", "given", "name", small=True),
        "family": Words("family", small=True),
        "given": Words("given", small=True),
        "active": Flag("active"),
    },
    ("Location", "health.location"): {
        "identifier": Identifier(authority=None, value="code", system=UNIT),
        "status": Code("active", codes.ACTIVE),
        "name": Words("name", small=True),
        "organization": Link("facility_id", FACILITIES),
        "partof": Link("parent_id", LOCATION),
    },
    ("Encounter", "health.encounter"): {
        "identifier": Identifier(value="number"),
        "status": Code("status", codes.ENCOUNTER_STATUS),
        "class": Code("class_code", codes.ENCOUNTER_CLASS),
        "date": ENCOUNTER_PERIOD,
        "patient": Link("account_id", PATIENT),
        "subject": Link("account_id", PATIENT),
        "account": Link("account_id", {"Account": ACCOUNT}),
        "practitioner": Link("attending_id", PRACTITIONER),
        "participant": Link("attending_id", PRACTITIONER),
        "service-provider": Link("facility_id", FACILITIES),
        "location": Through("health_encounter_location", "encounter_id", "location_id", LOCATION),
    },
    ("ChargeItem", "health.charge"): {
        "identifier": Transaction(TRANSACTION),
        "patient": Link("account_id", PATIENT),
        "subject": Link("account_id", PATIENT),
        "context": Link("encounter_id", {"Encounter": "health.encounter"}),
        "performing-organization": Link("facility_id", FACILITIES),
        "code": Literal("service_code", ""),
        "occurrence": Moment("service_date", day=True, ordered=True),
    },
    ("ChargeItemDefinition", "health.service"): {
        "url": Numbered(rf"{SERVICE}:([0-9]{{1,9}})"),
        "status": Code("active", codes.SERVICE_STATUS),
        "title": Words("name", small=True),
    },
    ("Invoice", "account.move"): {
        "identifier": Identifier(authority=None, value="name", system=INVOICE_NUMBER),
        "status": Cases(codes.INVOICE_STATUS),
        "date": Moment("invoice_date", day=True),
        "patient": _of_visit(Link("account_id", PATIENT)),
        "subject": _of_visit(Link("account_id", PATIENT)),
        "account": _of_visit(Link("account_id", {"Account": ACCOUNT})),
        "issuer": _of_visit(Link("facility_id", FACILITIES)),
    },
}
