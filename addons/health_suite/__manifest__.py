{
    "name": "Health Interoperability Suite",
    "summary": "Installs the whole suite, and a demo hospital to see it at work",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "author": "Interop Suite contributors",
    "depends": ["interop_hub", "interop_api", "health_core", "health_hl7v2", "health_revenue", "purchase", "calendar"],
    "data": [],
    "post_init_hook": "post_init_hook",
    "application": True,
}
