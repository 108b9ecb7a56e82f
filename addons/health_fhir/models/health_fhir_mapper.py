from odoo import api, models, tools

from ..address import Refs, Source

READING = frozenset({"read", "vread", "history-instance", "search-type"})
WRITING = frozenset({"create", "update"})


class HealthFhirMapper(models.AbstractModel):
    """What one resource type is in the suite: the one file that a type needs.

    A mapper inherits this under a name of its own and sets the attributes
    below. Everything else (routing, capability statement, search, versions,
    transactions) goes by the list of mappers that the database has.
    """

    _name = "health.fhir.mapper"
    _description = "FHIR Mapper"

    #: The resource type.
    _fhir_type = ""
    #: Where its records are; the first is what a client creates.
    _fhir_sources: tuple[Source, ...] = ()
    #: What works, in the words of the capability statement.
    _fhir_interactions = READING
    #: Order of writing: those that others refer to first.
    _fhir_stage = 50

    # --- the list -------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _mapped(self) -> dict[str, str]:
        """``{resource type: name of its mapper}``."""
        return {model._fhir_type: name for name, model in self.env.registry.items() if getattr(model, "_fhir_type", "")}

    @api.model
    def _served(self) -> list[str]:
        """All types that this server knows now, kept ones included, by name."""
        return sorted({*self._mapped(), *self.env["health.fhir.kept.type"]._names()})

    @api.model
    def _of(self, kind: str):
        """The mapper of a type, ``None`` when the server does not know it."""
        name = self._mapped().get(kind)
        if name:
            return self.env[name]
        if kind in self.env["health.fhir.kept.type"]._names():
            return self.env["health.fhir.kept"]
        return None

    @api.model
    @tools.ormcache()
    def _prefixes(self) -> dict[tuple[str, str], str]:
        """``{(type, model): beginning of own ids}``."""
        return {
            (kind, source.model): source.prefix
            for kind, name in self._mapped().items()
            for source in self.env[name]._fhir_sources
        }

    @api.model
    def _of_own_id(self, kind: str, fhir_id: str) -> tuple[str, int] | None:
        """``(model, record id)`` when the id has the form that we give ourselves."""
        mapper = self._of(kind)
        for source in mapper._fhir_sources if mapper is not None else ():
            number = fhir_id.removeprefix(source.prefix)
            if number != fhir_id and number.isascii() and number.isdigit() and number[0] != "0" and len(number) < 10:
                return source.model, int(number)
        return None

    @api.model
    def _refs(self, wanted) -> Refs:
        """What is needed to refer to records.

        :param wanted: iterable of ``(type, records)``
        """
        rows = [(kind, records._name, res_id) for kind, records in wanted for res_id in records.ids]
        ids = {}
        if rows:
            kinds, names, numbers = (list(column) for column in zip(*set(rows), strict=True))
            self.env["health.fhir.resource"].flush_model(["type", "fhir_id", "res_model", "res_id"])
            self.env.cr.execute(
                """SELECT r.type, r.res_model, r.res_id, r.fhir_id
                     FROM unnest(%s::text[], %s::text[], %s::int[]) AS k (type, model, id)
                     JOIN health_fhir_resource r
                          ON r.res_model = k.model AND r.res_id = k.id AND r.type = k.type AND r.res_id IS NOT NULL""",
                [kinds, names, numbers],
            )
            ids = {tuple(row[:3]): row[3] for row in self.env.cr.fetchall()}
        return Refs(ids, self._prefixes())

    # --- what a mapper says -----------------------------------------------------

    @api.model
    def _render(self, records) -> dict[int, dict]:
        """The records as resources without id and meta, ``{record id: resource}``; few queries for many.

        :param records: of one of the type's models, in superuser mode
        """
        raise NotImplementedError

    @api.model
    def _find(self, work, ops) -> dict[int, tuple[str, int]]:
        """Records that creates are about already, by business key: ``{op.index: (model, record id)}``."""
        return {}

    @api.model
    def _prepare(self, work, ops) -> None:
        """Write master data, or add canonical commands to ``work``; set ``op.record`` where it is known."""
        raise NotImplementedError

    @api.model
    def _complete(self, work, ops) -> None:
        """After the commands were applied: find the records (``op.record``) and write what has no command."""

    @api.model
    def _delete(self, work, ops) -> None:
        """Do what a deletion means for the records; the resource is marked by the caller."""
        raise NotImplementedError

    @api.model
    def _subject(self, resource: dict) -> str:
        """The reference to the patient that a kept resource is about, or ``""``."""
        return ""
