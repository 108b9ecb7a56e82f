from odoo import api, fields, models, tools

# What is read of them while a message comes in; anything else costs a query as usual.
_AT_HAND = {
    "interop.interface": (
        "code",
        "system_id",
        "company_id",
        "lane_id",
        "direction",
        "handler",
        "state",
        "ordering",
        "max_body_bytes",
        "max_page",
        "max_bundle",
        "max_json_depth",
        "open_to_all",
        "account_rate",
    ),
    "interop.lane": ("parallelism",),
}


class InteropInterface(models.Model):
    _inherit = "interop.interface"

    direction = fields.Selection(selection_add=[("serve", "Served")], ondelete={"serve": "cascade"})
    open_to_all = fields.Boolean(
        string="Open to Every Account", help="Every valid account may use it; else those that name it"
    )
    account_rate = fields.Integer(
        string="Requests per Minute and Account", help="For accounts without a limit of their own; 0: no limit"
    )
    max_page = fields.Integer(string="Largest Page", default=500, required=True, help="Records in one answer")
    max_bundle = fields.Integer(
        string="Largest Bundle", default=500, required=True, help="Entries of one bundle or set that comes in"
    )
    max_json_depth = fields.Integer(string="Deepest JSON", default=64, required=True, help="Levels of a document")

    _quota_range = models.Constraint(
        "CHECK (max_page BETWEEN 1 AND 100000 AND max_bundle BETWEEN 1 AND 100000"
        " AND max_json_depth BETWEEN 2 AND 500 AND account_rate >= 0)",
        "Pages and bundles have 1 to 100,000 entries, documents 2 to 500 levels, and rates are not negative.",
    )

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
        return tuple((record._name, record.id, _cache_values(record)) for record in (interface, interface.lane_id))

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result


def _cache_values(record) -> dict:
    """The columns that the way in reads, as the ORM's cache holds them."""
    names = [name for name in _AT_HAND[record._name] if name in record._fields]
    record.invalidate_recordset(names)
    record.fetch(names)
    return {name: record._fields[name]._get_cache(record.env)[record.id] for name in names}
