from odoo import api, fields, models


class HealthFhirResource(models.Model):
    """A FHIR resource that was received or given: its id, the record behind it and its version.

    Records that no FHIR client has seen yet have no row; their id is then made
    of the record's own (:meth:`health.fhir.mapper._own_id`). Kept types have a
    row and no record.
    """

    _name = "health.fhir.resource"
    _description = "FHIR Resource"
    _rec_name = "address"
    _order = "id desc"

    type = fields.Char("Resource Type", required=True, readonly=True)
    fhir_id = fields.Char("Logical ID", required=True, readonly=True)
    address = fields.Char(compute="_compute_address", search="_search_address")
    res_model = fields.Char("Object", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    account_id = fields.Many2one(
        "health.patient.account",
        "Patient",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Whom a kept resource is about",
    )
    version = fields.Integer(required=True, readonly=True, default=1, aggregator=None)
    deleted = fields.Boolean(readonly=True)
    last_updated = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    version_ids = fields.One2many("health.fhir.version", "resource_id", "Versions", readonly=True)

    _address_uniq = models.UniqueIndex("(type, fhir_id)", "There is such a resource already.")
    _record_uniq = models.UniqueIndex(
        "(res_model, res_id, type) WHERE res_id IS NOT NULL", "The record is another resource already."
    )
    _updated_idx = models.Index("(type, last_updated)")

    @api.depends("type", "fhir_id")
    def _compute_address(self):
        for resource in self:
            resource.address = f"{resource.type}/{resource.fhir_id}"

    def _search_address(self, operator, value):
        if operator not in ("=", "ilike", "like", "=like", "=ilike") or not isinstance(value, str):
            return NotImplemented
        kind, slash, fhir_id = value.rpartition("/")
        domain = [("fhir_id", operator, fhir_id)]
        return [("type", "=", kind), *domain] if slash else domain

    def action_open_record(self):
        """Open the record that stands behind the resource."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
