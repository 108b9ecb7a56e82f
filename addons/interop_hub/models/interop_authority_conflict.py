import json

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..ownership import to_json
from ..screen import names_of


class InteropAuthorityConflict(models.Model):
    """A value that somebody wanted to write into a field that another system owns.

    One is open per record, field and source; it holds the newest value.
    """

    _name = "interop.authority.conflict"
    _description = "Conflict of Ownership"
    _order = "last_seen desc, id desc"

    rule_id = fields.Many2one("interop.authority", readonly=True, ondelete="set null", index="btree_not_null")
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    model_label = fields.Char(string="Object", compute="_compute_labels")
    record_name = fields.Char(compute="_compute_labels")
    field_name = fields.Char(string="Technical Field", required=True, readonly=True)
    field_label = fields.Char(string="Field", compute="_compute_labels")
    owner_system_id = fields.Many2one(related="rule_id.system_id", string="Owner")
    owner_name = fields.Char(related="rule_id.owner_name", string="Owned By")
    system_id = fields.Many2one("interop.system", string="From System", readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", string="From Person", readonly=True)
    message_id = fields.Many2one("interop.message", readonly=True, ondelete="set null", index="btree_not_null")
    exception_id = fields.Many2one("interop.exception", readonly=True, ondelete="set null", index="btree_not_null")
    company_id = fields.Many2one("res.company", readonly=True)
    attempted = fields.Text(readonly=True, groups="interop_hub.group_payload")
    attempted_text = fields.Char(
        string="Attempted Value", compute="_compute_values", groups="interop_hub.group_payload"
    )
    current_text = fields.Char(string="Present Value", compute="_compute_values", groups="interop_hub.group_payload")
    count = fields.Integer(string="Attempts", readonly=True, default=1)
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("accepted", "Accepted"), ("dismissed", "Dismissed")],
        required=True,
        readonly=True,
        default="open",
    )
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_at = fields.Datetime(readonly=True)

    _one_open = models.UniqueIndex(
        "(res_model, res_id, field_name, COALESCE(system_id, 0), COALESCE(user_id, 0)) WHERE state = 'open'"
    )
    _open_rule = models.Index("(rule_id) WHERE state = 'open'")

    @api.depends("res_model", "res_id", "field_name")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_labels(self):
        names = names_of(self.env, {(conflict.res_model, conflict.res_id) for conflict in self})
        for conflict in self:
            model = self.env.get(conflict.res_model)
            field = model is not None and model._fields.get(conflict.field_name)
            conflict.model_label, name = names[conflict.res_model, conflict.res_id]
            conflict.record_name = name or f"# {conflict.res_id}"
            conflict.field_label = field._description_string(self.env) if field else conflict.field_name

    @api.depends("res_model", "field_name")
    def _compute_display_name(self):
        for conflict in self:
            conflict.display_name = f"{conflict.model_label}: {conflict.field_label}"

    def _compute_values(self):
        for conflict in self:
            record = conflict._target()
            field = record._fields.get(conflict.field_name) if record is not None else None
            if not record or field is None:
                conflict.attempted_text = conflict.attempted
                conflict.current_text = False
                continue
            conflict.attempted_text = self._as_text(record, field, json.loads(conflict.attempted or "null"))
            value = record.sudo()[conflict.field_name]
            conflict.current_text = self._as_text(record, field, to_json(value) if not field.relational else value.ids)

    def _target(self):
        """The record that this is about, empty when it is gone, None when its model is."""
        self.ensure_one()
        model = self.env.get(self.res_model)
        return None if model is None else model.browse(self.res_id).exists()

    def _as_text(self, record, field, value) -> str:
        if field.type == "many2one":
            ids = value if isinstance(value, list) else [value] if value else []
            return self.env[field.comodel_name].sudo().browse(ids).exists().display_name or ""
        if field.type in ("one2many", "many2many"):
            if all(isinstance(item, int) for item in value or ()):
                return ", ".join(
                    self.env[field.comodel_name].sudo().browse(value or []).exists().mapped("display_name")
                )
            return self.env._("%s changes of lines", len(value))
        if field.type == "selection" and value:
            return dict(field._description_selection(self.env)).get(value, value)
        return "" if value in (None, False) and field.type != "boolean" else str(value)

    # -- noting them ---------------------------------------------------------

    @api.model
    def _note(self, flagged: list[tuple], system_id) -> None:
        """Keep attempted values for a steward, and open an exception per object and source.

        :param flagged: ``[(record, field name, value, rule, message id), …]``
        :param system_id: where they came from; None: the user
        """
        user_id = None if system_id else self.env.uid
        exceptions = self._open_exceptions(flagged, system_id)
        newest = {}
        for (record, name, value, rule, message_id), exception in zip(flagged, exceptions, strict=True):
            newest[record._name, record.id, name] = (
                rule.id,
                record._name,
                record.id,
                name,
                system_id or None,
                user_id,
                message_id or None,
                exception.id,
                exception.company_id.id,
                json.dumps(to_json(value)),
            )
        self.env.cr.execute_values(
            """INSERT INTO interop_authority_conflict (rule_id, res_model, res_id, field_name, system_id, user_id,
                      message_id, exception_id, company_id, attempted, count, state, first_seen, last_seen)
               VALUES %s
               ON CONFLICT (res_model, res_id, field_name, COALESCE(system_id, 0), COALESCE(user_id, 0))
                     WHERE state = 'open'
               DO UPDATE SET attempted = EXCLUDED.attempted, message_id = EXCLUDED.message_id,
                             exception_id = EXCLUDED.exception_id, rule_id = EXCLUDED.rule_id,
                             count = interop_authority_conflict.count + 1, last_seen = EXCLUDED.last_seen""",
            list(newest.values()),
            template="(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 'open',"
            " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')",
            page_size=len(newest),
        )
        self.invalidate_model(flush=False)
        if user_id and user_id != SUPERUSER_ID:
            self._tell(user_id)

    def _tell(self, user_id: int) -> None:
        self.env["res.users"].browse(user_id)._bus_send(
            "simple_notification",
            {
                "type": "warning",
                "title": self.env._("Kept aside"),
                "message": self.env._("Another system owns some of these fields. A steward decides on your values."),
            },
        )

    def _open_exceptions(self, flagged, system_id):
        source = self.env["interop.system"].browse(system_id or [])
        rules = self.env["interop.authority"].browse({rule.id for _r, _n, _v, rule, _m in flagged})
        owners = {rule.id: rule for rule in rules}
        messages = self.env["interop.message"].browse({message for *_rest, message in flagged if message})
        interfaces = {message.id: message.interface_id.id for message in messages}
        return self.env["interop.exception"]._open(
            [
                {
                    "type": "authority_conflict",
                    "key": f"{record._name}:{source.code or 'odoo'}",
                    "name": self.env._(
                        "%(model)s: %(writer)s changes what %(owner)s owns",
                        model=record._description,
                        writer=source.name or self.env._("somebody in Odoo"),
                        owner=owners[rule.id].owner_name,
                    ),
                    "company_id": self._company_of(record),
                    "interface_id": interfaces.get(message_id),
                    "owner_id": owners[rule.id].system_id.owner_id.id,
                }
                for record, _name, _value, rule, message_id in flagged
            ]
        )

    def _company_of(self, record) -> int:
        if "company_id" in record._fields and (company := record.sudo().company_id):
            return company.id
        return self.env.company.id

    # -- deciding ------------------------------------------------------------

    def _decide(self, state: str):
        waiting = self.filtered(lambda conflict: conflict.state == "open")
        if not waiting:
            raise UserError(self.env._("These conflicts are decided already."))
        waiting.sudo().write({"state": state, "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        self.env["interop.audit.event"]._record(f"authority.{state}", waiting)
        exceptions = waiting.sudo().exception_id
        undecided = self.sudo().search([("exception_id", "in", exceptions.ids), ("state", "=", "open")])
        (exceptions - undecided.exception_id)._resolve(self.env._("All conflicts are decided"))
        return waiting

    def action_accept(self):
        """Write the attempted values, as a steward, although another system owns the fields."""
        self.env["interop.message"]._check_right("operator")
        self.check_access("read")
        values = {}
        for conflict in self.filtered(lambda c: c.state == "open").sorted("last_seen"):
            key = (conflict.res_model, conflict.res_id)
            values.setdefault(key, {})[conflict.field_name] = json.loads(conflict.sudo().attempted or "null")
        for (model_name, res_id), vals in values.items():
            record = self.env[model_name].browse(res_id).exists()
            if not record:
                raise UserError(self.env._("The record of a conflict does not exist any more; dismiss it."))
            record.check_access("write")
            record.sudo().write(vals)
        self._decide("accepted")

    def action_dismiss(self):
        """The owner's value is right."""
        self.env["interop.message"]._check_right("operator")
        self.check_access("read")
        self._decide("dismissed")

    def action_open_record(self):
        """The record that this is about."""
        self.ensure_one()
        if not self._target():
            raise UserError(self.env._("The record does not exist any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
