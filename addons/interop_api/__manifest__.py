{
    "name": "Interoperability Front Door",
    "summary": "Service accounts, OAuth2 tokens, throttling and the inbound HTTP route",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "author": "Interop Suite contributors",
    "depends": ["interop_hub"],
    "external_dependencies": {"python": ["python-jose", "cryptography"]},
    "data": [
        "security/interop_api_security.xml",
        "security/ir.model.access.csv",
        "data/interop_interface.xml",
        "views/interop_service_account_views.xml",
        "views/interop_service_credential_views.xml",
        "views/interop_signing_key_views.xml",
    ],
}
