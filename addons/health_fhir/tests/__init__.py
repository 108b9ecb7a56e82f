from . import test_encounter, test_http, test_interactions
