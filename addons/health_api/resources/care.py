"""Patients, insurance, visits and charges: written by canonical commands."""

from __future__ import annotations

from odoo.addons.health_core.canonical import (
    CoverageData,
    DiagnosisData,
    Identifier,
    Person,
    PointOfCare,
    PractitionerRef,
    RecordVisit,
    RegisterPatient,
    VisitRef,
)
from odoo.addons.interop_api.rest.schema import Col
from odoo.addons.interop_api.rest.write import as_partner

from ..schemas import care
from .command import CommandResource, Context, said_or_now

PERSON = (
    "family",
    "given",
    "middle",
    "birth_date",
    "sex",
    "street",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "email",
)
GROUP = "Care"


def _person(data) -> Person:
    """What was said of the person; ``null`` clears, which the command says with an empty text."""
    said = {name: getattr(data, name) for name in PERSON if name in data.model_fields_set}
    return Person(**{name: "" if value is None else value for name, value in said.items()})


def _identifiers(account) -> tuple[Identifier, ...]:
    row = account.identifier_ids[:1]
    return (Identifier(authority=row.authority, type=row.type, value=row.value),) if row else ()


def practitioner(data) -> PractitionerRef | None:
    return data and PractitionerRef(
        value=data.value, authority=data.authority or "", family=data.family, given=data.given
    )


class PatientAccounts(CommandResource):
    name = "patient-accounts"
    model = "health.patient.account"
    scope = "patient-account"
    group = GROUP
    summary = "Patient accounts"
    description = "A patient's financial account. Registering a patient whose identifier is known changes the account that is there."
    read = care.PatientAccountRead
    create = care.PatientAccountCreate
    update = care.PatientAccountUpdate
    searches = {"identifier": (str, Col("identifier_ids.value", phi=True, filter="eq"))}
    current_fields = ["merged_into_id", "identifier_ids", "company_id"]
    examples = {
        "create": {
            "facility": "{facilities}",
            "identifiers": [{"authority": "PARTNER", "type": "MR", "value": "EX-1001"}],
            "family": "Ahlgren",
            "given": "Mira",
            "birth_date": "1984-05-17",
            "sex": "female",
        },
        "update": {"city": "Northfield", "phone": None},
    }

    @classmethod
    def ordering(cls, operation, token, data):
        if token:
            return f"{cls.name}:{token}"
        return "patient:" + "|".join(f"{i.authority}^{i.type}^{i.value}" for i in data.identifiers[:1])

    @classmethod
    def before(cls, context: Context, current):
        context.facilities = {}
        new = [item for item in context.items if not item.record_id]
        changed = [item for item in context.items if item.record_id]
        if new:
            part = Context(context.env, new)
            context.facilities = part.referred("health.facility", "facility", ["code"])
            context.failures |= part.failures
        cls._refuse_foreign(context, new)
        context.codes = {}
        for user_id, system_id in {(item.user_id, item.system_id) for item in changed}:
            rows = as_partner(context.env, user_id)["health.facility.code"].search_fetch(
                [("system_id", "=", system_id)], ["company_id", "code"], order="id"
            )
            context.codes[user_id, system_id] = [(row.company_id.id, row.code) for row in rows]
        for item in changed:
            record = current.get(item.message_id)
            if record and record.merged_into_id:
                context.refuse(item, "", "merged", "The account was merged into another", 409)
            elif record and not record.identifier_ids:
                context.refuse(item, "", "identifiers", "The account has no identifier to name it by", 409)

    @classmethod
    def _own_code(cls, context, item, record) -> str:
        """A sending code of the partner within the account's company: by another, it would be seen there, too."""
        codes = context.codes.get((item.user_id, item.system_id), [])
        wanted = record.company_id.id
        code = next((code for company_id, code in codes if not wanted or company_id == wanted), None)
        if code is None:
            context.refuse(item, "", "facility.code", "Your system has no sending code for a facility of this account")
        return "" if code in (None, "*") else code

    @classmethod
    def _refuse_foreign(cls, context, new) -> None:
        """An identifier of a patient whom the partner may not see would change a stranger's account."""
        values = {row.value for item in new for row in item.data.identifiers}
        if not values:
            return
        rows = context.env["health.patient.identifier"].search_fetch(
            [("value", "in", list(values))], ["authority", "type", "value", "account_id"]
        )
        owners = {(row.authority, row.type, row.value): row.account_id.id for row in rows}
        said = [
            (item, n, owners.get((row.authority, row.type, row.value)))
            for item in new
            for n, row in enumerate(item.data.identifiers)
        ]
        known = [(item, n, account_id) for item, n, account_id in said if account_id]
        visible = {}
        for user_id in {item.user_id for item, _n, _account in known}:
            mine = as_partner(context.env, user_id)[cls.model].with_context(active_test=False)
            query = mine._search([("id", "in", [account_id for _item, _n, account_id in known])])
            visible[user_id] = set(query.get_result_ids())
        for item, n, account_id in known:
            if account_id not in visible[item.user_id]:
                context.refuse(item, f"/identifiers/{n}", "exists", "This identifier is in use already", 409)

    @classmethod
    def command(cls, context, item, record):
        if record:
            facility, identifiers = cls._own_code(context, item, record), _identifiers(record)
        else:
            facility = context.sending_code(item, context.facilities.get(item.message_id))
            identifiers = tuple(
                Identifier(authority=row.authority, type=row.type, value=row.value) for row in item.data.identifiers
            )
        return RegisterPatient(
            facility=facility, occurred_at=said_or_now(item), identifiers=identifiers, person=_person(item.data)
        )


class Coverages(CommandResource):
    name = "coverages"
    model = "health.coverage"
    scope = "coverage"
    group = GROUP
    summary = "Coverages"
    description = "A patient's insurances. A coverage whose payer code has no approved mapping is kept, quarantined."
    read = care.CoverageRead
    create = care.CoverageCreate
    examples = {
        "create": {
            "facility": "{facilities}",
            "account": "{patient-accounts}",
            "source_payer_code": "EVG01",
            "member_id": "M-20417",
            "priority": 1,
        }
    }

    @classmethod
    def ordering(cls, operation, token, data):
        return f"patient-accounts:{data.account}"

    @classmethod
    def before(cls, context, current):
        context.facilities = context.referred("health.facility", "facility", ["code"])
        context.accounts = context.referred("health.patient.account", "account", ["identifier_ids", "merged_into_id"])
        for item in context.items:
            account = context.accounts.get(item.message_id)
            if account and (account.merged_into_id or not account.identifier_ids):
                context.refuse(item, "/account", "account", "The account was merged or has no identifier", 409)

    @classmethod
    def command(cls, context, item, record):
        data = item.data
        said = CoverageData(
            priority=data.priority,
            payer_code=data.source_payer_code,
            **{
                name: getattr(data, name)
                for name in ("plan_code", "member_id", "group_number", "relationship", "valid_from", "valid_to")
            },
        )
        return RegisterPatient(
            facility=context.sending_code(item, context.facilities.get(item.message_id)),
            occurred_at=said_or_now(item),
            identifiers=_identifiers(context.accounts[item.message_id]),
            coverages=(said,),
        )

    @classmethod
    def _find_results(cls, env, items, known):
        """The intake links a coverage's message to the patient; the coverage is found by its key."""
        accounts = {
            row.message_id.id: row.res_id
            for row in env["interop.link"].search(
                [("message_id", "in", [i.message_id for i in items]), ("res_model", "=", "health.patient.account")]
            )
        }
        coverages = env["health.coverage"].search_fetch(
            [("account_id", "in", list(accounts.values())), ("system_id", "in", [item.system_id for item in items])],
            ["account_id", "system_id", "payer_code", "member_id", "create_date"],
        )
        by_key = {(c.account_id.id, c.system_id.id, c.payer_code or "", c.member_id or ""): c for c in coverages}
        now = env.cr.now()
        rows = []
        for item in items:
            data = item.data
            found = by_key.get(
                (accounts.get(item.message_id), item.system_id, data.source_payer_code, data.member_id or "")
            )
            if found:
                item.record_id, item.created = found.id, found.create_date == now
                rows.append((item.message_id, cls.model, found.id))
        env["interop.link"]._add(rows)


class Encounters(CommandResource):
    name = "encounters"
    model = "health.encounter"
    scope = "encounter"
    group = GROUP
    summary = "Encounters"
    description = "Visits. A change says what happened; the visit's status follows from the events."
    read = care.EncounterRead
    create = care.EncounterCreate
    update = care.EncounterUpdate
    current_fields = ["number", "authority", "facility_id", "account_id", "merged_into_id"]
    examples = {
        "create": {
            "facility": "{facilities}",
            "account": "{patient-accounts}",
            "number": "EX-V-1",
            "event": "admit",
            "visit_class": "inpatient",
            "admitted_at": "2026-03-02T08:15:00Z",
        },
        "update": {"event": "discharge", "discharged_at": "2026-03-04T11:00:00Z"},
    }

    @classmethod
    def ordering(cls, operation, token, data):
        return f"{cls.name}:{token}" if token else f"visit:{data.facility}:{data.authority or ''}:{data.number}"

    @classmethod
    def before(cls, context, current):
        new = [item for item in context.items if not item.record_id]
        context.facilities, context.accounts = {}, {}
        if new:
            part = Context(context.env, new)
            context.facilities = part.referred("health.facility", "facility", ["code"])
            context.accounts = part.referred("health.patient.account", "account", ["identifier_ids", "merged_into_id"])
            context.failures |= part.failures
            for item in new:
                account = context.accounts.get(item.message_id)
                if account and (account.merged_into_id or not account.identifier_ids):
                    context.refuse(item, "/account", "account", "The account was merged or has no identifier", 409)
        cls._refuse_foreign(context, new)
        for item in context.items:
            record = current.get(item.message_id)
            if record and record.merged_into_id:
                context.refuse(item, "", "merged", "The visit was merged into another", 409)

    @classmethod
    def _refuse_foreign(cls, context, new) -> None:
        """A number that is known already must be of a visit that the partner sees: else it would change a stranger's."""
        numbers = {item.data.number for item in new}
        if not numbers:
            return
        known = context.env[cls.model].search_fetch(
            [("number", "in", list(numbers))], ["number", "authority", "facility_id"]
        )
        for item in new:
            facility = context.facilities.get(item.message_id)
            authorities = {item.data.authority} if item.data.authority else (
                {facility.visit_authority or facility.code} if facility else set()
            )  # fmt: skip
            same = known.filtered(lambda r, i=item, a=authorities: r.number == i.data.number and r.authority in a)
            if not same:
                continue
            if item.operation == "create" or not context.load(cls.model, [(item, same[0].id)], ["number"]):
                context.refuse(item, "/number", "exists", "This visit number is in use already", 409)

    @classmethod
    def command(cls, context, item, record):
        data = item.data
        if record:
            facility = context.sending_code(item, record.facility_id)
            visit, identifiers = VisitRef(number=record.number, authority=record.authority), ()
        else:
            facility = context.sending_code(item, context.facilities.get(item.message_id))
            visit = VisitRef(number=data.number, authority=data.authority or "")
            identifiers = _identifiers(context.accounts[item.message_id])
        place = data.point_of_care
        return RecordVisit(
            facility=facility,
            occurred_at=said_or_now(item),
            event=data.event,
            visit=visit,
            identifiers=identifiers,
            class_code=data.visit_class,
            point_of_care=place and PointOfCare(unit=place.unit, room=place.room or "", bed=place.bed or ""),
            attending=practitioner(data.attending),
            admitted_at=data.admitted_at,
            discharged_at=data.discharged_at,
            account_number=data.account_number,
            diagnoses=data.diagnoses
            and tuple(
                DiagnosisData(
                    sequence=d.sequence, code=d.code, system=d.system or "", description=d.description, type=d.type
                )
                for d in data.diagnoses
            ),
        )

    @classmethod
    def columns(cls, item):
        data, values = item.data, {}
        for name, column in (("visit_class", "class_code"), ("account_number", "account_number")):
            if getattr(data, name) is not None:
                values[column] = getattr(data, name)
        for name in ("admitted_at", "discharged_at"):
            if getattr(data, name) is not None:
                values[name] = getattr(data, name).replace(tzinfo=None)
        return values
