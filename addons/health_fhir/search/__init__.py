from . import (
    account_move,
    health_charge,
    health_coverage,
    health_encounter,
    health_fhir_resource,
    health_fhir_search,
    health_fhir_search_bundle,
    health_fhir_store,
    health_patient_account,
)
