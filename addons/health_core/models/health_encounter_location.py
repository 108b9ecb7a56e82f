from odoo import api, fields, models, tools


class HealthEncounterLocation(models.Model):
    """Where a visit was, from when to when; a row starts only when the point of care changes."""

    _name = "health.encounter.location"
    _description = "Encounter Location"
    _rec_name = "label"
    _order = "encounter_id, id"

    encounter_id = fields.Many2one("health.encounter", required=True, index=True, ondelete="cascade")
    system_id = fields.Many2one("interop.system", "Source System", ondelete="restrict")
    unit = fields.Char("Source Unit Code")
    label = fields.Char("Point of Care", required=True)
    location_id = fields.Many2one("health.location", index="btree_not_null", ondelete="restrict")
    from_at = fields.Datetime("From", required=True)
    to_at = fields.Datetime("To")

    _unmapped_idx = models.Index("(system_id, unit) WHERE location_id IS NULL")

    @api.model
    def _heal(self, mappings):
        """Give the rows that waited for newly approved unit codes their location, and their encounters.

        :param mappings: approved health.location.mapping records
        """
        rows = [
            (mapping.system_id.id, mapping.code, mapping.location_id.id) for mapping in mappings if mapping.location_id
        ]
        if not rows:
            return
        self.flush_model()
        self.env["health.encounter"].flush_model()
        systems, codes, locations = (list(column) for column in zip(*rows, strict=True))
        self.env.cr.execute(
            tools.SQL(
                """
                WITH healed AS (
                    UPDATE health_encounter_location row
                       SET location_id = mapped.location_id, write_date = %(now)s, write_uid = %(uid)s
                      FROM unnest(%(systems)s::int[], %(codes)s::text[], %(locations)s::int[])
                           AS mapped (system_id, code, location_id)
                     WHERE row.location_id IS NULL AND row.system_id = mapped.system_id AND row.unit = mapped.code
                 RETURNING row.encounter_id, row.label, row.location_id
                )
                UPDATE health_encounter encounter
                   SET location_id = healed.location_id, write_date = %(now)s, write_uid = %(uid)s
                  FROM healed
                 WHERE encounter.id = healed.encounter_id
                   AND encounter.location_id IS NULL
                   AND encounter.location_label = healed.label
                """,
                systems=systems,
                codes=codes,
                locations=locations,
                now=self.env.cr.now(),
                uid=self.env.uid,
            )
        )
        self.invalidate_model(["location_id"])
        self.env["health.encounter"].invalidate_model(["location_id"])
