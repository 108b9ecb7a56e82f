from typing import NamedTuple

from odoo import fields, models
from odoo.tools import SQL

from .. import money, sql_rows, states


class Slot(NamedTuple):
    """What one draft invoice is for: a visit, a debtor and, for outpatients, a day."""

    encounter: object
    part: str
    partner: object
    day: object


class HealthBilling(models.AbstractModel):
    """Making the invoices of a batch of visits, as one set."""

    _inherit = "health.billing"

    def _bill(self, encounters):
        """Bill what is due of these locked visits: one draft per visit, debtor and outpatient day."""
        charges = self._billable(self._due_charges(encounters))
        if not charges:
            return
        for company, part in charges.grouped("company_id").items():
            self.with_company(company)._bill_company(company, part.with_company(company))

    def _billable(self, charges):
        """Leave out, and quarantine, charges whose visit's facts changed since they were captured."""
        facts = charges._visit_facts(set(charges.encounter_id.ids))
        stopped = charges.filtered(
            lambda charge: (
                facts[charge.encounter_id.id].payer_code is not None or facts[charge.encounter_id.id].cancelled
            )
        )
        if stopped:
            charges._decide_again(charges._load(SQL("c.id IN %s", tuple(stopped.ids))))
        return charges - stopped

    def _bill_company(self, company, charges):
        shares = self._shares(charges)
        charges.filtered(lambda charge: "patient" in shares[charge]).encounter_id.account_id._ensure_partners()
        slots = {}
        for charge in charges:
            for part, amount in shares[charge].items():
                slots.setdefault(self._slot(charge, part), []).append((charge, amount))
        drafts = self._drafts(charges.encounter_id, company)
        centers = charges.encounter_id._cost_centers()
        line_values = {
            slot: [self._line_values(charge, amount, centers) for charge, amount in items]
            for slot, items in slots.items()
        }
        new = [slot for slot in slots if slot not in drafts]
        moves = self._create_drafts(company, new, line_values)
        joined = [slot for slot in slots if slot in drafts]
        lines = moves.invoice_line_ids.filtered("health_charge_id") | self.env["account.move.line"].create(
            [{"move_id": drafts[slot].id, **values} for slot in joined for values in line_values[slot]]
        )
        self._tie(lines, {(charge.id, slot.part): amount for slot in slots for charge, amount in slots[slot]})
        charges._move([{"id": charge.id, "state": states.CHARGED, "quarantine_reason": None} for charge in charges])

    def _shares(self, charges):
        """Return ``{charge: {part: amount}}``, without parts that an invoice carries already."""
        live = {
            (charge.id, part)
            for charge, part in self.env["health.charge.billing"]._read_group(
                [("charge_id", "in", charges.ids), ("state", "in", ("active", "void_pending"))], ["charge_id", "part"]
            )
        }
        shares = {}
        for charge in charges:
            payer = charge.encounter_id.primary_coverage_id.payer_id
            if payer:
                for_payer, for_patient = money.split(charge.amount, payer.patient_share)
                parts = {"payer": for_payer, "patient": for_patient}
                main = "patient" if payer.patient_share == 100 else "payer"
            else:
                main, parts = "patient", {"patient": money.cents(charge.amount)}
            shares[charge] = {
                part: amount
                for part, amount in parts.items()
                if (amount or part == main) and (charge.id, part) not in live
            }
        return shares

    def _slot(self, charge, part):
        encounter = charge.encounter_id
        partner = (
            encounter.primary_coverage_id.payer_id.partner_id if part == "payer" else encounter.account_id.partner_id
        )
        daily = encounter.class_code in states.DAILY_CLASSES
        return Slot(encounter, part, partner, charge.service_date if daily else False)

    def _drafts(self, encounters, company):
        """Return the drafts that later charges may join, by :class:`Slot`; the oldest of each.

        A patient's draft counts for who the patient is now: after a merge it may still name
        the prior account's partner until its transfer is run, and a second draft would split the visit.
        """
        moves = self.env["account.move"].search(
            [
                ("health_encounter_id", "in", encounters.ids),
                ("state", "=", "draft"),
                ("move_type", "=", "out_invoice"),
                ("company_id", "=", company.id),
            ],
            order="id desc",
        )
        drafts = {}
        for move in moves:
            encounter = move.health_encounter_id
            partner = move.partner_id if move.health_part == "payer" else encounter.account_id.partner_id
            drafts[Slot(encounter, move.health_part, partner, move.health_service_day)] = move
        return drafts

    def _create_drafts(self, company, slots, line_values):
        """Create new drafts; those without taxes by the quick way."""
        journal = self.env["account.journal"].search(
            [*self.env["account.journal"]._check_company_domain(company), ("type", "=", "sale")], limit=1
        )
        taxed = self._taxed_products(company, journal, line_values)
        values = {True: [], False: []}
        for slot in slots:
            lines = line_values[slot]
            plain = not (taxed & {line["product_id"] for line in lines}) and not (
                slot.partner.with_company(company).property_payment_term_id.early_discount
            )
            values[plain].append(self._move_values(slot, journal, lines))
        moves = self.env["account.move"]
        return moves.create(values[False]) | moves._health_create_untaxed(values[True])

    def _taxed_products(self, company, journal, line_values):
        """Return ids of the products whose lines carry taxes; False among them when lines without product do."""
        ids = {line["product_id"] for lines in line_values.values() for line in lines}
        own = company.parent_ids | company
        taxed = set()
        for product in self.env["product.product"].browse(ids - {False}):
            income = product.product_tmpl_id.get_product_accounts()["income"] or journal.default_account_id
            if (product.taxes_id.company_id & own) or income.tax_ids:
                taxed.add(product.id)
        if False in ids and journal.default_account_id.tax_ids:
            taxed.add(False)
        return taxed

    def _move_values(self, slot, journal, lines):
        encounter = slot.encounter
        return {
            "move_type": "out_invoice",
            "partner_id": slot.partner.id,
            "journal_id": journal.id,
            "ref": encounter.number,
            "narration": self._narration(slot),
            "health_encounter_id": encounter.id,
            "health_part": slot.part,
            "health_service_day": slot.day,
            "invoice_line_ids": [fields.Command.create(values) for values in lines],
        }

    def _narration(self, slot):
        """Return a text without patient data: the facility, the account's reference and whose part it is."""
        part = self.env._("payer's part") if slot.part == "payer" else self.env._("patient's share")
        texts = [slot.encounter.facility_id.name, slot.encounter.account_id.reference, part]
        return ", ".join(texts)

    def _line_values(self, charge, amount, centers):
        quantity, unit = self._quantity(charge.quantity, amount)
        service = charge.service_id
        center = service.analytic_account_id or charge.location_id._cost_center() or centers[charge.encounter_id]
        return {
            "product_id": service.product_id.id,
            "name": f"{service.display_name} {charge.service_date}",
            "quantity": quantity,
            "price_unit": unit,
            "analytic_distribution": {str(center.id): 100} if center else False,
            "health_charge_id": charge.id,
        }

    @staticmethod
    def _quantity(quantity, amount):
        """Return ``(quantity, unit price)`` that multiply to the amount exactly, at two decimals each."""
        wanted = money.cents(quantity)
        if wanted > 0 and float(wanted) == quantity:
            unit = money.cents(amount / wanted)
            if unit * wanted == amount:
                return float(wanted), float(unit)
        return 1.0, float(amount)

    def _tie(self, lines, amounts):
        """Tie each line to its charge; the unique index refuses a second tie of the same part."""
        rows = [
            (
                line.health_charge_id.id,
                line.move_id.health_part,
                "active",
                line.company_id.id,
                amounts[line.health_charge_id.id, line.move_id.health_part],
                line.id,
                line.move_id.id,
            )
            for line in lines
        ]
        self.env.flush_all()
        tied = sql_rows.insert_rows(
            self.env.cr,
            "health_charge_billing",
            ("charge_id", "part", "state", "company_id", "amount", "move_line_id", "move_id"),
            rows,
            suffix="ON CONFLICT DO NOTHING RETURNING id",
            fetch=True,
        )
        if len(tied) != len(amounts):
            raise ValueError("A part of a charge is on an invoice already.")
        self.env["health.charge.billing"].invalidate_model()
        lines.health_charge_id.invalidate_recordset(["billing_ids"])
