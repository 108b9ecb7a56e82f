from odoo import models

from odoo.addons.interop_event.emission import Happened


class HealthIntake(models.AbstractModel):
    """Events of care, recorded where the set-based intake writes: no ORM method of these models is called there."""

    _inherit = "health.intake"

    def _write_accounts(self, new, accounts, stamp):
        result = super()._write_accounts(new, accounts, stamp)
        self._happened(
            [Happened("account.created", ("health.patient.account", account.id), account.company_id) for account in new]
        )
        return result

    def _tell(self, visits, changed_coverages):
        """Before the hooks are called: what they set off comes after the visit's own events."""
        codes = self._facility_codes({visit.facility_id for visit in visits})
        happened = []
        for visit in visits:
            before = visit.stored["status"] if visit.stored else None
            for code, attributes in _visit_events(visit, before, visit.values["status"]):
                happened.append(
                    Happened(
                        code,
                        ("health.encounter", visit.id),
                        visit.company_id,
                        codes.get(visit.facility_id),
                        {"class": visit.values["class_code"], **attributes},
                    )
                )
        self._happened(happened)
        return super()._tell(visits, changed_coverages)

    def _coverages_changed(self, encounters):
        result = super()._coverages_changed(encounters)
        encounters._emit_events("coverage.changed")
        return result

    def _accounts_merged(self, pairs):
        result = super()._accounts_merged(pairs)
        subjects = self.env["interop.event"]._subjects((survivor._name, survivor.id) for survivor, _prior in pairs)
        self._happened(
            [
                Happened(
                    "account.merged",
                    (prior._name, prior.id),
                    prior.company_id.id or survivor.company_id.id,
                    attributes={"survivor": subjects[survivor._name, survivor.id]},
                )
                for survivor, prior in pairs
            ]
        )
        return result

    def _facility_codes(self, facility_ids) -> dict[int, str]:
        facilities = self.env["health.facility"].sudo().browse([i for i in facility_ids if i])
        return {facility.id: facility.code for facility in facilities}

    def _happened(self, happened) -> None:
        if happened:
            self.env["interop.event"].sudo()._emit(happened)


def _visit_events(visit, before: str | None, after: str) -> list[tuple[str, dict]]:
    """What happened to a visit in one round, in order: ``[(event type, attributes)]``."""
    events = []
    if after in ("in_progress", "finished") and before in (None, "planned", "cancelled"):
        events.append(("encounter.admitted", {}))
    new = [segment for segment in visit.segments if segment.id is None]
    # The first stay of a visit is its admission.
    moves = len(new) - (0 if any(segment.id for segment in visit.segments) else min(len(new), 1))
    events += [("encounter.transferred", {"unit": segment.unit or ""}) for segment in new[len(new) - moves :]]
    if after != before:
        if after == "finished":
            events.append(("encounter.discharged", {}))
        elif before == "finished" and after == "in_progress":
            events.append(("encounter.reopened", {}))
        elif after == "cancelled" and before:
            events.append(("encounter.cancelled", {}))
    return events
