{
    "name": "Interoperability Hub",
    "summary": "Durable, ordered, governed message exchange: systems, interfaces, lanes, exceptions, replay",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "author": "Interop Suite contributors",
    "depends": ["mail"],
    "external_dependencies": {"python": ["cryptography"]},
    "data": [
        "security/interop_hub_security.xml",
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "data/interop_lane.xml",
    ],
    "application": True,
}
