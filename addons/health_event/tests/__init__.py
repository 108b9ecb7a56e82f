from . import test_care, test_catalog, test_discharge, test_invoice, test_security, test_supply
