from . import health_hl7v2_handler
