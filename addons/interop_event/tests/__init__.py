from . import (
    test_emission,
    test_failures,
    test_fanout,
    test_listener,
    test_order,
    test_partner_api,
    test_pure,
    test_security,
    test_subscription,
    test_webhook,
)
