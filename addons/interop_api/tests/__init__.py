from . import (
    test_account,
    test_inbound,
    test_jose_corpus,
    test_jose_guard,
    test_message,
    test_oauth2,
    test_security,
    test_signing_key,
    test_throttle,
    test_trace,
)
