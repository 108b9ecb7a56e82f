{
    "name": "HL7 v2",
    "summary": "HL7 v2 messages by HTTP and MLLP: ADT, DFT and BAR become patients, encounters and charges",
    "version": "19.0.1.0.0",
    "author": "Interop Suite contributors",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "depends": ["interop_hub", "health_core"],
    "external_dependencies": {"python": ["pydantic"]},
    "data": [],
}
