from odoo import api, models, tools


class InteropInterface(models.Model):
    _inherit = "interop.interface"

    @api.model
    def _at_the_door(self, code: str):
        """Like :meth:`_by_code`, with the settings of interface and lane already at hand: no query.

        They are kept per process as access rules are: a change clears the caches of all
        processes, which look for that at the start of every request.
        """
        settings = self._door_settings(code)
        if not settings:
            return self.browse()
        interface, lane = (self.env[model].browse(record_id) for model, record_id, _values in settings)
        for records, (_model, _id, values) in zip((interface, lane), settings, strict=True):
            for name, value in values.items():
                records._fields[name]._insert_cache(records, [value])
        return interface

    @api.model
    @tools.ormcache("code")
    def _door_settings(self, code: str) -> tuple | None:
        """``(model, id, cache values)`` of the interface and of its lane."""
        interface = self.sudo()._by_code(code)
        if not interface:
            return None
        return tuple(
            (record._name, record.id, self._cache_values(record, names))
            for record, names in ((interface, self._door_fields()), (interface.lane_id, ["parallelism"]))
        )

    @api.model
    def _door_fields(self) -> list[str]:
        """Columns that are read while a message comes in; anything else costs a query as usual."""
        return [
            "code",
            "system_id",
            "company_id",
            "lane_id",
            "direction",
            "handler",
            "state",
            "ordering",
            "max_body_bytes",
        ]

    @api.model
    def _cache_values(self, record, names: list[str]) -> dict:
        """Columns as the ORM's cache holds them."""
        record.invalidate_recordset(names)
        record.fetch(names)
        return {name: record._fields[name]._get_cache(record.env)[record.id] for name in names}
