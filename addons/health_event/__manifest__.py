{
    "name": "Health Events",
    "summary": "The business events of care, revenue, purchasing and inventory, and where they are recorded",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "category": "Healthcare/Interoperability",
    "author": "Interop Suite contributors",
    "depends": ["interop_event", "health_revenue", "calendar", "purchase", "stock"],
    "data": [
        "data/care_types.xml",
        "data/revenue_types.xml",
        "data/supply_types.xml",
        "data/listeners.xml",
        "views/smart_buttons.xml",
    ],
}
