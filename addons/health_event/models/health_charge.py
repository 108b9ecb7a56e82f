from odoo import api, models

from odoo.addons.health_revenue import states
from odoo.addons.interop_event.emission import Happened


class HealthCharge(models.Model):
    """Events of charges, recorded where sets of charges are stored."""

    _inherit = "health.charge"

    @api.model
    def _store(self, rows):
        touched = [(row, row.id is None, set(row.released)) for row in rows if row.changed]
        result = super()._store(rows)
        if touched:
            facilities = self.env["health.facility"].sudo().browse({row.facility_id for row, _new, _left in touched})
            codes = {facility.id: facility.code for facility in facilities}
            self.env["interop.event"].sudo()._emit(
                [
                    Happened(
                        code,
                        ("health.charge", row.id),
                        row.company_id,
                        codes.get(row.facility_id),
                        _attributes(row),
                    )
                    for row, new, left in touched
                    for code in _charge_events(row, new, left)
                ]
            )
        return result

    def action_open_interop_events(self):
        """The recorded events about these charges."""
        return self.env["interop.event"]._action_of(self)


def _charge_events(row, new: bool, left: set) -> list[str]:
    """What happened to a charge that was just stored.

    :param new: it was not there before
    :param left: exceptions that it no longer waits for, or waits for again
    """
    events = ["charge.captured"] if new else []
    if row.state == states.QUARANTINED:
        if row.exception_id not in left:
            events.append("charge.quarantined")
    elif row.state == states.REVERSED:
        events.append("charge.reversed")
    elif left:
        events.append("charge.released")
    return events


def _attributes(row) -> dict:
    attributes = {"state": row.state, "amount": str(row.amount), "quantity": str(row.quantity)}
    if row.quarantine_reason:
        attributes["reason"] = row.quarantine_reason
    return attributes
