"""A small hospital with accounting, and short ways to say what a message says."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count

from odoo.addons.health_core.canonical import (
    CaptureCharge,
    CoverageData,
    Entry,
    Identifier,
    MergePair,
    MergePatients,
    MergeVisits,
    MoveVisit,
    Person,
    PointOfCare,
    RecordVisit,
    VisitRef,
)
from odoo.addons.interop_hub.contract import Inbound
from odoo.addons.interop_hub.tests.common import HubCase

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, 0)


class RevenueCase(HubCase):
    """One company with a chart of accounts, one facility, two payers, a catalog of three services."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = count(1)
        cls.company = cls.make_company("Test Hospital")
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=cls.company.ids))
        cls.interface.company_id = cls.company
        cls.system.owner_id = cls.env.ref("base.user_admin")
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Cost centers"})
        cls.ward_center, cls.clinic_center = cls.env["account.analytic.account"].create(
            [{"name": name, "plan_id": cls.plan.id, "company_id": cls.company.id} for name in ("Ward", "Clinic")]
        )
        cls.facility = cls.make_facility("MAIN", cls.company)
        cls.ward, cls.clinic = cls.env["health.location"].create(
            [
                {
                    "name": "Ward",
                    "code": "W",
                    "facility_id": cls.facility.id,
                    "analytic_account_id": cls.ward_center.id,
                },
                {
                    "name": "Clinic",
                    "code": "C",
                    "facility_id": cls.facility.id,
                    "analytic_account_id": cls.clinic_center.id,
                },
            ]
        )
        cls.xray = cls.make_service("XRAY", 80.0)
        cls.visit_fee = cls.make_service("VISIT", 45.5)
        cls.note = cls.make_service("NOTE", 0.0, billable=False)
        cls.map_code("health.service.mapping", "X1", cls.xray)
        cls.map_code("health.service.mapping", "V1", cls.visit_fee)
        cls.map_code("health.service.mapping", "N1", cls.note)
        cls.map_code("health.location.mapping", "WARD", cls.ward)
        cls.map_code("health.location.mapping", "CLIN", cls.clinic)
        cls.payer = cls.make_payer("Insurer", 10.0)
        cls.full_payer = cls.make_payer("Fund", 0.0)
        cls.map_code("health.payer.mapping", "INS", cls.payer)
        cls.map_code("health.payer.mapping", "FUND", cls.full_payer)

    # -- master data -----------------------------------------------------------

    @classmethod
    def make_company(cls, name, chart=True):
        company = cls.env["res.company"].create({"name": name, "currency_id": cls.env.ref("base.EUR").id})
        if chart:
            cls.env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
        return company

    @classmethod
    def make_facility(cls, code, company, sent=None):
        return cls.env["health.facility"].create(
            {
                "name": code.title(),
                "code": code,
                "company_id": company.id,
                "tz": "UTC",
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": sent or code})],
            }
        )

    @classmethod
    def make_service(cls, code, price, **values):
        product = cls.env["product.product"].create(
            {"name": code.title(), "type": "service", "taxes_id": [(5,)], "list_price": price}
        )
        return cls.env["health.service"].create(
            {"code": code, "name": code.title(), "list_price": price, "product_id": product.id, **values}
        )

    @classmethod
    def make_payer(cls, name, share):
        partner = cls.env["res.partner"].create({"name": name, "is_company": True})
        return cls.env["health.payer"].create({"name": name, "partner_id": partner.id, "patient_share": share})

    @classmethod
    def map_code(cls, model, code, target, approve=True):
        mapping = cls.env[model].create(
            {"system_id": cls.system.id, "code": code, cls.env[model]._target_field: target.id}
        )
        if approve:
            mapping.action_approve()
        return mapping

    # -- messages ----------------------------------------------------------------

    def message(self):
        """Return the id of a new message."""
        number = next(self.numbers)
        inbound = Inbound(f'{{"id": "{number}"}}'.encode(), f"k{number}-{self.id()}", "", "TEST", str(number))
        return self.env["interop.message"]._accept(self.interface, [inbound])[0].message_id

    def apply(self, *commands, together=False):
        """Apply commands, each as a message of its own in one set, or all in one message."""
        groups = [list(commands)] if together else [[command] for command in commands]
        entries = [Entry(self.message(), self.system.id, self.interface.id, self.company.id, group) for group in groups]
        self.env["health.intake"]._apply(entries)
        self.env.flush_all()
        self.env.invalidate_all()
        return [entry.message_id for entry in entries]

    def visit(self, number="V100", event="admit", patient="P1", insurers=None, **values):
        """Return the command of a visit event; ``insurers`` are payer codes in order."""
        coverages = None
        if insurers is not None:
            coverages = tuple(
                CoverageData(priority=rank, payer_code=code, member_id=f"M{rank}")
                for rank, code in enumerate(insurers, 1)
            )
        values.setdefault("class_code", "inpatient")
        return RecordVisit(
            facility="MAIN",
            occurred_at=NOON,
            event=event,
            visit=VisitRef(number=number),
            identifiers=(Identifier(value=patient),),
            person=Person(family="Testfamily", given=patient),
            coverages=coverages,
            **values,
        )

    def charge(self, transaction="T1", number="V100", code="X1", **values):
        """Return the command of a charge."""
        values.setdefault("service_date", DAY)
        place = values.pop("unit", None)
        for name in ("amount", "unit_price", "quantity"):
            if name in values:
                values[name] = Decimal(str(values[name]))
        return CaptureCharge(
            facility=values.pop("facility", "MAIN"),
            occurred_at=NOON,
            transaction_id=transaction,
            visit=VisitRef(number=number) if number else None,
            service_code=code,
            point_of_care=PointOfCare(unit=place) if place else None,
            **values,
        )

    def credit(self, transaction="T1", **values):
        return self.charge(transaction, action="credit", **values)

    def merge(self, survivor, prior):
        return MergePatients(
            facility="MAIN",
            occurred_at=NOON,
            pairs=(MergePair(survivor=(Identifier(value=survivor),), prior=(Identifier(value=prior),)),),
        )

    def merge_visits(self, survivor, prior):
        return MergeVisits(
            facility="MAIN", occurred_at=NOON, survivor=VisitRef(number=survivor), prior=VisitRef(number=prior)
        )

    def move_visit(self, number, patient):
        return MoveVisit(
            facility="MAIN", occurred_at=NOON, visit=VisitRef(number=number), identifiers=(Identifier(value=patient),)
        )

    # -- what came of it -----------------------------------------------------------

    def found(self, transaction="T1", line=1):
        return self.env["health.charge"].search(
            [("system_id", "=", self.system.id), ("transaction_id", "=", transaction), ("line", "=", line)]
        )

    def encounter(self, number="V100"):
        return self.env["health.encounter"].search([("number", "=", number)])

    def invoices(self, number="V100", **domain):
        return self.env["account.move"].search(
            [
                ("health_encounter_id", "=", self.encounter(number).id),
                *((name, "=", value) for name, value in domain.items()),
            ],
            order="id",
        )

    def bill(self):
        """Run billing inside the test's transaction."""
        engine = self.env["health.billing"].sudo().with_context(health_billing=True)
        for step in (engine._step_transfer, engine._step_void, engine._step_bill):
            for _attempt in range(50):
                if not step():
                    break
        self.env.flush_all()
        self.env.invalidate_all()

    def exceptions(self, kind, state="open"):
        return self.env["interop.exception"].search([("type", "=", kind), ("state", "=", state)])

    def assertState(self, transaction, state, reason=False, line=1):
        charge = self.found(transaction, line)
        self.assertEqual((charge.state, charge.quarantine_reason), (state, reason))
        return charge

    def assertBalanced(self):
        self.env.flush_all()
        rows = self.env["health.charge.ledger"].search([("facility_id", "=", self.facility.id)])
        self.assertTrue(rows)
        self.assertEqual([(row.difference, row.difference_amount) for row in rows], [(0, 0)] * len(rows))
