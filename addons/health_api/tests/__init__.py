from . import test_bulk, test_conditions, test_lookups, test_openapi, test_read, test_security, test_write
