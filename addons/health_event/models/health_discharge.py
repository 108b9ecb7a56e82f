from datetime import timedelta

from odoo import api, fields, models

FOLLOW_UP_CLASSES = ("inpatient", "emergency", "obstetrics")
FOLLOW_UP_DAYS = 7


class HealthDischarge(models.AbstractModel):
    """What begins when a discharge is complete: three listeners side by side, each of which can fail alone.

    Each is a subscription of kind listener, called with a set of
    ``encounter.discharged`` events in a transaction of its own. A visit may be
    discharged more than once, so each of them may be called again for it.
    """

    _name = "health.discharge"
    _description = "After the Discharge"

    @api.model
    def _encounters(self, events):
        """The visits that the events are about and that are still finished."""
        return self.env["health.encounter"].browse(events.mapped("res_id")).exists().filtered(
            lambda encounter: encounter.status == "finished"
        )  # fmt: skip

    @api.model
    def _on_billing_review(self, events):
        """Bill the visits; where charges are held back, or none was captured at all, somebody reviews them."""
        encounters = self._encounters(events)
        if not encounters:
            return
        self.env["health.billing"]._wake()
        rows = self.env["health.charge"]._read_group(
            [("encounter_id", "in", encounters.ids), ("state", "!=", "reversed")],
            ["encounter_id", "state"],
            ["__count", "amount:sum"],
        )
        captured = {encounter.id for encounter, _state, _count, _amount in rows}
        held = {encounter.id: amount for encounter, state, _count, amount in rows if state == "quarantined"}
        review = encounters.filtered(lambda encounter: encounter.id not in captured or encounter.id in held)
        self.env["interop.exception"]._open(
            [
                {
                    "type": "discharge_review",
                    "key": str(encounter.id),
                    "name": self.env._("A discharged visit has charges that cannot be billed yet")
                    if encounter.id in held
                    else self.env._("A discharged visit has no charges"),
                    "company_id": encounter.company_id.id,
                    "owner_id": self._owner(encounter).id,
                    "amount": held.get(encounter.id, 0.0),
                    "res_model": encounter._name,
                    "res_id": encounter.id,
                }
                for encounter in review
            ]
        )

    @api.model
    def _on_inventory_reconciliation(self, events):
        """Ask for a count where the units that cared for the visits have used more than they had."""
        encounters = self._encounters(events)
        stocks = encounters.location_ids.location_id.stock_location_id
        if not stocks:
            return
        short = self.env["stock.quant"].search([("location_id", "child_of", stocks.ids), ("quantity", "<", 0)])
        short.filtered(
            lambda quant: not quant.inventory_date or quant.inventory_date > fields.Date.today()
        ).with_context(inventory_mode=True).write({"inventory_date": fields.Date.today()})

    @api.model
    def _on_follow_up(self, events):
        """Put the follow-up of stays into the calendar of who looks after them, once per visit; without names."""
        encounters = self._encounters(events).filtered(lambda encounter: encounter.class_code in FOLLOW_UP_CLASSES)
        if not encounters:
            return
        meetings = self.env["calendar.event"].with_context(dont_notify=True, no_mail_to_attendees=True)
        planned = meetings.search([("res_model", "=", encounters._name), ("res_id", "in", encounters.ids)])
        start = fields.Datetime.now().replace(minute=0, second=0) + timedelta(days=FOLLOW_UP_DAYS)
        owners = {encounter: self._owner(encounter) for encounter in encounters}
        meetings.create(
            [
                {
                    "name": self.env._("Follow-up after a discharge"),
                    "start": start,
                    "stop": start + timedelta(minutes=30),
                    "user_id": owners[encounter].id,
                    "partner_ids": [fields.Command.set(owners[encounter].partner_id.ids)],
                    "res_model_id": self.env["ir.model"]._get_id(encounter._name),
                    "res_id": encounter.id,
                    "privacy": "confidential",
                }
                for encounter in encounters
                if owners[encounter] and encounter.id not in planned.mapped("res_id")
            ]
        )

    @api.model
    def _owner(self, encounter):
        """Who looks after what concerns a visit."""
        return self.env["health.billing"]._owner(encounter.system_id, encounter.facility_id)
