from odoo import models

from odoo.addons.interop_event.models.interop_event_mixin import Change


class HealthEncounter(models.Model):
    """What people change at the screen is an event as well."""

    _name = "health.encounter"
    _inherit = ["health.encounter", "interop.event.mixin"]

    _event_changes = (
        Change("encounter.admitted", "status", ("in_progress",)),
        Change("encounter.discharged", "status", ("finished",)),
        Change("encounter.cancelled", "status", ("cancelled",)),
    )

    def _event_attributes(self, code):
        return {encounter.id: {"class": encounter.class_code} for encounter in self}

    def _event_facility(self):
        return {encounter.id: encounter.facility_id.code for encounter in self.sudo()}
