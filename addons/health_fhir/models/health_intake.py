from odoo import models

from odoo.addons.health_core.models.health_intake import Site

from ..values import own_code
from .health_fhir_engine import SITES


class HealthIntake(models.AbstractModel):
    """FHIR names facilities by reference, not by a sender's code."""

    _inherit = "health.intake"

    def _sites(self, system_ids):
        """Also know the facilities by our own ids, and the only one of a system when none is named."""
        sites = super()._sites(system_ids)
        if not self.env.context.get(SITES):
            return sites
        own = {}
        for system_id in system_ids:
            of_system = {site.id: site for (system, _code), site in sites.items() if system == system_id}
            if len(of_system) == 1:
                own[system_id, ""] = next(iter(of_system.values()))
        self.env.cr.execute(
            """SELECT id, code, company_id, patient_authority, visit_authority FROM health_facility
                WHERE active AND company_id = ANY(%s)""",
            [self.env.companies.ids],
        )
        for facility_id, code, company_id, patients, visits in self.env.cr.fetchall():
            for system_id in system_ids:
                site = Site(facility_id, code, company_id, patients or code, visits or code)
                own[system_id, own_code(facility_id)] = site
        return {**own, **sites}
