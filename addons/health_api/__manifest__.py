{
    "name": "Health Partner API",
    "summary": "The governed resources of the REST API, and what partners may see of them",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "author": "Interop Suite contributors",
    "depends": ["interop_api", "health_core", "health_revenue", "account", "stock", "purchase", "hr"],
    "external_dependencies": {"python": ["pydantic"]},
    "data": [
        "security/health_api_groups.xml",
        "security/ir.model.access.csv",
        "security/health_api_rules_care.xml",
        "security/health_api_rules_erp.xml",
        "views/interop_service_account_views.xml",
        "views/product_template_views.xml",
        "data/health_api.xml",
    ],
}
