from odoo import api, fields, models


class InteropStat(models.Model):
    """Counters per interface and minute: rows are only inserted while draining, and rolled up later."""

    _name = "interop.stat"
    _description = "Interface Counters"
    _log_access = False
    _order = "at desc"

    interface_id = fields.Many2one("interop.interface", required=True, ondelete="cascade")
    at = fields.Datetime(required=True)
    done = fields.Integer()
    failed = fields.Integer()
    held = fields.Integer()
    milliseconds = fields.Float(help="Time spent processing")

    _interface_at = models.Index("(interface_id, at)")
    _at = models.Index("(at)")

    @api.autovacuum
    def _roll_up(self):
        """Sum minutes older than a day into hours, and forget hours after 400 days."""
        self.env.cr.execute(
            """WITH old AS (
                   DELETE FROM interop_stat
                    WHERE at < date_trunc('hour', now() AT TIME ZONE 'UTC') - interval '1 day'
                      AND at >= date_trunc('hour', now() AT TIME ZONE 'UTC') - interval '3 days'
                RETURNING interface_id, date_trunc('hour', at) AS at, done, failed, held, milliseconds)
               INSERT INTO interop_stat (interface_id, at, done, failed, held, milliseconds)
               SELECT interface_id, at, sum(done), sum(failed), sum(held), sum(milliseconds)
                 FROM old GROUP BY interface_id, at"""
        )
        self.env.cr.execute("DELETE FROM interop_stat WHERE at < now() AT TIME ZONE 'UTC' - interval '400 days'")
