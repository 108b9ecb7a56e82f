"""Codes by what our columns hold, as the mappers give them."""

from ..mappers import charge_item, coverage, encounter, organization

ACTIVE = {True: "active", False: "inactive"}
SERVICE_STATUS = {True: "active", False: "retired"}
GENDER = {sex: sex for sex in ("female", "male", "other", "unknown")}
ENCOUNTER_STATUS = encounter._STATUSES
ENCOUNTER_CLASS = {
    ours: (encounter.values.V3_ACT, encounter._CODES[ours])
    if ours in encounter._CODES
    else (encounter._OWN_CLASSES, ours)
    for ours in ("inpatient", "outpatient", "emergency", "preadmit", "recurring", "obstetrics", "other")
}
COVERAGE_STATUS = coverage._STATUSES
CHARGE_STATUS = charge_item._STATUSES
PAYER_TYPE, PROVIDER_TYPE = ((organization.TYPES, code) for code in ("pay", "prov"))

_PAID = "{alias}.payment_state IN ('paid', 'reversed', 'in_payment')"
INVOICE_STATUS = {
    "draft": "{alias}.state = 'draft'",
    "issued": f"{{alias}}.state = 'posted' AND {_PAID.replace(' IN ', ' NOT IN ')}",
    "balanced": f"{{alias}}.state = 'posted' AND {_PAID}",
    "cancelled": "{alias}.state = 'cancel'",
}
