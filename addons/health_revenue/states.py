"""The states of a charge and the moves between them. Pure Python."""

CAPTURED = "captured"
QUARANTINED = "quarantined"
NON_BILLABLE = "non_billable"
CHARGED = "charged"
REVERSED = "reversed"

#: state -> states that it may move to; a charge is born in one of BIRTH.
TRANSITIONS = {
    # evaluated again, billed, or credited
    CAPTURED: frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, CHARGED, REVERSED}),
    # healed, waived by a person, or credited
    QUARANTINED: frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, REVERSED}),
    NON_BILLABLE: frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, REVERSED}),
    # amended after billing (billed again), its invoice removed by a person, or credited
    CHARGED: frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, REVERSED}),
    # charged again under the same key with another content
    REVERSED: frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, REVERSED}),
}

#: Reversed: the charge and its credit came in one batch.
BIRTH = frozenset({CAPTURED, QUARANTINED, NON_BILLABLE, REVERSED})

#: State -> states that may move to it, for the guard of one UPDATE.
SOURCES = {
    target: frozenset(source for source, targets in TRANSITIONS.items() if target in targets) for target in TRANSITIONS
}

#: Why a charge is quarantined, in the order in which the reasons are looked at.
VISIT = "visit"
SERVICE = "service"
LOCATION = "location"
PAYER = "payer"
#: Reasons that no mapping heals.
UNKNOWN_ORIGINAL = "unknown_original"
INVOICE_REMOVED = "invoice_removed"

EVALUATED_REASONS = (VISIT, SERVICE, LOCATION, PAYER)

#: Visits billed day by day; all others are billed when they are finished.
DAILY_CLASSES = ("outpatient", "recurring")
