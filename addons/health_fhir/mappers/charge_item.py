from pydantic import ValidationError

from odoo import models

from odoo.addons.health_core.bulk import select_rows
from odoo.addons.health_core.canonical import CaptureCharge, Identifier, VisitRef

from .. import errors, values
from ..address import Source
from ..codec.issues import Issue
from ..models.health_fhir_mapper import READING, WRITING
from ..work import Operation

_STATUSES = {
    "captured": "billable",
    "quarantined": "unknown",
    "non_billable": "not-billable",
    "charged": "billed",
    "reversed": "aborted",
}
_TAKEN_BACK = ("aborted", "entered-in-error")
#: Identifier system of a sender's transactions, with the code of the sender's system.
TRANSACTION = "urn:interop:transaction:"
_ELEMENTS = {
    "transaction_id": "identifier",
    "service_code": "code",
    "service_description": "code",
    "quantity": "quantity",
    "amount": "priceOverride",
    "visit": "context",
}


class HealthFhirChargeItem(models.AbstractModel):
    """ChargeItem: a captured charge. To delete it, or to take it back, is to credit it."""

    _name = "health.fhir.charge.item"
    _inherit = "health.fhir.mapper"
    _description = "FHIR ChargeItem"

    _fhir_type = "ChargeItem"
    _fhir_sources = (Source("health.charge", "chg-"),)
    _fhir_interactions = READING | WRITING | {"delete"}
    _fhir_stage = 70

    def _render(self, records):
        refs = self._refs(
            [
                ("Patient", records.account_id),
                ("Encounter", records.encounter_id),
                ("Practitioner", records.performer_id),
                ("Organization", records.facility_id),
            ]
        )
        found = {}
        for charge in records:
            performer = charge.performer_id
            found[charge.id] = values.clean(
                {
                    "resourceType": "ChargeItem",
                    "identifier": [
                        {
                            "system": TRANSACTION + charge.system_id.code,
                            "value": charge.transaction_id + (f"/{charge.line}" if charge.line > 1 else ""),
                        }
                    ],
                    "status": _STATUSES[charge.state],
                    "code": {
                        "coding": [values.clean({"code": charge.service_code, "display": charge.service_description})]
                    },
                    "subject": refs("Patient", charge.account_id)
                    if charge.account_id
                    else {"display": "Not known yet"},
                    "context": refs("Encounter", charge.encounter_id) if charge.encounter_id else None,
                    "occurrenceDateTime": charge.service_date.isoformat(),
                    "performer": [{"actor": refs("Practitioner", performer, performer.name)}] if performer else None,
                    "performingOrganization": refs("Organization", charge.facility_id, charge.facility_id.name),
                    "quantity": {"value": charge.quantity},
                    "priceOverride": values.money(charge.amount, charge.currency_id.name)
                    if charge.price_source != "list"
                    else None,
                }
            )
        return found

    # --- writing ----------------------------------------------------------------

    @staticmethod
    def _transaction(op) -> str:
        given = [entry["value"] for entry in op.resource.get("identifier", ()) if entry.get("value")]
        return next(iter(given), "")

    def _find(self, work, ops):
        rows = select_rows(
            self.env.cr,
            """SELECT c.transaction_id, c.id FROM (VALUES %s) AS k (system_id, transaction_id)
                 JOIN health_charge c ON c.system_id = k.system_id AND c.transaction_id = k.transaction_id AND c.line = 1""",
            sorted({(work.system_id, self._transaction(op)) for op in ops if self._transaction(op)}),
        )
        known = dict(rows)
        return {op.index: ("health.charge", known[t]) for op in ops if (t := self._transaction(op)) in known}

    def _prepare(self, work, ops):
        party = self.env["health.fhir.party"]
        patients = party._patients(work, ops, "subject")
        visits, facilities = self._visits(work, ops)
        performers = self._performers(work, ops)
        services = self._services(work, ops)
        charges = self._charges(work, ops)
        for op in ops:
            charge = charges.get(op.record[1]) if op.record else None
            op.said["transaction"] = charge.transaction_id if charge else self._transaction(op) or op.fhir_id
            op.said["line"] = charge.line if charge else 1
            if charge and charge.state == "reversed" and op.resource["status"] not in _TAKEN_BACK:
                raise op.refuse(422, "business-rule", "status", "The charge was taken back; send another one.")
            price = op.resource.get("priceOverride")
            day = self._day(op) or work.now.date()
            facility = facilities.get(op.index) or party._provider(work, op, "performingOrganization")
            quantity = op.resource.get("quantity", {}).get("value", 1)
            try:
                command = CaptureCharge(
                    facility=facility,
                    occurred_at=work.now,
                    transaction_id=op.said["transaction"],
                    line=op.said["line"],
                    action="credit" if op.resource["status"] in _TAKEN_BACK else "charge",
                    visit=visits.get(op.index),
                    identifiers=patients[op.index],
                    service_code=services[op.index][0],
                    service_description=services[op.index][1] or None,
                    service_date=day,
                    quantity=quantity,
                    amount=party._amount(work, op, price, "priceOverride", day) if price else None,
                    performer=performers.get(op.index),
                )
            except ValidationError as failure:
                raise errors.of_contract(failure, "ChargeItem", _ELEMENTS) from None
            work.commands.append(command)

    def _charges(self, work, ops) -> dict:
        """The charges that exist; those of other senders are theirs to amend."""
        charges = self.env["health.charge"].browse(op.record[1] for op in ops if op.record)
        for op in ops:
            if op.record and self.env["health.charge"].browse(op.record[1]).system_id.id != work.system_id:
                raise op.refuse(403, "forbidden", "", "The charge was sent by another system; it is changed there.")
        return {charge.id: charge for charge in charges}

    @staticmethod
    def _day(op):
        resource = op.resource
        period = resource.get("occurrencePeriod", {})
        text = resource.get("occurrenceDateTime") or period.get("start") or resource.get("enteredDate")
        return values.day(text)

    def _visits(self, work, ops) -> tuple[dict[int, VisitRef], dict[int, str]]:
        """The visits that charges belong to, and the facilities of those."""
        found, facilities, rows = {}, {}, {}
        for op in ops:
            context = op.resource.get("context")
            if not context:
                continue
            target = work.target(context, "Encounter")
            if isinstance(target, Operation) and "made" in target.said:
                found[op.index] = target.said["made"]
                facilities[op.index] = target.said["facility"]
            elif record := work.record(context, "Encounter", "health.encounter"):
                rows[op.index] = record
            elif context.get("identifier", {}).get("value"):
                authority = self.env["health.fhir.naming"]._authority(context["identifier"].get("system", ""))[0]
                found[op.index] = VisitRef(number=context["identifier"]["value"][:128], authority=authority[:64])
            elif context.get("reference", "").startswith("Encounter/"):
                raise op.refuse(422, "not-found", "context", "This visit is not known here.")
        for visit in self.env["health.encounter"].browse(set(rows.values())):
            for index in [index for index, record in rows.items() if record == visit.id]:
                found[index] = VisitRef(number=visit.number, authority=visit.authority)
                facilities[index] = values.own_code(visit.facility_id.id)
        return found, facilities

    def _performers(self, work, ops):
        chosen = {}
        for op in ops:
            actor = next((p["actor"] for p in op.resource.get("performer", ()) if p.get("actor")), None)
            if actor:
                chosen[op.index] = actor
        return self.env["health.fhir.practitioner"]._references(work, chosen)

    def _services(self, work, ops) -> dict[int, tuple[str, str]]:
        """``(code, text)`` of what was done, in the sender's words, or by our own ChargeItemDefinition."""
        records, found = {}, {}
        for op in ops:
            named = next(
                (
                    record
                    for text in op.resource.get("definitionCanonical", ())
                    if (record := self._definition(work, text))
                ),
                0,
            )
            coding = next((c for c in values.codings(op.resource.get("code")) if c.get("code")), None)
            text = op.resource.get("code", {}).get("text", "")
            if named:
                records[op.index] = named
            elif coding:
                found[op.index] = (coding["code"], coding.get("display") or text)
            elif text:
                found[op.index] = (text[:64], text)
            else:
                raise op.refuse(422, "required", "code", "A charge needs a code.")
        if records:
            codes = self.env["health.fhir.party"]._codes_of(
                work, "health.service.mapping", self.env["health.service"].browse(set(records.values()))
            )
            found.update({index: (codes[record], "") for index, record in records.items()})
        return found

    def _definition(self, work, canonical: str) -> int:
        tail = canonical.partition("|")[0].rpartition("ChargeItemDefinition/")[2]
        reference = {"reference": f"ChargeItemDefinition/{tail}"}
        if ("ChargeItemDefinition", tail) not in work.refs:
            work.refs.update(work.reader._locate([("ChargeItemDefinition", tail)]))
        return work.record(reference, "ChargeItemDefinition", "health.service")

    def _complete(self, work, ops):
        rows = select_rows(
            self.env.cr,
            """SELECT c.transaction_id, c.line, c.id FROM (VALUES %s) AS k (system_id, transaction_id, line)
                 JOIN health_charge c
                      ON c.system_id = k.system_id AND c.transaction_id = k.transaction_id AND c.line = k.line""",
            sorted({(work.system_id, op.said["transaction"], op.said["line"]) for op in ops}),
        )
        known = {(transaction, line): charge for transaction, line, charge in rows}
        for op in ops:
            op.record = ("health.charge", known[op.said["transaction"], op.said["line"]])
        waiting = (
            self.env["health.charge"].browse(known.values()).filtered(lambda charge: charge.state == "quarantined")
        )
        for op in ops:
            if op.record[1] in waiting.ids:
                op.issues.append(
                    Issue("warning", "informational", "ChargeItem", "The charge waits until a person has completed it.")
                )

    def _delete(self, work, ops):
        """Credit the charges: what was invoiced is credited too."""
        for charge in self._charges(work, ops).values():
            visit = charge.encounter_id
            work.commands.append(
                CaptureCharge(
                    facility=values.own_code(charge.facility_id.id),
                    occurred_at=work.now,
                    transaction_id=charge.transaction_id,
                    line=charge.line,
                    action="credit",
                    visit=VisitRef(number=visit.number, authority=visit.authority) if visit else None,
                    identifiers=tuple(
                        Identifier(authority=row.authority, type=row.type, value=row.value)
                        for row in charge.account_id.identifier_ids[:1]
                    ),
                    service_code=charge.service_code,
                    service_date=charge.service_date,
                )
            )
