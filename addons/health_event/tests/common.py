"""Helpers for tests of the health events."""

from odoo.addons.health_revenue.tests.common import RevenueCase
from odoo.addons.interop_event.tests.common import EventCase


class HealthEventCase(RevenueCase, EventCase):
    """A hospital whose events are looked at."""

    def events(self, *types, facility=None):
        """Types of the events since :meth:`forget`, in order; limited to ``types``."""
        self.env.flush_all()
        domain = [("type", "in", types)] if types else []
        return self.env["interop.event"].search([*domain, ("id", ">", self.since)], order="id")

    def setUp(self):
        super().setUp()
        self.forget()

    def forget(self):
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM interop_event")
        self.since = self.env.cr.fetchone()[0]

    def happened(self, *types):
        return self.events(*types).mapped("type")
