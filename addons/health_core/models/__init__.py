from . import health_intake
