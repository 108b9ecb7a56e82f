from . import (
    test_billing,
    test_charge_intake,
    test_concurrency,
    test_ledger,
    test_merge,
    test_money,
    test_quarantine,
    test_security,
)
