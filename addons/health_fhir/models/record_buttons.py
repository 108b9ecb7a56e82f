from odoo import fields, models


class HealthFhirLinkedMixin(models.AbstractModel):
    """Gives a business model the way to its FHIR resources."""

    _name = "health.fhir.linked.mixin"
    _description = "Served as FHIR"

    fhir_count = fields.Integer("FHIR Resources", compute="_compute_fhir_count")

    def _compute_fhir_count(self):
        counts = dict(
            self.env["health.fhir.resource"]
            .sudo()
            ._read_group([("res_model", "=", self._name), ("res_id", "in", self.ids)], ["res_id"], ["__count"])
        )
        for record in self:
            record.fhir_count = counts.get(record.id, 0)

    def action_open_fhir(self):
        """Open the FHIR resources of these records."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_fhir.action_health_fhir_resource")
        return action | {"domain": [("res_model", "=", self._name), ("res_id", "in", self.ids)], "context": {}}


class HealthPatientAccount(models.Model):
    _name = "health.patient.account"
    _inherit = ["health.patient.account", "health.fhir.linked.mixin"]


class HealthEncounter(models.Model):
    _name = "health.encounter"
    _inherit = ["health.encounter", "health.fhir.linked.mixin"]


class HealthCharge(models.Model):
    _name = "health.charge"
    _inherit = ["health.charge", "health.fhir.linked.mixin"]


class HealthPayer(models.Model):
    _name = "health.payer"
    _inherit = ["health.payer", "health.fhir.linked.mixin"]
