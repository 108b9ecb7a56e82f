"""What the OpenAPI document says of the lookups."""

from odoo.addons.interop_api.rest import openapi


def _text(description: str = "Decimal number as text.") -> dict:
    return {"type": "string", "description": description}


def _problems(*statuses: int) -> dict:
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


_MAYBE = {"type": ["string", "null"]}
_ROW = {
    "type": "object",
    "properties": {
        "product_code": _MAYBE, "product_name": _MAYBE, "location": _MAYBE, "unit": _MAYBE,
        "on_hand": _text(), "reserved": _text(), "available": _text(), "incoming": _text(),
    },
}  # fmt: skip
_BALANCE = {
    "type": "object",
    "required": ["currency", "patient", "payer", "draft", "unbilled"],
    "properties": {
        "currency": {"type": "string"},
        "patient": _text("Open posted documents of the patient's part."),
        "payer": _text("Open posted documents of payers."),
        "draft": _text("Draft documents."),
        "unbilled": _text("Charges that are on no document yet."),
    },
}


def _query(name: str) -> dict:
    return {"name": name, "in": "query", "schema": {"type": "string", "maxLength": 256}}


def _answer(schema: dict) -> dict:
    return {"description": "The answer of this moment", "content": {"application/json": {"schema": schema}}}


def _data(schema: dict) -> dict:
    return {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": schema}}}


openapi.MORE["health_api"] = (
    [{"name": "lookups", "description": "Questions of the moment.", "x-group": "Basics"}],
    {
        "/interop/v1/supply-availability": {
            "get": {
                "tags": ["lookups"],
                "operationId": "supplyAvailability",
                "summary": "What there is of critical supplies",
                "description": "By product and place: on hand, reserved, available, and on its way.",
                "security": [{"oauth2": ["interop/inventory.read"]}, {"basic": []}],
                "parameters": [_query("product_code"), _query("location")],
                "responses": {"200": _answer(_data(_ROW)), **_problems(400, 401, 403, 429, 503)},
            }
        },
        "/interop/v1/patient-accounts/{id}/$balance": {
            "get": {
                "tags": ["lookups"],
                "operationId": "accountBalance",
                "summary": "What is owed for a patient's visits",
                "security": [
                    {"oauth2": ["interop/patient-account.read", "interop/invoice.read", "interop/charge.read"]},
                    {"basic": []},
                ],
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "responses": {
                    "200": _answer(
                        {
                            "type": "object",
                            "required": ["account", "balances"],
                            "properties": {
                                "account": {"type": "string"},
                                "balances": {"type": "array", "items": _BALANCE},
                            },
                        }
                    ),
                    **_problems(401, 403, 404, 429, 503),
                },
            }
        },
    },
)
