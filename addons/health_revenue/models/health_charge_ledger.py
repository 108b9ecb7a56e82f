from odoo import api, fields, models
from odoo.tools import SQL

#: column of the ledger -> domain on health.charge behind it
COLUMNS = {
    "open": [("state", "=", "captured")],
    "charged": [("state", "=", "charged")],
    "quarantined": [("state", "=", "quarantined")],
    "non_billable": [("state", "=", "non_billable")],
    "reversed": [("state", "=", "reversed")],
}

#: Days since 1970-01-01 fit below it until the year 2149, so that an id names facility and day.
DAYS = 65536


class HealthChargeLedger(models.Model):
    """What was received against what became of it, per facility and service day.

    Received counts each business key once: its last charge, or its credit when
    no charge ever came. The two sides are read from two tables that nothing but
    the intake writes together, so a lost or invented charge shows as a difference.
    """

    _name = "health.charge.ledger"
    _description = "Charge Completeness Ledger"
    _auto = False
    _order = "service_date desc, facility_id"
    _rec_name = "service_date"

    facility_id = fields.Many2one("health.facility", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    service_date = fields.Date(readonly=True)
    captured = fields.Integer("Captured", readonly=True, help="Distinct charges received")
    open = fields.Integer("Open", readonly=True)
    charged = fields.Integer("Charged", readonly=True)
    quarantined = fields.Integer("Quarantined", readonly=True)
    non_billable = fields.Integer("Not billable", readonly=True)
    reversed = fields.Integer("Reversed", readonly=True)
    difference = fields.Integer(readonly=True, help="Captured less the sum of all states; must be zero")
    captured_amount = fields.Monetary("Captured amount", readonly=True)
    open_amount = fields.Monetary("Open amount", readonly=True)
    charged_amount = fields.Monetary("Charged amount", readonly=True)
    quarantined_amount = fields.Monetary("Quarantined amount", readonly=True)
    non_billable_amount = fields.Monetary("Not billable amount", readonly=True)
    reversed_amount = fields.Monetary("Reversed amount", readonly=True)
    difference_amount = fields.Monetary("Difference amount", readonly=True)
    balanced = fields.Boolean(readonly=True)

    @property
    def _table_query(self):
        """Group receptions and charges by facility and day.

        Both sides are appended and grouped once, so that a filter on facility
        or day reaches the indexes of both tables.
        """
        return SQL(
            """
            SELECT facility_id * %(days)s + (service_date - DATE '1970-01-01') AS id,
                   facility_id, service_date, MAX(company_id) AS company_id,
                   SUM(captured)::int AS captured,
                   (SUM(n) FILTER (WHERE state = 'captured'))::int AS open,
                   (SUM(n) FILTER (WHERE state = 'charged'))::int AS charged,
                   (SUM(n) FILTER (WHERE state = 'quarantined'))::int AS quarantined,
                   (SUM(n) FILTER (WHERE state = 'non_billable'))::int AS non_billable,
                   (SUM(n) FILTER (WHERE state = 'reversed'))::int AS reversed,
                   (SUM(captured) - SUM(n))::int AS difference,
                   SUM(captured_amount) AS captured_amount,
                   SUM(amount) FILTER (WHERE state = 'captured') AS open_amount,
                   SUM(amount) FILTER (WHERE state = 'charged') AS charged_amount,
                   SUM(amount) FILTER (WHERE state = 'quarantined') AS quarantined_amount,
                   SUM(amount) FILTER (WHERE state = 'non_billable') AS non_billable_amount,
                   SUM(amount) FILTER (WHERE state = 'reversed') AS reversed_amount,
                   SUM(captured_amount) - SUM(amount) AS difference_amount,
                   (SUM(captured) = SUM(n) AND SUM(captured_amount) = SUM(amount)) AS balanced
              FROM (
                    SELECT cap.facility_id, cap.service_date, cap.company_id, '' AS state,
                           1 AS captured, 0 AS n,
                           COALESCE(cap.amount, chg.amount, 0) AS captured_amount, 0 AS amount
                      FROM health_charge_capture cap
                 LEFT JOIN health_charge chg
                        ON chg.system_id = cap.system_id
                       AND chg.transaction_id = cap.transaction_id
                       AND chg.line = cap.line
                     WHERE NOT EXISTS (
                           SELECT 1 FROM health_charge_capture later
                            WHERE later.system_id = cap.system_id
                              AND later.transaction_id = cap.transaction_id
                              AND later.line = cap.line
                              AND (later.action = 'charge', later.id) > (cap.action = 'charge', cap.id))
                 UNION ALL
                    SELECT facility_id, service_date, company_id, state, 0, 1, 0, COALESCE(amount, 0)
                      FROM health_charge
                   ) both_sides
          GROUP BY facility_id, service_date
            """,
            days=DAYS,
        )

    @api.depends("facility_id", "service_date")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.facility_id.display_name} {row.service_date}"

    # -- drill down --------------------------------------------------------

    def action_open_charges(self):
        """Open the charges of the row; the context's ``ledger_column`` picks one number."""
        self.ensure_one()
        column = self.env.context.get("ledger_column")
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge")
        action["domain"] = self._day_domain() + COLUMNS.get(column, [])
        action["context"] = {}
        action["display_name"] = self.display_name
        return action

    def action_open_captures(self):
        """Open what was received for the row's facility and day."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge_capture")
        action["domain"] = self._day_domain()
        action["display_name"] = self.display_name
        return action

    def _day_domain(self):
        return [("facility_id", "=", self.facility_id.id), ("service_date", "=", self.service_date)]

    # -- scheduled check ---------------------------------------------------

    @api.model
    def _cron_check(self):
        """Open an exception for each facility and day out of balance, resolve those back in balance."""
        self.env["health.charge"].flush_model()
        self.env["health.charge.capture"].flush_model()
        rows = self.sudo().search([("balanced", "=", False)])
        specs = [
            {
                "type": "ledger_imbalance",
                "key": str(row.id),
                "name": self.env._(
                    "Charge ledger of %(facility)s on %(day)s does not balance: %(difference)s charge(s) apart",
                    facility=row.facility_id.display_name,
                    day=row.service_date,
                    difference=row.difference,
                ),
                "company_id": row.company_id.id,
                "owner_id": self.env["health.billing"]._owner(facility=row.facility_id).id,
                "amount": abs(row.difference_amount),
            }
            for row in rows
        ]
        exceptions = self.env["interop.exception"].sudo()
        opened = exceptions._open(specs)
        for exception, spec in zip(opened, specs, strict=True):  # opening again adds up; only the last check counts
            exception.amount = spec["amount"]
        exceptions.search(
            [("type", "=", "ledger_imbalance"), ("state", "!=", "resolved"), ("id", "not in", opened.ids)]
        )._resolve(self.env._("The ledger balances again."))
        return opened
