from . import (
    test_bundle,
    test_capability,
    test_encounter,
    test_http,
    test_interactions,
    test_kept,
    test_master_data,
    test_money,
    test_overlay,
    test_search,
    test_security,
    test_views,
)
