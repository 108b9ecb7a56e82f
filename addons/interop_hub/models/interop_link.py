from odoo import api, fields, models


class InteropLink(models.Model):
    """The trail from a message to the records that it created or changed."""

    _name = "interop.link"
    _description = "Message Link"
    _log_access = False
    _order = "id"

    message_id = fields.Many2one("interop.message", required=True, ondelete="cascade", index=True)
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)

    _record = models.Index("(res_model, res_id, message_id)")

    @api.model
    def _add(self, rows: list[tuple[int, str, int]]) -> None:
        """Remember (message id, model, record id), in one statement; repetitions within ``rows`` count once."""
        rows = list(dict.fromkeys(rows))
        if rows:
            self.env.cr.execute_values(
                "INSERT INTO interop_link (message_id, res_model, res_id) VALUES %s", rows, page_size=len(rows)
            )

    @api.model
    def _messages(self, records):
        """The messages that touched ``records``, newest first."""
        self.env.cr.execute(
            "SELECT DISTINCT message_id FROM interop_link WHERE res_model = %s AND res_id = ANY(%s)"
            " ORDER BY message_id DESC",
            [records._name, records.ids],
        )
        return self.env["interop.message"].browse([row[0] for row in self.env.cr.fetchall()])
