from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

DEADLINE_HOURS = 24


class InteropException(models.Model):
    """What automation could not finish: one open record per cause, with an owner and a deadline.

    Resolving it replays the messages that it blocks, in order.
    """

    _name = "interop.exception"
    _description = "Exception"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state, deadline, id"

    name = fields.Char(string="What Happened", required=True, help="Without patient data")
    type = fields.Selection(
        [
            ("dead_letter", "Failed for good"),
            ("ambiguous", "Answer unknown"),
            ("key_conflict", "Message number used twice"),
            ("silent_interface", "Silent interface"),
            ("authority_conflict", "Conflict of ownership"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
        index=True,
    )
    key = fields.Char(required=True, readonly=True, help="What it is about; one is open per type, key and company")
    state = fields.Selection(
        [("open", "Open"), ("in_progress", "In progress"), ("resolved", "Resolved"), ("discarded", "Discarded")],
        required=True,
        default="open",
        group_expand=True,
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    interface_id = fields.Many2one("interop.interface", ondelete="set null", index="btree_not_null")
    system_id = fields.Many2one(related="interface_id.system_id")
    owner_id = fields.Many2one("res.users", string="Owner", index=True)
    deadline = fields.Datetime(index=True)
    amount = fields.Monetary(string="Amount at Risk")
    count = fields.Integer(string="Occurrences", default=1, readonly=True)
    last_seen = fields.Datetime(readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    message_ids_blocked = fields.One2many("interop.message", "exception_id", string="Blocked Messages", readonly=True)
    blocked_count = fields.Integer(compute="_compute_blocked_count")
    resolution = fields.Char(readonly=True, copy=False)
    resolved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    resolved_at = fields.Datetime(readonly=True, copy=False)
    overdue = fields.Boolean(compute="_compute_overdue", search="_search_overdue")
    color = fields.Integer(compute="_compute_overdue")

    _one_open = models.UniqueIndex("(type, key, company_id) WHERE state IN ('open', 'in_progress')")

    def _compute_blocked_count(self):
        self.env.cr.execute(
            """SELECT exception_id, count(*) FROM interop_message
                WHERE exception_id = ANY(%s) AND state IN ('retry', 'held', 'quarantined', 'ambiguous', 'dead')
             GROUP BY exception_id""",
            [self.ids],
        )
        counts = dict(self.env.cr.fetchall())
        for record in self:
            record.blocked_count = counts.get(record.id, 0)

    @api.depends("deadline", "state")
    def _compute_overdue(self):
        now = fields.Datetime.now()
        for record in self:
            waits = record.state in ("open", "in_progress")
            record.overdue = bool(waits and record.deadline and record.deadline < now)
            record.color = 1 if record.overdue else 0

    def _search_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = fields.Domain("state", "in", ("open", "in_progress")) & fields.Domain(
            "deadline", "<", fields.Datetime.now()
        )
        return late if True in value else ~late

    @api.model
    def _open(self, vals_list: list[dict]):
        """Open exceptions, or add to those that are open already for the same type, key and company.

        :param vals_list: per cause: ``type, key, name, company_id``, and where
            known ``interface_id, owner_id, deadline, amount, res_model, res_id,
            message_ids`` (ids of the messages it blocks)
        :return: the records, in the order of ``vals_list``
        """
        if not vals_list:
            return self.browse()
        interfaces = (
            self.env["interop.interface"]
            .sudo()
            .browse({vals["interface_id"] for vals in vals_list if vals.get("interface_id")})
        )
        interfaces.fetch(["owner_id", "system_id"])
        merged = {}
        for vals in vals_list:
            identity = (vals["type"], vals["key"], vals["company_id"])
            entry = merged.setdefault(identity, {**vals, "amount": 0.0, "message_ids": [], "count": 0})
            entry["amount"] += vals.get("amount", 0.0)
            entry["message_ids"] += vals.get("message_ids", ())
            entry["count"] += 1
        now = fields.Datetime.now()
        rows = []
        for (kind, key, company_id), entry in merged.items():
            interface = interfaces.browse(entry.get("interface_id"))
            owner_id = entry.get("owner_id") or interface.owner_id.id or interface.system_id.owner_id.id
            rows.append(
                (
                    kind,
                    key,
                    company_id,
                    entry["name"][:500],
                    "open",
                    entry.get("interface_id") or None,
                    owner_id or None,
                    entry.get("deadline") or now + timedelta(hours=DEADLINE_HOURS),
                    entry["amount"],
                    entry["count"],
                    entry.get("res_model") or None,
                    entry.get("res_id") or None,
                    now,
                    now,
                    now,
                    self.env.uid,
                    self.env.uid,
                )
            )
        self.env.flush_all()
        stored = self.env.cr.execute_values(
            """INSERT INTO interop_exception (type, key, company_id, name, state, interface_id, owner_id, deadline, amount,
                      count, res_model, res_id, last_seen, create_date, write_date, create_uid, write_uid)
               VALUES %s
               ON CONFLICT (type, key, company_id) WHERE state IN ('open', 'in_progress')
               DO UPDATE SET count = interop_exception.count + EXCLUDED.count, last_seen = EXCLUDED.last_seen,
                             amount = interop_exception.amount + EXCLUDED.amount, write_date = EXCLUDED.write_date
            RETURNING id, (xmax = 0)""",
            rows,
            page_size=len(rows),
            fetch=True,
        )
        records = self.sudo().browse([row[0] for row in stored])
        records.invalidate_recordset(flush=False)
        by_identity = dict(zip(merged, records, strict=True))
        blocked = [
            (message_id, by_identity[identity].id)
            for identity, entry in merged.items()
            for message_id in entry["message_ids"]
        ]
        if blocked:
            self.env.cr.execute_values(
                "UPDATE interop_message m SET exception_id = v.exception_id"
                " FROM (VALUES %s) AS v(id, exception_id) WHERE m.id = v.id",
                blocked,
                page_size=len(blocked),
            )
        self.browse([row[0] for row in stored if row[1]]).sudo()._assign()
        return self.browse([by_identity[vals["type"], vals["key"], vals["company_id"]].id for vals in vals_list]).sudo(
            self.env.su
        )

    def _assign(self):
        """Give each owner an activity for what was just opened."""
        activity_type = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        owned = self.filtered("owner_id")
        if not owned:
            return
        model_id = self.env["ir.model"]._get_id(self._name)
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": record.id,
                    "activity_type_id": activity_type.id if activity_type else False,
                    "summary": record.name[:120],
                    "date_deadline": fields.Date.to_date(record.deadline),
                    "user_id": record.owner_id.id,
                }
                for record in owned
            ]
        )

    def _resolve(self, reason: str = "", state: str = "resolved"):
        """Close exceptions, end their activities and replay what they block, in order."""
        waiting = self.filtered(lambda record: record.state in ("open", "in_progress"))
        if not waiting:
            return waiting
        waiting.write(
            {
                "state": state,
                "resolution": reason,
                "resolved_by_id": self.env.uid,
                "resolved_at": fields.Datetime.now(),
            }
        )
        waiting.sudo().activity_ids.unlink()
        if state == "resolved":
            self.env["interop.message"].sudo().search(
                [("exception_id", "in", waiting.ids), ("state", "in", ("quarantined", "dead"))], order="id"
            )._replay(reason)
            waiting._on_resolved()
        return waiting

    def _on_resolved(self):
        """Hook: do again what these exceptions blocked beside messages."""

    def action_start(self):
        """Take the exception into work."""
        self._check_operator()
        self.filtered(lambda record: record.state == "open").write({"state": "in_progress", "owner_id": self.env.uid})

    def action_resolve(self, reason=""):
        """The cause is gone: replay what waits for it."""
        self._check_operator()
        self._resolve(reason or self.env._("Resolved by hand"))

    def action_dismiss(self, reason=""):
        """Close it without replaying anything.

        :raises UserError: without a reason
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why this is dismissed."))
        self._resolve(reason, "discarded")

    def _check_operator(self):
        self.env["interop.message"]._check_right("operator")
        self.check_access("read")

    def action_open_messages(self):
        """The messages that wait for this exception."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Blocked Messages"),
            "res_model": "interop.message",
            "view_mode": "list,form",
            "domain": [("exception_id", "=", self.id)],
        }

    def action_open_record(self):
        """The record that has to be put right."""
        self.ensure_one()
        if not self.res_model or not self.res_id:
            raise UserError(self.env._("No record belongs to this exception."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
