from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL


class VisitFacts(NamedTuple):
    """What decides whether a visit's charges can be billed.

    :ivar payer_code: source code of the primary coverage's payer while it is not mapped, else None
    :ivar payer_system: code of the system that said so
    """

    account_id: int
    cancelled: bool
    payer_code: str | None
    payer_system: str | None


class HealthCharge(models.Model):
    """Reading the facts that charges depend on: one query per model."""

    _inherit = "health.charge"

    @api.model
    def _visit_facts(self, encounter_ids):
        """Return ``{encounter id: VisitFacts}``."""
        if not encounter_ids:
            return {}
        for model in ("health.encounter", "health.coverage"):
            self.env[model].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT e.id, e.account_id, e.status = 'cancelled', COALESCE(cov.payer_code, cov.id::text), sys.code
                  FROM health_encounter e
             LEFT JOIN health_coverage cov ON cov.id = e.primary_coverage_id AND cov.state = 'quarantined'
             LEFT JOIN interop_system sys ON sys.id = cov.system_id
                 WHERE e.id IN %s
                """,
                tuple(encounter_ids),
            )
        )
        return {row[0]: VisitFacts(*row[1:]) for row in self.env.cr.fetchall()}

    @api.model
    def _service_facts(self, service_ids):
        """Return ``{service id: (billable, list price)}``."""
        if not service_ids:
            return {}
        self.env["health.service"].flush_model()
        self.env.cr.execute(
            SQL("SELECT id, billable, list_price FROM health_service WHERE id IN %s", tuple(service_ids))
        )
        return {row[0]: (row[1], row[2] or 0) for row in self.env.cr.fetchall()}

    @api.model
    def _mapped(self, model, rows, name):
        """Return ``{(system, code, day): id}`` of the approved mappings valid on each row's service day.

        The newest valid version wins, as in ``interop.mapping.mixin``; here for many days at once.
        """
        wanted = defaultdict(set)
        for row in rows:
            if code := getattr(row, name):
                wanted[row.system_id, code].add(row.service_date)
        if not wanted:
            return {}
        target = self.env[model]._target_field
        mappings = (
            self.env[model]
            .sudo()
            .search_fetch(
                [
                    ("system_id", "in", list({system_id for system_id, _code in wanted})),
                    ("code", "in", list({code for _system, code in wanted})),
                    ("state", "=", "approved"),
                ],
                ["system_id", "code", "date_from", "date_to", target],
                order="version",
            )
        )
        found = {}
        for mapping in mappings:
            key = (mapping.system_id.id, mapping.code)
            first, last = mapping.date_from or fields.Date.to_date("1900-01-01"), mapping.date_to
            for day in wanted.get(key, ()):
                if mapping[target] and first <= day and (not last or day <= last):
                    found[(*key, day)] = mapping[target].id
        return found

    @api.model
    def _system_codes(self, system_ids):
        """Return ``{system id: code}``, archived systems included."""
        systems = self.env["interop.system"].sudo().with_context(active_test=False).browse(system_ids)
        return {system.id: system.code for system in systems}
