from . import (
    account,
    charge_item,
    charge_item_definition,
    coverage,
    encounter,
    invoice,
    kept,
    location,
    organization,
    patient,
    practitioner,
)
