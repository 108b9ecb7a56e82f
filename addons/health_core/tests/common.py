"""Helpers for tests of care data and of the addons above it."""

import uuid
from datetime import date, datetime, timedelta

from odoo.addons.health_core.canonical import (
    CoverageData,
    Entry,
    Identifier,
    MergePair,
    MergePatients,
    Person,
    PointOfCare,
    RecordVisit,
    RegisterPatient,
    VisitRef,
)
from odoo.addons.interop_hub.tests.common import HubCase

NOON = datetime(2025, 3, 4, 12, 0)


def at(minutes: int) -> datetime:
    """Return a time that many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def ids(*values, authority="") -> tuple:
    """Return identifiers of the default type; ``"SS:1"`` names another one."""
    return tuple(
        Identifier(authority=authority, type=kind or "MR", value=value)
        for kind, _colon, value in (part.rpartition(":") for part in values)
    )


class CareCase(HubCase):
    """One facility known to the test system, and short ways to say commands and to apply them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facility = cls.env["health.facility"].create(
            {
                "name": "General Hospital",
                "code": "GH",
                "patient_authority": "MPI",
                "code_ids": [(0, 0, {"system_id": cls.system.id, "code": "GENERAL"})],
            }
        )
        cls.ward = cls.env["health.location"].create({"name": "Ward 4", "code": "W4", "facility_id": cls.facility.id})
        cls.payer = cls.env["health.payer"].create(
            {"name": "Evergreen", "code": "EVG", "partner_id": cls.env["res.partner"].create({"name": "Evergreen"}).id}
        )
        cls.map_code("payer", "EVG01", cls.payer)
        cls.map_code("location", "4W", cls.ward)

    @classmethod
    def map_code(cls, what, code, record=None, approve=True):
        mapping = cls.env[f"health.{what}.mapping"].create(
            {"system_id": cls.system.id, "code": code, f"{what}_id": record.id if record else False}
        )
        if approve:
            mapping.action_approve()
        return mapping

    # --- saying things ---------------------------------------------------------

    @classmethod
    def make_messages(cls, count, interface=None):
        """Return rows of received messages, as the drain would hand them over."""
        interface = interface or cls.interface
        return cls.env["interop.message"].create(
            [
                {
                    "uuid": str(uuid.uuid4()),
                    "interface_id": interface.id,
                    "system_id": interface.system_id.id,
                    "company_id": interface.company_id.id,
                    "direction": "in",
                    "idempotency_key": uuid.uuid4().hex,
                }
                for _ in range(count)
            ]
        )

    def visit(self, event="admit", number="V1", patient=("1",), minutes=0, **said):
        said.setdefault("facility", "GENERAL")
        if isinstance(patient, tuple) and patient and isinstance(patient[0], str):
            patient = ids(*patient)
        if isinstance(said.get("person"), dict):
            said["person"] = Person(**said["person"])
        if isinstance(said.get("point_of_care"), str):
            unit, _dash, room = said["point_of_care"].partition("-")
            said["point_of_care"] = PointOfCare(unit=unit, room=room)
        return RecordVisit(
            event=event,
            visit=VisitRef(number=number) if number else None,
            identifiers=patient,
            occurred_at=at(minutes),
            **said,
        )

    def register(self, patient=("1",), minutes=0, **said):
        said.setdefault("facility", "GENERAL")
        if isinstance(said.get("person"), dict):
            said["person"] = Person(**said["person"])
        return RegisterPatient(identifiers=ids(*patient), occurred_at=at(minutes), **said)

    def merge(self, survivor, prior, minutes=0, person=None):
        pair = MergePair(survivor=ids(survivor), prior=ids(prior), person=person)
        return MergePatients(pairs=(pair,), facility="GENERAL", occurred_at=at(minutes))

    def cover(self, code="EVG01", member="M1", priority=1, **said):
        return CoverageData(priority=priority, payer_code=code, member_id=member, **said)

    def apply(self, *commands, one_by_one=False):
        """Apply commands, each as a message of its own; return the messages."""
        messages = self.make_messages(len(commands))
        entries = [
            Entry(message.id, self.system.id, self.interface.id, self.interface.company_id.id, [command])
            for message, command in zip(messages, commands, strict=True)
        ]
        for part in [[entry] for entry in entries] if one_by_one else [entries]:
            self.env["health.intake"]._apply(part)
        return messages

    # --- looking at things --------------------------------------------------------

    def encounter(self, number="V1", authority="GH"):
        return self.env["health.encounter"].search([("number", "=", number), ("authority", "=", authority)])

    def account(self, value="1", kind="MR", authority="MPI"):
        return (
            self.env["health.patient.identifier"]
            .search([("value", "=", value), ("type", "=", kind), ("authority", "=", authority)])
            .account_id
        )

    def exceptions(self, kind):
        return self.env["interop.exception"].search([("type", "=", kind), ("state", "in", ("open", "in_progress"))])

    def snapshot(self):
        """Return all care data in terms that do not depend on ids."""
        state = {}
        for visit in self.env["health.encounter"].search([]):
            state[visit.authority, visit.number] = (
                visit.status,
                visit.class_code,
                visit.admitted_at,
                visit.discharged_at,
                visit.location_label,
                visit.location_id.code,
                visit.attending_id.name,
                visit.primary_coverage_id.payer_code,
                sorted(visit.account_id.identifier_ids.mapped("value")),
                [(row.label, row.from_at, row.to_at) for row in visit.location_ids],
                [(row.coverage_id.payer_code, row.sequence, row.state) for row in visit.coverage_ids],
                [(row.sequence, row.code, row.description) for row in visit.diagnosis_ids],
            )
        for account in self.env["health.patient.account"].with_context(active_test=False).search([]):
            key = tuple(sorted(account.identifier_ids.mapped("value"))) or ("merged", account.name)
            state[key] = (account.name, account.birth_date, account.sex, account.city, account.active)
        return state


DAY = date(2025, 3, 4)
