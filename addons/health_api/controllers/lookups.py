from odoo import http
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.interop_api.problem import Problem
from odoo.addons.interop_api.rest import ids
from odoo.addons.interop_api.rest.answer import json_bytes, json_response
from odoo.addons.interop_api.rest.controllers.rest import enter, find, route

MAX_ROWS = 500


class LookupController(http.Controller):
    """Questions of the moment that are no records: what a patient owes, what there is of a critical supply."""

    @route("/interop/v1/patient-accounts/<string:token>/$balance", "GET", interface="rest-patient-accounts")
    def balance(self, token):
        """What is owed for a patient's visits: by the patient, by payers, and not billed yet."""
        resource = find("patient-accounts")
        enter(resource, "r")
        request.dispatcher.require("interop", "invoice", "r")
        request.dispatcher.require("interop", "charge", "r")
        env = request.env
        record_id = ids.decode(resource.model, token)
        visible = env[resource.model].with_context(active_test=False)
        if not record_id or not visible._search([("id", "=", record_id)]).get_result_ids():
            raise Problem(404, "record", "There is no such record.")
        balances = _owed(env, record_id)
        return json_response(
            json_bytes({"account": token, "balances": balances}), headers={"Cache-Control": "no-store"}
        )

    @route("/interop/v1/supply-availability", "GET", interface="rest-inventory-levels")
    def availability(self):
        """How much of each critical supply is on hand, reserved, available and on its way, place by place."""
        resource = find("inventory-levels")
        enter(resource, "s")
        arguments = request.httprequest.args
        if unknown := sorted(set(arguments) - {"product_code", "location"}):
            errors = [{"parameter": unknown[0][:64], "code": "parameter.unknown", "detail": "Not known here."}]
            raise Problem(400, "parameters", "Some parameters cannot be used.", errors=errors)
        texts = {name: arguments[name] for name in arguments}
        if any("\0" in text or len(text) > 256 for text in texts.values()):
            raise Problem(400, "parameters", "Some parameters cannot be used.")
        rows = _available(request.env, texts.get("product_code"), texts.get("location"))
        return json_response(json_bytes({"data": rows}), headers={"Cache-Control": "no-store"})


def _owed(env, account_id: int) -> list[dict]:
    """Open amounts by currency, of the documents and charges that the partner may see."""
    moves = env["account.move"]._search(
        [
            ("health_encounter_id.account_id", "=", account_id),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("state", "!=", "cancel"),
        ]
    )
    charges = env["health.charge"]._search(
        [("account_id", "=", account_id), ("state", "in", ("captured", "quarantined"))]
    )
    found: dict[str, dict] = {}
    if not moves.is_empty():
        table = SQL.identifier(moves.table)
        rows = env.execute_query(
            SQL(
                """SELECT c.name, m.health_part, m.state,
                          SUM(CASE WHEN m.move_type = 'out_refund' THEN -1 ELSE 1 END
                              * CASE WHEN m.state = 'posted' THEN m.amount_residual ELSE m.amount_total END)
                     FROM account_move m JOIN res_currency c ON c.id = m.currency_id
                    WHERE m.id IN %s GROUP BY 1, 2, 3""",
                moves.subselect(SQL("%s.id", table)),
            )
        )
        for currency, part, state, amount in rows:
            entry = found.setdefault(currency, _nothing(currency))
            entry["draft" if state == "draft" else "patient" if part == "patient" else "payer"] += float(amount or 0)
    if not charges.is_empty():
        rows = env.execute_query(
            SQL(
                """SELECT c.name, SUM(h.amount) FROM health_charge h
                     JOIN res_company o ON o.id = h.company_id JOIN res_currency c ON c.id = o.currency_id
                    WHERE h.id IN %s GROUP BY 1""",
                charges.subselect(SQL("%s.id", SQL.identifier(charges.table))),
            )
        )
        for currency, amount in rows:
            found.setdefault(currency, _nothing(currency))["unbilled"] += float(amount or 0)
    return [
        {name: value if isinstance(value, str) else f"{value:.2f}" for name, value in found[currency].items()}
        for currency in sorted(found)
    ]


def _nothing(currency: str) -> dict:
    return {"currency": currency, "patient": 0.0, "payer": 0.0, "draft": 0.0, "unbilled": 0.0}


def _available(env, product_code: str | None, location: str | None) -> list[dict]:
    """Stock of critical supplies in the places that the partner may see."""
    domain = [("product_id.critical_supply", "=", True), ("location_id.usage", "=", "internal")]
    coming = [
        ("product_id.critical_supply", "=", True),
        ("state", "in", ("waiting", "confirmed", "partially_available", "assigned")),
        ("location_dest_id.usage", "=", "internal"),
        ("location_id.usage", "!=", "internal"),
    ]
    if product_code:
        domain.append(("product_id.default_code", "=", product_code))
        coming.append(("product_id.default_code", "=", product_code))
    if location:
        domain.append(("location_id.complete_name", "=", location))
        coming.append(("location_dest_id.complete_name", "=", location))
    quants = env["stock.quant"]._search(domain)
    moves = env["stock.move"]._search(coming)
    parts = []
    if not quants.is_empty():
        parts.append(
            SQL(
                """SELECT q.product_id, q.location_id, q.quantity AS on_hand, q.reserved_quantity AS reserved, 0 AS incoming
                     FROM stock_quant q WHERE q.id IN %s""",
                quants.subselect(SQL("%s.id", SQL.identifier(quants.table))),
            )
        )
    if not moves.is_empty():
        parts.append(
            SQL(
                """SELECT m.product_id, m.location_dest_id, 0, 0, m.product_qty
                     FROM stock_move m WHERE m.id IN %s""",
                moves.subselect(SQL("%s.id", SQL.identifier(moves.table))),
            )
        )
    if not parts:
        return []
    rows = env.execute_query(
        SQL(
            """SELECT p.default_code, t.name ->> 'en_US', l.complete_name,
                      trim_scale(SUM(s.on_hand)::numeric)::text, trim_scale(SUM(s.reserved)::numeric)::text,
                      trim_scale((SUM(s.on_hand) - SUM(s.reserved))::numeric)::text,
                      trim_scale(SUM(s.incoming)::numeric)::text, u.name ->> 'en_US'
                 FROM (%s) s
                 JOIN product_product p ON p.id = s.product_id JOIN product_template t ON t.id = p.product_tmpl_id
                 JOIN stock_location l ON l.id = s.location_id JOIN uom_uom u ON u.id = t.uom_id
                GROUP BY p.id, p.default_code, t.name, l.complete_name, u.name
                ORDER BY p.default_code, p.id, l.complete_name LIMIT %s""",
            SQL(" UNION ALL ").join(parts),
            MAX_ROWS,
        )
    )
    names = ("product_code", "product_name", "location", "on_hand", "reserved", "available", "incoming", "unit")
    return [dict(zip(names, row, strict=True)) for row in rows]
