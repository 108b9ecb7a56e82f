from . import (
    test_canonical,
    test_concurrency,
    test_facility,
    test_intake_accounts,
    test_intake_coverages,
    test_intake_merge,
    test_intake_order,
    test_intake_visits,
    test_mapping,
    test_rounds,
    test_security,
    test_views,
)
