import uuid
from collections import defaultdict

from psycopg2.errors import SerializationFailure

from odoo import api, models

from odoo.addons.health_core.canonical import Entry
from odoo.addons.interop_hub import keyring
from odoo.addons.interop_hub.exceptions import NeedsPerson, SetFailed

from .. import overlay
from ..address import Change, Row
from ..codec import links, reference
from ..codec.issues import FhirError, Issue, error
from ..errors import check_pairs
from ..work import Operation, Work

_WRITES = {"create": "create", "update": "update", "delete": "delete"}
#: Context key: the intake also knows facilities by our own ids, see ``health_intake.py``.
SITES = "health_fhir_sites"


class HealthFhirEngine(models.AbstractModel):
    """Applies the writes of a transaction as one set.

    Resolve who is meant, rewrite links, write master data, apply all canonical
    commands in one call of the intake, find the records, keep the versions.
    The number of queries depends on the types in the bundle, not on its entries.
    """

    _name = "health.fhir.engine"
    _description = "FHIR Transaction Engine"

    @api.model
    def _apply(self, work: Work, entries) -> list[Operation]:
        """Do the writes of one message in the current transaction.

        :param entries: :class:`~..codec.bundle.Entry` in the order in which they take effect
        :return: the operations, in the order of ``entries``
        :raises FhirError: when the whole is refused; the caller rolls back
        :raises SetFailed: from the intake, when a person must decide
        """
        work.operations = [self._operation(entry) for entry in entries if entry.interaction in _WRITES]
        self._resolve_conditions(work)
        self._resolve_addresses(work)
        self._resolve_business_keys(work)
        self._assign_ids(work)
        self._link(work)
        self._check_preconditions(work)
        self._delete(work)
        self._write(work)
        self._keep(work)
        return work.operations

    def _operation(self, entry) -> Operation:
        mapper = self.env["health.fhir.mapper"]._of(entry.type)
        if mapper is None or entry.interaction not in mapper._fhir_interactions:
            raise FhirError(
                error("not-supported", f"{entry.path}.request", "This type does not offer this interaction here."),
                405 if mapper is not None else 404,
            )
        return Operation(entry, entry.interaction, entry.type, entry.resource or {}, entry.id)

    # --- who is meant -------------------------------------------------------------

    def _resolve_conditions(self, work: Work) -> None:
        """Conditional creates, updates and deletes: find their one resource."""
        for op in work.operations:
            entry = op.entry
            if entry.if_none_exist is not None:
                found = self._matches(work, op, entry.if_none_exist, "ifNoneExist")
                if found:
                    op.row, op.fhir_id, op.idle, op.status = found[0], found[0].fhir_id, True, 200
            elif op.method in ("update", "delete") and not entry.id:
                found = self._matches(work, op, entry.query, "url")
                named = op.resource.get("id", "")
                if found:
                    if named and named != found[0].fhir_id:
                        raise op.refuse(400, "value", "id", "The id is not that of the resource that was found.")
                    op.fhir_id = found[0].fhir_id
                elif op.method == "delete":
                    op.idle, op.status = True, 204
                elif named:
                    op.fhir_id = named
                else:
                    op.method = "create"

    def _matches(self, work, op, pairs, where):
        check_pairs(pairs)
        rows = work.reader.env["health.fhir.search"]._match(op.type, pairs, 2)
        if len(rows) > 1:
            raise FhirError(
                error("multiple-matches", f"{op.entry.path}.request.{where}", "More than one resource matches."), 412
            )
        return rows

    def _resolve_addresses(self, work: Work) -> None:
        """Find the resources that are named by id, and those that the resources refer to."""
        wanted = {(op.type, op.fhir_id) for op in work.operations if op.fhir_id}
        for op in work.operations:
            for text in links.references(op.resource):
                if address := work.address(text):
                    wanted.add(address)
        work.refs = work.reader._locate(wanted)
        for op in work.operations:
            if op.fhir_id and not op.row:
                op.row = work.refs.get((op.type, op.fhir_id))
        self._refuse_foreign(work)

    def _refuse_foreign(self, work: Work) -> None:
        """A client's id may not be one that exists out of its sight, nor one of the form that we give."""
        new = [op for op in work.operations if op.fhir_id and not op.row and op.method == "update"]
        hidden = work.env["health.fhir.store"]._locate((op.type, op.fhir_id) for op in new)
        for op in new:
            if (op.type, op.fhir_id) in hidden or self.env["health.fhir.mapper"]._of_own_id(op.type, op.fhir_id):
                raise op.refuse(404, "not-found", "id", "There is no such resource, and this id cannot be chosen.")
        for op in work.operations:
            if op.method == "delete" and not op.row and not op.idle:
                raise op.refuse(404, "not-found", "", "There is no such resource.")

    def _resolve_business_keys(self, work: Work) -> None:
        """A create of what is there already is an update of that: the same visit number is the same visit."""
        for mapper, ops in self._by_mapper(work, lambda op: op.method != "delete" and not op.idle):
            new = [op for op in ops if op.row is None]
            found = mapper._find(work, ops) if new else {}
            if not found:
                continue
            rows = work.env["health.fhir.store"]._rows_of((ops[0].type, *record) for record in found.values())
            taken: dict[tuple, Operation] = {}
            for op in new:
                record = found.get(op.index)
                if not record:
                    continue
                if record in taken:
                    raise op.refuse(400, "duplicate", "identifier", "Another entry is about the same record.")
                taken[record] = op
                self._meet(work, op, record, rows.get((op.type, *record)))

    def _meet(self, work: Work, op: Operation, record, row: Row | None) -> None:
        """A create or update-as-create met a record that exists."""
        own = Row(op.type, f"{self.env['health.fhir.mapper']._prefixes()[op.type, record[0]]}{record[1]}", *record)
        if not work.reader._visible({own.address: own}):
            raise SetFailed({work.message_id: self._look(work, op)})
        if row is None and op.method == "update":
            op.record = record  # the client names a record that nobody named yet
        elif row is not None and op.method == "update" and not row.deleted:
            raise op.refuse(409, "conflict", "id", f"The record is {row.reference} here.")
        else:
            op.row = row or own
            op.fhir_id = op.row.fhir_id
            op.status = 201 if op.row.deleted else 200

    def _look(self, work: Work, op: Operation) -> NeedsPerson:
        """The business key is that of a record which the sender may not see: neither told nor overwritten."""
        return NeedsPerson(
            "fhir.hidden",
            "The identifiers must be looked at by a person",
            f"{op.type}.identifier",
            exception_type="identifier_conflict",
            exception_key=f"fhir:{keyring.ring().digest(f'{work.message_id}')}",
        )

    def _assign_ids(self, work: Work) -> None:
        for op in work.operations:
            if not op.fhir_id:
                op.fhir_id = str(uuid.uuid4())
            if not op.status:
                created = op.row is None or op.row.deleted
                op.status = {"delete": 204}.get(op.method, 201 if created else 200)
        work.index_operations()

    # --- links --------------------------------------------------------------------

    def _link(self, work: Work) -> None:
        """Replace temporary identities and conditional references everywhere."""
        mapping = {
            op.entry.full_url: f"{op.type}/{op.fhir_id}"
            for op in work.operations
            if op.entry.full_url and op.method != "delete"
        }
        conditions = {text for op in work.operations for text in links.conditionals(op.resource)}
        if not mapping and not conditions:
            return
        for text in sorted(conditions):
            mapping[text] = self._condition(work, text)
        for op in work.operations:
            if op.resource:
                op.resource = links.rewrite(op.resource, mapping, op.entry.base)
        found = {tuple(link.split("/", 1)) for link in mapping.values()} - work.refs.keys()
        work.refs.update(work.reader._locate(found))

    def _condition(self, work: Work, text: str) -> str:
        literal = reference.parse(text)
        pairs = self.env["health.fhir.search"]._pairs(literal.query)
        check_pairs(pairs)
        rows = work.reader.env["health.fhir.search"]._match(literal.type, pairs, 2)
        if len(rows) != 1:
            what = "More than one resource matches" if rows else "No resource matches"
            raise FhirError(
                error("multiple-matches" if rows else "not-found", "Bundle.entry", f"{what} a conditional reference."),
                412,
            )
        return rows[0].reference

    # --- preconditions ---------------------------------------------------------------

    def _check_preconditions(self, work: Work) -> None:
        """``If-Match`` and ``If-None-Match`` against what is there now."""
        present = [op for op in work.operations if op.row and not op.row.deleted and not op.idle]
        served = work.reader._present([op.row for op in present])
        for op in present:
            op.before = served.get(op.row.address)
        for op in work.operations:
            row = op.row
            # What was deleted may be written again: its record is still there, unless somebody removed it.
            if (
                row
                and row.model
                and op.record is None
                and (op.before or work.env[row.model].browse(row.res_id).exists())
            ):
                op.record = (row.model, row.res_id)
            entry = op.entry
            there = op.before is not None
            if entry.if_match and (not there or entry.if_match != str(op.row.version)):
                raise FhirError(
                    error("conflict", "http.If-Match", "The resource has another version by now; read it again."), 412
                )
            if there and entry.if_none_match in ("*", f'W/"{op.row.version}"') and op.method != "create":
                raise FhirError(error("conflict", "http.If-None-Match", "The resource exists already."), 412)

    # --- writing --------------------------------------------------------------------

    def _by_mapper(self, work: Work, condition):
        groups = defaultdict(list)
        for op in work.operations:
            if condition(op):
                groups[op.type].append(op)
        mappers = self.env["health.fhir.mapper"]
        pairs = [(mappers._of(kind).with_env(work.env), ops) for kind, ops in groups.items()]
        return sorted(pairs, key=lambda pair: (pair[0]._fhir_stage, pair[1][0].type))

    def _delete(self, work: Work) -> None:
        deletes = self._by_mapper(work, lambda op: op.method == "delete" and not op.idle)
        for mapper, ops in reversed(deletes):
            for op in ops:
                op.idle = bool(op.row and op.row.deleted)
            mapper._delete(work, [op for op in ops if not op.idle])

    def _write(self, work: Work) -> None:
        written = self._by_mapper(work, lambda op: op.method != "delete" and not op.idle)
        for mapper, ops in written:
            mapper._prepare(work, ops)
        if work.commands:
            interface = work.interface
            entry = Entry(work.message_id, work.system_id, interface.id, interface.company_id.id, work.commands)
            work.env["health.intake"].with_context(**{SITES: True})._apply([entry])
        for mapper, ops in written:
            mapper._complete(work, ops)

    # --- what remains of it -------------------------------------------------------------

    def _keep(self, work: Work) -> None:
        """Write the versions: what was received, completed by what the records say."""
        written = [op for op in work.operations if not op.idle]
        accounts = self._accounts(work, written)
        for op in written:
            if op.row is None:
                op.row = Row(op.type, op.fhir_id)
            if op.record:
                op.row.model, op.row.res_id = op.record
            op.row.company_id = op.row.company_id or work.interface.company_id.id
            op.row.account_id = accounts.get(op.index) or op.row.account_id
        self._refuse_taken(written)
        store = work.env["health.fhir.store"]
        work.env.flush_all()
        store._open([op.row for op in written])
        rendered = store._render_rows([op.row for op in written if op.method != "delete"])
        changes = [self._change(work, op, rendered) for op in written]
        store._keep(changes)
        self.env["interop.link"]._add(
            [(work.message_id, op.row.model, op.row.res_id) for op in written if op.row.model]
            + [(work.message_id, "health.fhir.resource", op.row.id) for op in written if not op.row.model]
        )

    def _change(self, work: Work, op: Operation, rendered) -> Change:
        if op.method == "delete":
            return Change(op.row, "delete", {}, {}, work.message_id)
        body = {name: value for name, value in op.resource.items() if name not in ("resourceType", "id")}
        now = {}
        resource = rendered.get((op.type, op.row.model, op.row.res_id)) if op.row.model else None
        if op.row.model and resource is None:
            raise SerializationFailure("the record was removed meanwhile")
        if resource is not None:
            now = overlay.prints(resource)
            stale = self._overruled(work, op)
            if stale:
                body, _changed = overlay.merge(resource, now, body, now, stale)
            if op.before:
                body = overlay.fill(resource, body, op.before.resource)
        method = "create" if op.row.fresh or op.row.deleted else "update"
        return Change(op.row, method, body, now, work.message_id)

    def _overruled(self, work: Work, op: Operation) -> list[str]:
        """Elements that the record did not take up, as another system owns them."""
        if not op.wanted or not op.record:
            return []
        record = work.env[op.record[0]].browse(op.record[1])
        stale = []
        for element, columns in op.wanted.items():
            for column, value in columns.items():
                present = record[column]
                present = present.id if isinstance(present, models.BaseModel) else present
                if (present or None) != (value or None):
                    stale.append(element)
                    op.issues.append(
                        Issue(
                            "warning",
                            "business-rule",
                            op.path(element),
                            "Another system owns this; its value stays.",
                        )
                    )
                    break
        return stale

    def _refuse_taken(self, ops) -> None:
        """One record is one resource of a type."""
        taken = self.env["health.fhir.store"]._rows_of(
            (op.type, op.row.model, op.row.res_id) for op in ops if op.row.model and op.row.id is None
        )
        for op in ops:
            other = taken.get((op.type, op.row.model, op.row.res_id)) if op.row.id is None else None
            if other and other.fhir_id != op.fhir_id:
                raise op.refuse(409, "conflict", "id", f"The record is {other.reference} here.")

    def _accounts(self, work: Work, ops) -> dict[int, int]:
        """The patients that kept resources are about."""
        found = {}
        for op in ops:
            subject = self.env["health.fhir.mapper"]._of(op.type)._subject(op.resource) if op.resource else ""
            if subject:
                found[op.index] = work.record({"reference": subject}, "Patient")
        return found
