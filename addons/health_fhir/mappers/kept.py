from odoo import models

from ..models.health_fhir_mapper import READING, WRITING


class HealthFhirKept(models.AbstractModel):
    """Any type without objects of the suite: the resource itself is what there is."""

    _name = "health.fhir.kept"
    _inherit = "health.fhir.mapper"
    _description = "FHIR Kept Resource"

    _fhir_interactions = READING | WRITING | {"delete"}
    _fhir_stage = 90

    def _prepare(self, work, ops):
        """Nothing but the resource is written."""

    def _delete(self, work, ops):
        """Nothing but the resource is deleted."""

    def _subject(self, resource):
        for name in ("subject", "patient", "beneficiary"):
            value = resource.get(name)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, dict) and isinstance(value.get("reference"), str):
                return value["reference"]
        return ""
