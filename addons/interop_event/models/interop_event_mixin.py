from typing import NamedTuple

from odoo import api, models

from ..emission import Happened


class Change(NamedTuple):
    """Declares that a change of a stored field is an event.

    :ivar type: code of the event type
    :ivar field: the field
    :ivar to: values that it changes to
    """

    type: str
    field: str
    to: tuple


class InteropEventMixin(models.AbstractModel):
    """Records events when a field of an Odoo model changes.

    A model declares them in one attribute::

        class PurchaseOrder(models.Model):
            _name = "purchase.order"
            _inherit = ["purchase.order", "interop.event.mixin"]
            _event_changes = (Change("purchase_order.approved", "state", ("purchase",)),)

    What changes without ``write`` (by SQL, or in another way) is told with
    ``_emit_events`` where it happens.
    """

    _name = "interop.event.mixin"
    _description = "Source of Events"

    _event_changes: tuple[Change, ...] = ()

    def _event_attributes(self, code: str) -> dict[int, dict]:
        """Attributes of an event about each of these records, by id: what the type's schema describes, no patient data."""
        return {}

    def _event_facility(self) -> dict[int, str]:
        """Code of the facility that each of these records belongs to, by id, where there is one."""
        return {}

    def _emit_events(self, code: str) -> None:
        """Record that something happened to each of these records."""
        if not self:
            return
        attributes, facilities = self._event_attributes(code), self._event_facility()
        companies = {record.id: record.company_id.id for record in self} if "company_id" in self._fields else {}
        self.env["interop.event"].sudo()._emit(
            [
                Happened(
                    code,
                    (self._name, record.id),
                    companies.get(record.id),
                    facilities.get(record.id),
                    attributes.get(record.id, {}),
                )
                for record in self
            ]
        )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for change in self._event_changes:
            records.filtered(lambda record, change=change: record[change.field] in change.to)._emit_events(change.type)
        return records

    def write(self, vals):
        watched = [
            (change, self.filtered(lambda record, change=change: record[change.field] not in change.to))
            for change in self._event_changes
            if change.field in vals and vals[change.field] in change.to
        ]
        result = super().write(vals)
        for change, records in watched:
            records.filtered(lambda record, change=change: record[change.field] in change.to)._emit_events(change.type)
        return result

    def action_open_interop_events(self):
        """The recorded events about these records."""
        return self.env["interop.event"]._action_of(self)
