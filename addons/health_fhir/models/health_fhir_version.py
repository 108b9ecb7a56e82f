from odoo import fields, models

METHODS = [
    ("create", "Created by FHIR"),
    ("update", "Updated by FHIR"),
    ("delete", "Deleted by FHIR"),
    ("change", "Changed by another road"),
]


class HealthFhirVersion(models.Model):
    """One version of a resource, as it was given: sealed, never changed.

    The column ``sealed`` holds raw bytes and is read by SQL only, so no ORM
    call, export or remote API can hand it out.
    """

    _name = "health.fhir.version"
    _description = "FHIR Resource Version"
    _log_access = False
    _rec_name = "number"
    _order = "resource_id, number desc"

    resource_id = fields.Many2one("health.fhir.resource", required=True, readonly=True, ondelete="cascade")
    number = fields.Integer("Version", required=True, readonly=True)
    method = fields.Selection(METHODS, "By", required=True, readonly=True)
    last_updated = fields.Datetime(required=True, readonly=True)
    message_id = fields.Many2one(
        "interop.message", "Message", readonly=True, ondelete="set null", index="btree_not_null"
    )
    key_id = fields.Char(required=True, readonly=True)

    _number_uniq = models.UniqueIndex("(resource_id, number)", "There is such a version already.")
    _key_idx = models.Index("(key_id, id)")

    def init(self):
        self.env.cr.execute("ALTER TABLE health_fhir_version ADD COLUMN IF NOT EXISTS sealed bytea")
        self.env.cr.execute("ALTER TABLE health_fhir_version ALTER COLUMN sealed SET STORAGE EXTERNAL")
