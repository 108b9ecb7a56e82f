from odoo import models

from ..emission import Happened


class InteropMappingMixin(models.AbstractModel):
    _inherit = "interop.mapping.mixin"

    def _on_approved(self):
        result = super()._on_approved()
        self.env["interop.event"].sudo()._emit(
            [
                Happened(
                    "mapping.approved",
                    (mapping._name, mapping.id),
                    mapping.company_id.id,
                    attributes={"model": mapping._name, "code": mapping.code, "version": mapping.version},
                )
                for mapping in self
            ]
        )
        return result
