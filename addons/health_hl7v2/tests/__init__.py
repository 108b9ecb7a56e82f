from . import test_door, test_listener, test_processing, test_render, test_security
