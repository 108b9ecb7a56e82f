import json
from collections import defaultdict
from datetime import UTC
from decimal import Decimal

from odoo import api, models

from odoo.addons.health_core.bulk import insert_rows, next_ids, update_rows
from odoo.addons.interop_hub import keyring

from .. import overlay
from ..address import Change, Row, Served
from ..codec import jsonio

_COLUMNS = (
    "r.type, r.fhir_id, r.res_model, r.res_id, r.id, r.version, r.deleted, r.last_updated, r.company_id, r.account_id"
)


def instant(moment) -> str:
    """A naive UTC time as FHIR's instant, to the millisecond."""
    return moment.replace(tzinfo=UTC).isoformat(timespec="milliseconds")


class HealthFhirStore(models.AbstractModel):
    """Finding resources, giving them, and keeping their versions.

    Used with the environment of the caller: its record rules say what there
    is. In superuser mode everything is there.
    """

    _name = "health.fhir.store"
    _description = "FHIR Resource Store"

    # --- finding ---------------------------------------------------------------

    @api.model
    def _locate(self, addresses) -> dict[tuple[str, str], Row]:
        """The resources at these addresses, deleted ones included; what the caller may not see is missing.

        :param addresses: iterable of ``(type, id)``
        """
        addresses = set(addresses)
        if not addresses:
            return {}
        rows = {row.address: row for row in self._stored(addresses)}
        rows.update(self._unstored(addresses - rows.keys()))
        return self._visible(rows)

    def _stored(self, addresses) -> list[Row]:
        kinds, ids = (list(column) for column in zip(*addresses, strict=True))
        self.env["health.fhir.resource"].flush_model()
        self.env.cr.execute(
            f"""SELECT {_COLUMNS} FROM unnest(%s::text[], %s::text[]) AS k (type, id)
                  JOIN health_fhir_resource r ON r.type = k.type AND r.fhir_id = k.id""",
            [kinds, ids],
        )
        return [self._row(values) for values in self.env.cr.fetchall()]

    @staticmethod
    def _row(values) -> Row:
        kind, fhir_id, model, res_id, *rest = values
        return Row(kind, fhir_id, model or "", res_id or 0, *rest)

    def _unstored(self, addresses) -> dict[tuple[str, str], Row]:
        """Resources of records that have no row yet, by the ids that we make ourselves."""
        mapper = self.env["health.fhir.mapper"]
        found = {}
        for kind, fhir_id in addresses:
            record = mapper._of_own_id(kind, fhir_id)
            if record:
                found[kind, fhir_id] = Row(kind, fhir_id, *record)
        if found:
            known = self._rows_of([(row.type, row.model, row.res_id) for row in found.values()])
            found = {at: row for at, row in found.items() if (row.type, row.model, row.res_id) not in known}
        return found

    @api.model
    def _rows_of(self, records) -> dict[tuple[str, str, int], Row]:
        """The stored rows of records: ``{(type, model, record id): row}``."""
        records = set(records)
        if not records:
            return {}
        kinds, names, ids = (list(column) for column in zip(*records, strict=True))
        self.env["health.fhir.resource"].flush_model()
        self.env.cr.execute(
            f"""SELECT {_COLUMNS} FROM unnest(%s::text[], %s::text[], %s::int[]) AS k (type, model, id)
                  JOIN health_fhir_resource r
                       ON r.res_model = k.model AND r.res_id = k.id AND r.type = k.type AND r.res_id IS NOT NULL""",
            [kinds, names, ids],
        )
        return {(row.type, row.model, row.res_id): row for row in map(self._row, self.env.cr.fetchall())}

    @api.model
    def _of_records(self, kind: str, records) -> list[Row]:
        """The resources of records that the caller may see, in their order."""
        known = self._rows_of((kind, records._name, res_id) for res_id in records.ids)
        prefixes = self.env["health.fhir.mapper"]._prefixes()
        return [
            known.get((kind, records._name, res_id))
            or Row(kind, f"{prefixes[kind, records._name]}{res_id}", records._name, res_id)
            for res_id in records.ids
        ]

    def _visible(self, rows: dict) -> dict:
        """Leave out what the caller's record rules hide; mark as deleted what is gone."""
        by_model = defaultdict(set)
        for row in rows.values():
            if row.model:
                by_model[row.type, row.model].add(row.res_id)
        seen = {}
        for (kind, model), ids in by_model.items():
            domain = [("id", "in", list(ids)), *self._source_domain(kind, model)]
            seen[kind, model] = set(self.env[model].with_context(active_test=False)._search(domain))
        kept = {row.id for row in rows.values() if not row.model}
        if kept and not self.env.su:
            kept = set(self.env["health.fhir.resource"]._search([("id", "in", list(kept))]))
        found = {}
        for at, row in rows.items():
            if not row.model:
                if row.id in kept:
                    found[at] = row
            elif row.res_id in seen[row.type, row.model]:
                found[at] = row
            elif row.id and self._gone(row):
                row.deleted = True
                found[at] = row
        return found

    def _source_domain(self, kind, model):
        for source in self.env["health.fhir.mapper"]._of(kind)._fhir_sources:
            if source.model == model:
                return list(source.domain)
        return []

    def _gone(self, row: Row) -> bool:
        """Whether the record behind a resource was removed, in a company of the caller's."""
        if not self.env.su and row.company_id and row.company_id not in self.env.companies.ids:
            return False
        return not self.env[row.model].sudo().browse(row.res_id).exists()

    # --- giving ----------------------------------------------------------------

    @api.model
    def _present(self, rows) -> dict[tuple[str, str], Served]:
        """The resources as they are now; what changed by another road, or is given first, gets its version.

        :param rows: :class:`Row` objects that are not deleted
        """
        store = self.sudo()
        rows = list({row.address: row for row in rows}.values())
        rendered = store._render_rows(rows)
        bodies = store._bodies([(row.id, row.version) for row in rows if row.id])
        served, changes = {}, []
        for row in rows:
            body, then = bodies.get((row.id, row.version), ({}, {}))
            now = {}
            if row.model:
                resource = rendered.get((row.type, row.model, row.res_id))
                if resource is None:  # removed meanwhile
                    continue
                now = overlay.prints(resource)
                if row.id and row.version:
                    body, changed = overlay.merge(resource, now, body, then)
                else:
                    body, changed = resource, True
                if changed or (row.id and now != then):
                    changes.append(Change(row, "change", body, now, None, store._changed_at(row)))
            served[row.address] = (row, body)
        store._keep(changes)
        return {at: Served(row, store._finish(row, body)) for at, (row, body) in served.items()}

    def _changed_at(self, row: Row):
        """When another road changed a record: its own time, unless that was told already. Nothing is read here."""
        record = self.env[row.model].browse(row.res_id)
        if "company_id" in record._fields:
            row.company_id = record.company_id.id or None
        moment = record.write_date
        return moment if moment and (not row.last_updated or moment > row.last_updated) else self.env.cr.now()

    def _render_rows(self, rows) -> dict[tuple[str, str, int], dict]:
        by_source = defaultdict(list)
        for row in rows:
            if row.model:
                by_source[row.type, row.model].append(row.res_id)
        found = {}
        for (kind, model), ids in by_source.items():
            mapper = self.env["health.fhir.mapper"]._of(kind)
            records = self.env[model].with_context(active_test=False).browse(ids)
            for res_id, resource in mapper._render(records).items():
                found[kind, model, res_id] = resource
        return found

    @staticmethod
    def _finish(row: Row, body: dict) -> dict:
        """A body with id and meta."""
        meta = {name: value for name, value in body.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
        rest = {name: value for name, value in body.items() if name not in ("resourceType", "id", "meta")}
        return {
            "resourceType": row.type,
            "id": row.fhir_id,
            "meta": {"versionId": str(row.version), "lastUpdated": instant(row.last_updated), **meta},
            **rest,
        }

    # --- versions --------------------------------------------------------------

    def _bodies(self, keys) -> dict[tuple[int, int], tuple[dict, dict]]:
        """Opened versions: ``{(row id, number): (body, fingerprints)}``."""
        keys = [key for key in keys if key[0] and key[1]]
        if not keys:
            return {}
        ids, numbers = (list(column) for column in zip(*keys, strict=True))
        self.env.cr.execute(
            """SELECT v.resource_id, v.number, v.key_id, v.sealed
                 FROM unnest(%s::int[], %s::int[]) AS k (id, number)
                 JOIN health_fhir_version v ON v.resource_id = k.id AND v.number = k.number""",
            [ids, numbers],
        )
        ring = keyring.ring()
        found = {}
        for resource_id, number, key_id, sealed in self.env.cr.fetchall():
            plain = ring.decrypt(key_id, sealed, f"{resource_id}:{number}".encode())
            content = json.loads(plain, parse_float=Decimal)
            found[resource_id, number] = content["resource"], content["prints"]
        return found

    def _keep(self, changes: list[Change]) -> None:
        """Write versions; the rows of new resources too. Sets id, version and time of the changes' rows.

        :raises psycopg2.errors.SerializationFailure: another transaction wrote the same resource
        """
        if not changes:
            return
        cr, ring = self.env.cr, keyring.ring()
        now = cr.now()
        for change in changes:
            change.row.last_updated = change.at or now
        created = set(self._open([change.row for change in changes]))
        for change in changes:
            row = change.row
            if row.fresh:
                row.fresh = False
                created.add(row.id)
            else:
                row.version += 1
            row.deleted = change.method == "delete"
        update_rows(
            cr,
            "health_fhir_resource",
            {
                "version": "int",
                "deleted": "boolean",
                "last_updated": "timestamp",
                "res_model": "varchar",
                "res_id": "int",
                "company_id": "int",
                "account_id": "int",
            },
            [
                (
                    row.id, row.version, row.deleted, row.last_updated, row.model or None, row.res_id or None,
                    row.company_id, row.account_id,
                )
                for row in (change.row for change in changes if change.row.id not in created)
            ],
        )  # fmt: skip
        insert_rows(
            cr,
            "health_fhir_version",
            ("resource_id", "number", "method", "last_updated", "message_id", "key_id", "sealed"),
            [
                (
                    change.row.id,
                    change.row.version,
                    change.method,
                    change.row.last_updated,
                    change.message_id,
                    *ring.encrypt(
                        jsonio.dump({"resource": change.body, "prints": change.prints}),
                        f"{change.row.id}:{change.row.version}".encode(),
                    ),
                )
                for change in changes
            ],
        )
        self.env["health.fhir.resource"].invalidate_model()
        self.env["health.fhir.version"].invalidate_model()

    def _open(self, rows) -> list[int]:
        """Insert the rows of new resources, at their first version, so that others can refer to them."""
        cr, now = self.env.cr, self.env.cr.now()
        self.env["health.fhir.resource"].flush_model()
        new = [row for row in rows if row.id is None]
        for row, row_id in zip(new, next_ids(cr, "health_fhir_resource", len(new)), strict=True):
            row.id, row.version, row.fresh = row_id, 1, True
            row.last_updated = row.last_updated or now
        insert_rows(
            cr,
            "health_fhir_resource",
            (
                "id", "type", "fhir_id", "res_model", "res_id", "company_id", "account_id", "version", "deleted",
                "last_updated", "create_uid", "create_date", "write_uid", "write_date",
            ),
            [
                (
                    row.id, row.type, row.fhir_id, row.model or None, row.res_id or None, row.company_id,
                    row.account_id, row.version, False, row.last_updated, self.env.uid, now, self.env.uid, now,
                )
                for row in new
            ],
        )  # fmt: skip
        return [row.id for row in new]

    @api.model
    def _versions(self, row: Row, limit: int, since=None, before: int = 0) -> list[tuple]:
        """``(number, method, last updated)`` of a resource's versions, newest first."""
        self.env.cr.execute(
            """SELECT number, method, last_updated FROM health_fhir_version
                WHERE resource_id = %s AND (%s::timestamp IS NULL OR last_updated >= %s) AND (%s = 0 OR number < %s)
             ORDER BY number DESC LIMIT %s""",
            [row.id, since, since, before, before, limit],
        )
        return self.env.cr.fetchall()

    @api.model
    def _version(self, row: Row, number: int) -> tuple[Row, dict, str] | None:
        """One version: its address, the resource (empty when deleted), and the method; ``None`` when unknown."""
        found = self._some_versions(row, [number])
        return found[0] if found else None

    @api.model
    def _some_versions(self, row: Row, numbers) -> list[tuple[Row, dict, str]]:
        """Versions as :meth:`_version` gives one, newest first."""
        if not row.id:
            return []
        self.env.cr.execute(
            """SELECT number, method, last_updated FROM health_fhir_version
                WHERE resource_id = %s AND number = ANY(%s) ORDER BY number DESC""",
            [row.id, list(numbers)],
        )
        rows = self.env.cr.fetchall()
        bodies = self.sudo()._bodies([(row.id, number) for number, _method, _at in rows])
        found = []
        for number, method, at in rows:
            then = Row(row.type, row.fhir_id, row.model, row.res_id, row.id, number, method == "delete", at)
            found.append((then, {} if method == "delete" else self._finish(then, bodies[row.id, number][0]), method))
        return found
