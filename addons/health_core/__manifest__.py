{
    "name": "Health Core",
    "summary": "Facilities, payers, services, patient accounts and encounters, fed by canonical commands",
    "version": "19.0.1.0.0",
    "author": "Interop Suite contributors",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "depends": ["interop_hub", "product", "account", "analytic", "stock", "hr"],
    "external_dependencies": {"python": ["pydantic"]},
    "data": [],
    "application": True,
}
