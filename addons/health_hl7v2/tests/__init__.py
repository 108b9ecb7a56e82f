from . import test_door, test_processing, test_render, test_security
