import re
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..exceptions import Closed


class InteropInterface(models.Model):
    """One governed exchange with one system; nothing runs without an active one."""

    _name = "interop.interface"
    _inherit = ["interop.cached.mixin"]
    _description = "Interface"
    _order = "code"

    name = fields.Char(required=True)
    code = fields.Char(required=True, help="Part of the address that the partner sends to")
    system_id = fields.Many2one("interop.system", required=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], required=True, default="in")
    handler = fields.Selection(selection="_selection_handler", required=True)
    owner_id = fields.Many2one(
        "res.users",
        string="Owner",
        default=lambda self: self.env.user,
        required=True,
        help="Answers for this exchange; gets its exceptions when nobody else is named",
    )
    classification = fields.Selection(
        [
            ("public", "Public"),
            ("internal", "Internal"),
            ("confidential", "Confidential"),
            ("phi", "Protected health information"),
        ],
        required=True,
        default="phi",
    )
    criticality = fields.Selection(
        [("low", "Low"), ("normal", "Normal"), ("high", "High"), ("critical", "Critical")],
        required=True,
        default="normal",
    )
    lane_id = fields.Many2one("interop.lane", required=True, ondelete="restrict", index=True)
    latency_class = fields.Selection(related="lane_id.latency_class")
    ordering = fields.Selection(
        [("key", "In order per patient or visit"), ("none", "No order")], required=True, default="key"
    )
    max_attempts = fields.Integer(default=8, required=True, help="After so many attempts a message is dead")
    retry_base = fields.Float(string="First retry after (s)", default=30.0, required=True)
    retry_cap = fields.Float(string="Longest wait between retries (s)", default=3600.0, required=True)
    max_body_bytes = fields.Integer(string="Largest request (bytes)", default=8 * 1024 * 1024, required=True)
    sla_seconds = fields.Integer(
        string="Processed within (s)", default=300, help="Older waiting messages show as overdue"
    )
    silence_minutes = fields.Integer(help="Raise an exception when no message arrived for so long; 0: never")
    retention_payload_days = fields.Integer(
        default=90, help="Bodies of finished messages are deleted after so many days; 0: kept"
    )
    retention_days = fields.Integer(
        default=730, help="Finished messages are deleted after so many days; 0: kept. Failed ones stay until resolved"
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("retired", "Retired")],
        required=True,
        default="draft",
        copy=False,
    )
    note = fields.Text()

    waiting_count = fields.Integer(compute="_compute_counts")
    failed_count = fields.Integer(compute="_compute_counts")
    oldest_waiting = fields.Datetime(compute="_compute_counts")
    last_received = fields.Datetime(compute="_compute_counts")
    hour_done = fields.Integer(string="Processed in the last hour", compute="_compute_counts")
    hour_failed = fields.Integer(string="Failed in the last hour", compute="_compute_counts")

    _code_unique = models.UniqueIndex("(code)", "Another interface has this code.")
    _lane_state = models.Index("(lane_id) WHERE state = 'active'")
    _attempts_range = models.Constraint("CHECK (max_attempts BETWEEN 1 AND 100)", "A message is tried 1 to 100 times.")
    _retry_range = models.Constraint(
        "CHECK (retry_base > 0 AND retry_cap >= retry_base)",
        "The longest wait between retries may not be shorter than the first.",
    )
    _body_range = models.Constraint(
        "CHECK (max_body_bytes BETWEEN 1 AND 134217728)", "A request may have 1 byte to 128 MiB."
    )
    _retention_range = models.Constraint(
        "CHECK (retention_payload_days >= 0 AND retention_days >= 0)", "Retention cannot be negative."
    )

    @api.model
    def _selection_handler(self):
        handlers = []
        for name, model in self.env.registry.items():
            if name != "interop.handler" and getattr(model, "_label", "") and hasattr(model, "_identify"):
                handlers.append((name, model._label))
        return sorted(handlers)

    def _compute_counts(self):
        self.env.cr.execute(
            """SELECT i.id, w.waiting, w.failed, w.oldest, l.last, s.done, s.failed
                 FROM unnest(%s::int[]) AS i(id)
            LEFT JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE m.state IN ('received', 'retry', 'held')) AS waiting,
                          count(*) FILTER (WHERE m.state IN ('quarantined', 'ambiguous', 'dead')) AS failed,
                          min(m.received_at) AS oldest
                     FROM interop_message m
                    WHERE m.interface_id = i.id
                      AND m.state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')) w ON TRUE
            LEFT JOIN LATERAL (
                   SELECT m.received_at AS last FROM interop_message m
                    WHERE m.interface_id = i.id ORDER BY m.received_at DESC LIMIT 1) l ON TRUE
            LEFT JOIN LATERAL (
                   SELECT sum(done) AS done, sum(failed) AS failed FROM interop_stat
                    WHERE interface_id = i.id AND at >= now() AT TIME ZONE 'UTC' - interval '1 hour') s ON TRUE""",
            [self.ids],
        )
        found = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for interface in self:
            waiting, failed, oldest, last, done, hour_failed = found.get(interface.id, (0, 0, None, None, 0, 0))
            interface.waiting_count = waiting
            interface.failed_count = failed
            interface.oldest_waiting = oldest and oldest.replace(microsecond=0)
            interface.last_received = last and last.replace(microsecond=0)
            interface.hour_done = done or 0
            interface.hour_failed = hour_failed or 0

    @api.constrains("code")
    def _check_code(self):
        for interface in self:
            if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", interface.code or ""):
                raise ValidationError(
                    self.env._("The code %s may only have lower case letters, digits, dots, dashes.", interface.code)
                )

    @api.model
    @tools.ormcache("code")
    def _id_by_code(self, code: str) -> int | bool:
        return self.sudo().search([("code", "=", code)], limit=1).id

    @api.model
    def _by_code(self, code: str):
        """The interface with this code, or an empty recordset."""
        return self.browse(self._id_by_code(code) or [])

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "active" or "lane_id" in vals:
            self.lane_id._wake_after_commit()
        if "lane_id" in vals:
            self.env.cr.execute(
                """UPDATE interop_message SET lane_id = %s WHERE interface_id = ANY(%s)
                      AND state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')""",
                [vals["lane_id"], self.ids],
            )
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_messages(self):
        self.env.cr.execute("SELECT EXISTS (SELECT FROM interop_message WHERE interface_id = ANY(%s))", [self.ids])
        if self.env.cr.fetchone()[0]:
            raise UserError(self.env._("An interface that has messages cannot be deleted; retire it."))

    def _handler(self):
        """The handler of this interface."""
        return self.env[self.handler]

    def _row(self) -> dict:
        """What the inbox needs to know of this interface."""
        return {
            "id": self.id,
            "system_id": self.system_id.id,
            "company_id": self.company_id.id,
            "lane_id": self.lane_id.id,
            "ordering": self.ordering,
        }

    def _assert_open(self) -> None:
        """Raise unless messages may come in now.

        :raises Closed: draft, paused or retired interface, or the brake is on
        """
        self.ensure_one()
        if self.state == "retired":
            raise Closed("interface.retired", "This interface was retired", status=410, retry_after=0)
        if self.state != "active":
            raise Closed("interface.paused", "This interface takes no messages at the moment")
        if self.env["interop.lane"]._brake_is_on():
            raise Closed("brake", "All message processing is stopped at the moment")

    def _set_state(self, state: str):
        self.env["interop.message"]._check_right("operator")
        self.sudo().write({"state": state})
        self.env["interop.audit.event"]._record(f"interface.{state}", self)

    def action_activate(self):
        """Let messages in and process them."""
        self._set_state("active")

    def action_pause(self):
        """Answer 503 at the door and stop processing."""
        self._set_state("paused")

    def action_retire(self):
        """Answer 410 at the door, for good."""
        self._set_state("retired")

    def action_open_messages(self):
        """The messages of this interface."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages"),
            "res_model": "interop.message",
            "view_mode": "list,form",
            "domain": [("interface_id", "=", self.id)],
            "context": dict(self.env.context, **self.env.context.get("open_filters", {})),
        }

    @api.model
    def _watch_silence(self) -> None:
        """Open an exception for each interface that got nothing for too long; close it when messages come again."""
        watched = self.search([("state", "=", "active"), ("silence_minutes", ">", 0)])
        now = fields.Datetime.now()
        silent = watched.filtered(
            lambda i: (i.last_received or i.write_date) < now - timedelta(minutes=i.silence_minutes)
        )
        exceptions = self.env["interop.exception"]
        alarms = exceptions.search([("type", "=", "silent_interface"), ("state", "in", ("open", "in_progress"))])
        alarms.filtered(lambda alarm: alarm.interface_id not in silent)._resolve(self.env._("Messages arrive again"))
        exceptions._open(
            [
                {
                    "type": "silent_interface",
                    "key": interface.code,
                    "name": self.env._("No message for more than %s minutes", interface.silence_minutes),
                    "company_id": interface.company_id.id,
                    "interface_id": interface.id,
                }
                for interface in silent - alarms.interface_id
            ]
        )
