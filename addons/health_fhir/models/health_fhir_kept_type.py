from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..codec.definitions import resource_types


class HealthFhirKeptType(models.Model):
    """A resource type that is kept as records of its own, although no object of the suite stands behind it.

    So a bundle of a clinical system loads whole: nothing is dropped in silence.
    Types that are off are refused, and are not in the capability statement.
    """

    _name = "health.fhir.kept.type"
    _inherit = ["interop.cached.mixin"]
    _description = "Kept FHIR Type"
    _order = "name"

    name = fields.Char("Resource Type", required=True)
    active = fields.Boolean("Kept", default=True)
    note = fields.Char()
    resource_count = fields.Integer("Resources", compute="_compute_resource_count")

    _name_uniq = models.UniqueIndex("(name)", "This type is in the list already.")

    def _compute_resource_count(self):
        counts = dict(
            self.env["health.fhir.resource"]
            .sudo()
            ._read_group([("type", "in", self.mapped("name")), ("deleted", "=", False)], ["type"], ["__count"])
        )
        for kept in self:
            kept.resource_count = counts.get(kept.name, 0)

    @api.constrains("name")
    def _check_name(self):
        for kept in self:
            if kept.name not in resource_types() or kept.name in ("Bundle", "OperationOutcome", "Parameters"):
                raise ValidationError(self.env._("%s is no R4 resource type that can be kept.", kept.name))
            if kept.name in self.env["health.fhir.mapper"]._mapped():
                raise ValidationError(self.env._("%s has objects of its own; it need not be kept.", kept.name))

    @api.model
    @tools.ormcache()
    def _names(self) -> frozenset[str]:
        """The types that are kept now and have no mapper."""
        return frozenset(self.sudo().search([]).mapped("name"))
