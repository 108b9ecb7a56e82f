from odoo import models

from odoo.addons.health_core.bulk import update_rows

from .kept import keys


class HealthFhirStore(models.AbstractModel):
    _inherit = "health.fhir.store"

    def _keep(self, changes):
        """Also let kept resources be found by their identifiers."""
        result = super()._keep(changes)
        rows = [
            (change.row.id, keys(change.row.type, change.body) or None)
            for change in changes
            if not change.row.model and change.method != "delete"
        ]
        keyed = self._keyed(rows)
        changed = [row for row in rows if row[1] or row[0] in keyed]
        update_rows(self.env.cr, "health_fhir_resource", {"lookup_keys": "text[]"}, changed)
        return result

    def _keyed(self, rows) -> set[int]:
        """Those that have keys, which an update may have taken away."""
        bare = [row_id for row_id, found in rows if not found]
        if not bare:
            return set()
        self.env.cr.execute(
            "SELECT id FROM health_fhir_resource WHERE id = ANY(%s) AND lookup_keys IS NOT NULL", [bare]
        )
        return {row[0] for row in self.env.cr.fetchall()}
