from odoo import api, models


class InteropCachedMixin(models.AbstractModel):
    """Records that every process keeps at hand: a change to them empties the caches of all processes.

    For small tables of settings that are read with each request. Processes look for
    emptied caches at the start of every request.
    """

    _name = "interop.cached.mixin"
    _description = "Settings Kept at Hand"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
