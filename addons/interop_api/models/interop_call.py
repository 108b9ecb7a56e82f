from odoo import api, fields, models

from .. import calllog

KEEP_DAYS = 30
SWEEP = 50_000


class InteropCall(models.Model):
    """One request to the partner API: who, where, with which outcome, how long. No body, no query."""

    _name = "interop.call"
    _description = "API Call"
    _order = "id desc"
    _rec_name = "route"
    _log_access = False

    at = fields.Datetime(string="Time", readonly=True, required=True)
    account_id = fields.Many2one("interop.service.account", string="Account", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    interface_id = fields.Many2one("interop.interface", string="Interface", readonly=True, ondelete="set null")
    route = fields.Char(readonly=True)
    method = fields.Char(readonly=True)
    status = fields.Integer(readonly=True, aggregator=None)
    failed = fields.Boolean(readonly=True)
    failure_rate = fields.Integer(string="Failed (%)", readonly=True, aggregator="avg")
    duration = fields.Float(string="Duration (ms)", digits=(10, 1), readonly=True, aggregator="avg")
    bytes_in = fields.Integer(string="Bytes In", readonly=True, aggregator="sum")
    bytes_out = fields.Integer(string="Bytes Out", readonly=True, aggregator="sum")
    trace_id = fields.Char(string="Trace", readonly=True, help="Also at the message that the call brought")
    error_code = fields.Char(string="Error", readonly=True)

    _at_index = models.Index("USING brin (at)")
    _failed_index = models.Index("(at) WHERE failed")
    _account_index = models.Index("(account_id, id) WHERE account_id IS NOT NULL")
    _interface_index = models.Index("(interface_id) WHERE interface_id IS NOT NULL")
    _trace_index = models.Index("(trace_id)")

    @api.model
    def _flush_calls(self) -> int:
        """Write what this process has not written yet."""
        return calllog.flush(self.env.cr, self.env.cr.dbname)

    @api.autovacuum
    def _sweep(self):
        """Delete calls older than ``interop_api.call_log_days``, the oldest first."""
        days = self.env["ir.config_parameter"].sudo().get_param("interop_api.call_log_days")
        self.env.cr.execute(
            """DELETE FROM interop_call WHERE id IN (
                   SELECT id FROM interop_call
                    WHERE at < now() AT TIME ZONE 'UTC' - make_interval(days => %s)
                 ORDER BY id LIMIT %s)""",
            [int(days) if (days or "").isdigit() and int(days) else KEEP_DAYS, SWEEP],
        )
        deleted = self.env.cr.rowcount
        return deleted, int(deleted == SWEEP)
