"""Writing master data: references resolved as the partner sees them, ownership respected, one set at a time."""

from __future__ import annotations

from collections import defaultdict

from odoo.exceptions import UserError

from odoo.addons.interop_hub.exceptions import InteropError, Rejected, SetFailed
from odoo.addons.interop_hub.ownership import differs

from . import ids
from .resource import Item
from .schema import Col, Ref

DECISIONS = {"ignore": "ignored", "flag": "flagged", "refuse": "refused"}


class Refused(Rejected):
    """A write that cannot be done as it was sent.

    :ivar errors: ``{"pointer", "code", "detail"}`` of each reason
    """

    def __init__(self, code: str, text: str, errors: list[dict] | None = None, *, status: int = 422):
        super().__init__(code, text, errors[0]["pointer"] if errors else "")
        self.errors = errors or []
        self.http_status = status


def as_partner(env, user_id: int):
    """The environment of a technical user with all companies of its account: record rules apply."""
    return env(user=user_id, su=False, context={})


def apply(resource, env, items: list[Item]) -> None:
    """Write ``items`` with the ORM; see :meth:`.resource.Resource.apply`.

    A record that is named twice in the set is created by the first and changed by the next.
    """
    rounds: list[list[Item]] = []
    seen: dict = {}
    for item in items:
        key = item.record_id or tuple(getattr(item.data, name, None) for name in resource.key) or item.message_id
        turn = seen[key] = seen.get(key, -1) + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(item)
    for part in rounds:
        _apply_round(resource, env, part)


def _apply_round(resource, env, items: list[Item]) -> None:
    failures: dict[int, InteropError] = {}
    references = _references(resource, env, items, failures)
    values = [_values(resource, env, item, references) for item in items]
    _find_existing(resource, env, items, values, failures)
    if failures:
        raise SetFailed(failures)
    try:
        resource.prepare(env, items, values)
        _write(resource, env, items, values)
    except UserError as error:
        if len(items) == 1:
            raise SetFailed({items[0].message_id: Refused("record.refused", _text_of(resource, error))}) from None
        raise Rejected("record.refused", "One of the records was refused") from None
    env["interop.link"]._add([(item.message_id, resource.model, item.record_id) for item in items])


def _text_of(resource, error: UserError) -> str:
    """Odoo's own words, unless they could name a patient."""
    return "The record was refused" if resource.phi_fields() else str(error.args[0] if error.args else error)[:300]


def _references(resource, env, items, failures) -> dict[tuple[int, str, str], int]:
    """``(user, comodel, wire id) -> number`` of what is referred to and visible to the partner; a query per model."""
    fields, wanted = resource.fields(), defaultdict(set)
    for item in items:
        for name in item.said:
            token = getattr(item.data, name)
            if token and name in fields and isinstance(fields[name].source, Ref):
                comodel = env[resource.model]._fields[fields[name].source.path].comodel_name
                wanted[item.user_id, comodel].add(token)
    found = {}
    for (user_id, comodel), tokens in wanted.items():
        numbers = {token: ids.decode(comodel, token) for token in tokens}
        visible = set(
            as_partner(env, user_id)[comodel]
            ._search([("id", "in", [n for n in numbers.values() if n])])
            .get_result_ids()
        )
        found |= {(user_id, comodel, token): n for token, n in numbers.items() if n in visible}
    for item in items:
        errors = []
        for name in sorted(item.said):
            if name in fields and isinstance(fields[name].source, Ref) and (token := getattr(item.data, name)):
                comodel = env[resource.model]._fields[fields[name].source.path].comodel_name
                if (item.user_id, comodel, token) not in found:
                    errors.append({"pointer": f"/{name}", "code": "reference", "detail": "There is no such record."})
        if errors:
            failures[item.message_id] = Refused("reference", "The record refers to one that is unknown", errors)
    return found


def _values(resource, env, item: Item, references) -> dict:
    """What was sent, by the names of the model's fields."""
    fields, values = resource.fields(), {}
    for name in item.data.model_fields_set:
        info = fields.get(name)
        if info is None or not isinstance(info.source, (Col, Ref)) or "." in info.source.path:
            continue
        value = getattr(item.data, name)
        if isinstance(info.source, Ref):
            comodel = env[resource.model]._fields[info.source.path].comodel_name
            value = references.get((item.user_id, comodel, value)) if value else False
        elif value is None:
            value = False
        elif hasattr(value, "as_tuple"):
            value = float(value)
        values[info.source.path] = value
    return values


def _find_existing(resource, env, items, values, failures) -> None:
    """Know created records by their natural key, in one query: a conflict, or what an upsert changes."""
    if not resource.key:
        return
    fields = resource.fields()
    paths = [fields[name].source.path for name in resource.key]
    asked = [
        (item, tuple(vals.get(path) or False for path in paths))
        for item, vals in zip(items, values, strict=True)
        if item.operation != "update"
    ]
    asked = [(item, key) for item, key in asked if all(key)]
    if not asked:
        return
    resource.meet(env, [key for _item, key in asked])
    domain = [
        *resource.where(env),
        *((path, "in", list({key[n] for _i, key in asked})) for n, path in enumerate(paths)),
    ]
    records = env[resource.model].with_context(active_test=False).search_fetch(domain, paths)
    known = {}
    for record in records.sorted("id", reverse=True):
        known[tuple(record[path].id if hasattr(record[path], "_name") else record[path] for path in paths)] = record.id
    visible: dict[int, set[int]] = {}
    for item, key in asked:
        record_id = known.get(key)
        if not record_id:
            continue
        if item.user_id not in visible:
            mine = as_partner(env, item.user_id)[resource.model].with_context(active_test=False)
            visible[item.user_id] = set(mine._search([("id", "in", list(known.values()))]).get_result_ids())
        if item.operation == "create" or record_id not in visible[item.user_id]:
            failures[item.message_id] = Refused(
                "exists",
                "A record with this key exists already",
                [{"pointer": f"/{name}", "code": "exists", "detail": "In use already."} for name in resource.key],
                status=409,
            )
        else:
            item.record_id = record_id


def _write(resource, env, items, values) -> None:
    Model = env[resource.model]
    new = [(item, vals) for item, vals in zip(items, values, strict=True) if not item.record_id]
    changed = [(item, vals) for item, vals in zip(items, values, strict=True) if item.record_id]
    failures = decide(resource, env, changed) | refuse_creation(resource, env, [item for item, _vals in new])
    if failures:
        raise SetFailed(failures)
    for system_id in {item.system_id for item in items}:
        mine = [(item, vals) for item, vals in changed if item.system_id == system_id]
        screened = env["interop.authority"]._screen(
            [(Model.browse(item.record_id), vals) for item, vals in mine],
            system_id,
            [item.message_id for item, _vals in mine],
        )
        # Odoo gathers these and writes them with one statement per set of columns.
        for (item, _vals), kept in zip(mine, screened, strict=True):
            Model.browse(item.record_id).write(kept)
        fresh = [(item, vals) for item, vals in new if item.system_id == system_id]
        kept = env["interop.authority"]._screen(
            [(Model.browse(), vals) for _item, vals in fresh], system_id, [item.message_id for item, _vals in fresh]
        )
        for (item, _vals), record in zip(fresh, Model.create(kept), strict=True):
            item.record_id, item.created = record.id, True
    Model.flush_model()


def refuse_creation(resource, env, items: list[Item]) -> dict[int, InteropError]:
    """The failures of items that another system alone may create."""
    verdicts = {
        (item.system_id, item.company_id): env["interop.authority"]._verdicts(
            resource.model, item.system_id, item.company_id
        )
        for item in items
    }
    return {
        item.message_id: Refused(
            "authority.refused",
            "Another system owns these records",
            [{"pointer": "", "code": "authority.refused", "detail": "Created by their owner only."}],
            status=409,
        )
        for item in items
        if verdicts[item.system_id, item.company_id].create
    }


def decide(resource, env, changes: list[tuple[Item, dict]]) -> dict[int, InteropError]:
    """Note on each item what ownership rules do with its fields; return those that are refused.

    :param changes: items of existing records, and their values by the model's field names
    """
    failures = {}
    Authority, Model = env["interop.authority"], env[resource.model]
    if not Authority._rules(resource.model):
        return failures
    names = {info.source.owned or info.source.path: name for name, info in resource.fields().items()
             if hasattr(info.source, "path")}  # fmt: skip
    records = Model.browse([item.record_id for item, _vals in changes])
    company_field = "company_id" in Model._fields
    records.fetch([path for path in {p for _i, vals in changes for p in vals} if path in Model._fields])
    for (item, vals), record in zip(changes, records, strict=True):
        company_id = record.company_id.id if company_field else None
        owned = Authority._owned(resource.model, item.system_id, company_id)
        for path, value in sorted(vals.items()):
            if path in owned and differs(record, path, value):
                item.authority.append({"pointer": f"/{names.get(path, path)}", "decision": DECISIONS[owned[path]]})
        refused = [entry for entry in item.authority if entry["decision"] == "refused"]
        if refused:
            failures[item.message_id] = Refused(
                "authority.refused",
                "Another system owns these fields",
                [{"pointer": e["pointer"], "code": "authority.refused", "detail": "Owned by another system."}
                 for e in refused],
                status=409,
            )  # fmt: skip
    return failures
