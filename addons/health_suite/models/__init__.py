from . import health_suite_demo, health_suite_demo_catalog, health_suite_demo_site
