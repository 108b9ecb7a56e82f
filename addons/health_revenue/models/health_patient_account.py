from odoo import fields, models
from odoo.tools import SQL

from .. import sql_rows


class HealthPatientAccount(models.Model):
    _inherit = "health.patient.account"

    charge_count = fields.Integer(compute="_compute_charge_count")

    def _compute_charge_count(self):
        """Count charges; zero for those who may not see them."""
        counts = {}
        if self.env["health.charge"].has_access("read"):
            counts = dict(
                self.env["health.charge"]._read_group([("account_id", "in", self.ids)], ["account_id"], ["__count"])
            )
        for account in self:
            account.charge_count = counts.get(account, 0)

    def action_open_charges(self):
        """Open the charges of these patients."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_revenue.action_health_charge")
        action["domain"] = [("account_id", "in", self.ids)]
        action["context"] = {}
        return action

    def _ensure_partners(self):
        """Create the billing partners of accounts that have none: the first time they are billed.

        The accounts are locked first, so that two runs cannot create two partners.
        """
        self.flush_model()
        if not self.ids:
            return
        self.env.cr.execute(
            SQL(
                "SELECT id FROM health_patient_account WHERE id IN %s AND partner_id IS NULL"
                " ORDER BY id FOR NO KEY UPDATE",
                tuple(self.ids),
            )
        )
        accounts = self.browse([row[0] for row in self.env.cr.fetchall()])
        if not accounts:
            return
        countries = self._countries(accounts)
        partners = self.env["res.partner"].create(
            [account._partner_values(countries.get((account.country_code or "").upper())) for account in accounts]
        )
        sql_rows.update_rows(
            self.env.cr, self._table, ("partner_id",), list(zip(accounts.ids, partners.ids, strict=True))
        )
        accounts.invalidate_recordset(["partner_id"])

    def _countries(self, accounts):
        codes = {(account.country_code or "").upper() for account in accounts}
        countries = self.env["res.country"].search([("code", "in", list(codes))])
        return {country.code: country for country in countries}

    def _partner_values(self, country):
        """Return the values of the partner that this account's patient is billed under."""
        self.ensure_one()
        state = country.state_ids.filtered(lambda state: state.code == self.state_code) if country else None
        return {
            "name": self.name or self.reference,
            "ref": self.reference,
            "street": self.street,
            "city": self.city,
            "zip": self.zip,
            "state_id": state[:1].id if state else False,
            "country_id": country.id if country else False,
            "phone": self.phone,
            "email": self.email,
            "company_id": self.company_id.id,
        }
