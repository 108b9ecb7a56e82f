from urllib.parse import parse_qsl

from odoo import api, models

from ..codec.params import COMMON
from ..errors import refused


class HealthFhirSearch(models.AbstractModel):
    """Searching resources."""

    _name = "health.fhir.search"
    _description = "FHIR Search"

    @api.model
    def _definitions(self) -> dict:
        """The supported parameters, ``{type: {name: Param}}``."""
        return {kind: dict(COMMON) for kind in self.env["health.fhir.mapper"]._served()}

    @api.model
    def _pairs(self, query: str) -> list[tuple[str, str]]:
        return parse_qsl(query, keep_blank_values=True)

    @api.model
    def _match(self, kind: str, pairs, limit: int) -> list:
        store = self.env["health.fhir.store"]
        if [name for name, _value in pairs] == ["_id"]:
            return [row for row in store._locate([(kind, pairs[0][1])]).values() if not row.deleted]
        if [name for name, _value in pairs] == ["identifier"] and kind == "Patient":
            uri, _bar, value = pairs[0][1].rpartition("|")
            domain = [("identifier_ids.value", "=", value)]
            if uri:
                domain += [("identifier_ids.authority", "=", self.env["health.fhir.naming"]._authority(uri)[0])]
            return store._of_records(kind, self.env["health.patient.account"].search(domain, limit=limit))
        raise refused(400, "not-supported", "", "This search is not supported.")
