from . import (
    test_audit,
    test_authority,
    test_cron_places,
    test_drain,
    test_exception,
    test_inbox,
    test_keyring,
    test_operations,
    test_retention,
    test_security,
)
