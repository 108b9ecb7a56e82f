from types import MappingProxyType
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..exceptions import NeedsPerson, SetFailed
from ..ownership import differs, strictest

POLICIES = [("ignore", "Ignore"), ("flag", "Flag for a steward"), ("refuse", "Refuse")]
#: Fields of these models are bookkeeping of Odoo, not data that a system owns.
_BOOKKEEPING = ("mail.thread", "mail.activity.mixin", "interop.linked.mixin")


class Rule(NamedTuple):
    """One rule, as the cache keeps it; ``fields`` is None when it covers the whole record."""

    id: int
    company_id: int | bool
    fields: frozenset | None
    system_id: int | bool
    policy: str


class Verdicts(NamedTuple):
    """What one source may not write of one model."""

    policies: MappingProxyType
    rules: MappingProxyType
    create: Rule | None  #: refuses that this source creates records


_NOTHING = Verdicts(MappingProxyType({}), MappingProxyType({}), None)


class InteropAuthority(models.Model):
    """Which system owns which fields of which model, and what happens to others' writes.

    The most specific rule decides: one for the company before one for all,
    one that names the field before one for the whole record. Several rules of
    the same rank make several owners.
    """

    _name = "interop.authority"
    _description = "Ownership Rule"
    _order = "model_name, id"

    model_id = fields.Many2one(
        "ir.model", string="Object", required=True, ondelete="cascade", index=True, domain=[("transient", "=", False)]
    )
    model_name = fields.Char(related="model_id.model", string="Model", store=True, index=True)
    field_ids = fields.Many2many(
        "ir.model.fields",
        string="Fields",
        domain="[('model_id', '=', model_id), ('store', '=', True)]",
        help="Empty: the whole record, and who may create it",
    )
    field_names = fields.Char(
        compute="_compute_field_names",
        inverse="_inverse_field_names",
        help="Technical names of the fields, separated by commas",
    )
    scope = fields.Char(string="What", compute="_compute_scope")
    system_id = fields.Many2one(
        "interop.system",
        string="Owner",
        ondelete="cascade",
        index=True,
        help="Empty: Odoo itself, so people at screens",
    )
    owner_name = fields.Char(string="Owned By", compute="_compute_owner_name")
    policy = fields.Selection(
        POLICIES,
        string="Writes of Others",
        required=True,
        default="flag",
        help="Ignore: the owner's value stays. Flag: it stays, and a steward decides. Refuse: nothing of the write is applied",
    )
    company_id = fields.Many2one("res.company", help="Empty: all companies")
    active = fields.Boolean(default=True)
    note = fields.Text(help="Why it is so, and who agreed")
    conflict_count = fields.Integer(string="Open Conflicts", compute="_compute_conflict_count")

    @api.depends("field_ids")
    def _compute_field_names(self):
        for rule in self:
            rule.field_names = ",".join(rule.sudo().field_ids.sorted("name").mapped("name"))

    def _inverse_field_names(self):
        for rule in self:
            names = {name.strip() for name in (rule.field_names or "").split(",")} - {""}
            found = (
                self.env["ir.model.fields"]
                .sudo()
                .search([("model_id", "=", rule.model_id.id), ("name", "in", list(names))])
            )
            if missing := names - set(found.mapped("name")):
                raise ValidationError(
                    self.env._(
                        "%(model)s has no field %(names)s.", model=rule.model_name, names=", ".join(sorted(missing))
                    )
                )
            # The write or creation that brought the names is noted already.
            super(InteropAuthority, rule).write({"field_ids": [(6, 0, found.ids)]})

    @api.depends("field_ids")
    def _compute_scope(self):
        for rule in self:
            labels = rule.sudo().field_ids.mapped("field_description")
            rule.scope = ", ".join(sorted(labels)) or self.env._("the whole record")

    @api.depends("model_id", "system_id.name")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = f"{rule.sudo().model_id.name or ''}: {rule.owner_name}"

    @api.depends("system_id.name")
    def _compute_owner_name(self):
        for rule in self:
            rule.owner_name = rule.system_id.name or self.env._("Odoo")

    def _compute_conflict_count(self):
        counts = self.env["interop.authority.conflict"]._read_group(
            [("rule_id", "in", self.ids), ("state", "=", "open")], ["rule_id"], ["__count"]
        )
        counts = {rule.id: count for rule, count in counts}
        for rule in self:
            rule.conflict_count = counts.get(rule.id, 0)

    @api.constrains("model_id", "field_ids")
    def _check_fields(self):
        for rule in self.sudo():
            if rule.field_ids.model_id - rule.model_id:
                raise ValidationError(self.env._("Choose fields of %s only.", rule.model_id.name))

    # -- changes -------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._changed("authority.create")
        return rules

    def write(self, vals):
        result = super().write(vals)
        self._changed("authority.change")
        return result

    def unlink(self):
        self._changed("authority.delete")
        result = super().unlink()
        self.env.registry.clear_cache("default", "templates")
        return result

    def _changed(self, action: str) -> None:
        """Note the change, and forget what was cached of rules and of views with locks."""
        if self:
            self.env["interop.audit.event"]._record(action, self)
        self.env.registry.clear_cache("default", "templates")

    # -- the rule table, cached ----------------------------------------------

    @api.model
    @tools.ormcache("model_name")
    def _rules(self, model_name: str) -> tuple[Rule, ...]:
        return tuple(
            Rule(
                rule.id,
                rule.company_id.id,
                frozenset(rule.field_ids.mapped("name")) or None,
                rule.system_id.id,
                rule.policy,
            )
            for rule in self.sudo().search([("model_name", "=", model_name)], order="id")
        )

    @api.model
    @tools.ormcache("model_name", "system_id", "company_id")
    def _verdicts(self, model_name: str, system_id, company_id) -> Verdicts:
        rules = [rule for rule in self._rules(model_name) if rule.company_id in (False, company_id)]
        if not rules:
            return _NOTHING
        found = {}
        for name in self._data_fields(model_name):
            covering = [rule for rule in rules if rule.fields is None or name in rule.fields]
            if covering:
                verdict = strictest(covering, system_id or False)
                if verdict:
                    found[name] = verdict
        whole = [rule for rule in rules if rule.fields is None]
        whole = strictest(whole, system_id or False) if whole else None
        return Verdicts(
            MappingProxyType({name: rule.policy for name, rule in found.items()}),
            MappingProxyType(found),
            whole if whole and whole.policy == "refuse" else None,
        )

    @api.model
    def _data_fields(self, model_name: str) -> list[str]:
        """Fields of a model that somebody can own."""
        kept = set().union(*(self.env[name]._fields for name in _BOOKKEEPING), models.MAGIC_COLUMNS)
        return [
            name
            for name, field in self.env[model_name]._fields.items()
            if name not in kept and not (field.compute and field.readonly and not field.inverse) and not field.related
        ]

    @api.model
    def _owned(self, model_name: str, system_id=None, company_id=None) -> dict[str, str]:
        """Fields that this source does not own.

        :param system_id: the writing system; None is Odoo itself or a person at a screen
        :param company_id: company of the record; None: only rules for all companies count
        :return: read-only ``{field: "ignore" | "flag" | "refuse"}``
        """
        return self._verdicts(model_name, system_id or None, company_id or None).policies

    # -- the writes ----------------------------------------------------------

    @api.model
    def _screen(self, records_vals: list[tuple], system_id=None, message_id=None) -> list[dict]:
        """Take out of values what their source may not write; equal values never conflict.

        An empty record stands for one to be created: its values are the first
        ones, so they pass, unless a rule refuses that others create such records.

        :param records_vals: ``[(record, values), …]``
        :param system_id: the writing system; None is Odoo itself or a person
        :param message_id: the message that brought the values, or one per entry of ``records_vals``
        :return: the values to write, in the same order
        :raises NeedsPerson: a rule refuses the write of a system
        :raises SetFailed: the same, when message ids are given per entry
        :raises UserError: a rule refuses the write of a person
        """
        system_id = system_id or None
        screened = [vals for _record, vals in records_vals]
        touched = []
        for number, (record, vals) in enumerate(records_vals):
            rules = self._rules(record._name)
            if not rules:
                continue
            verdicts = self._verdicts(record._name, system_id, self._company_of(record, vals, rules))
            if record.id:
                names = [name for name in vals if name in verdicts.rules]
                if names:
                    touched.append((number, record, names, verdicts.rules))
            elif verdicts.create:
                touched.append((number, record, [], {"": verdicts.create}))
        if not touched:
            return screened
        self._prefetch(touched)
        flagged, refused = [], {}
        for number, record, names, rules in touched:
            vals = records_vals[number][1]
            kept = dict(vals)
            refusals = {"": rules[""]} if not record.id else {}
            for name in names:
                rule = rules[name]
                if not differs(record, name, vals[name]):
                    continue
                del kept[name]
                if rule.policy == "refuse":
                    refusals[name] = rule
                elif rule.policy == "flag":
                    flagged.append((record, name, vals[name], rule, self._message_of(message_id, number)))
            screened[number] = kept
            if refusals:
                refused[number] = (record, refusals)
        if refused:
            self._refuse(refused, system_id, message_id)
        if flagged:
            self.env["interop.authority.conflict"].sudo()._note(flagged, system_id)
        return screened

    @staticmethod
    def _message_of(message_id, number: int):
        return message_id[number] if isinstance(message_id, (list, tuple)) else message_id

    @staticmethod
    def _company_of(record, vals, rules):
        """Company by which rules are chosen; not read where no rule names one."""
        if "company_id" not in record._fields or not any(rule.company_id for rule in rules):
            return None
        if not record.id:
            return vals.get("company_id") or record.env.company.id
        return record.sudo().company_id.id or None

    def _prefetch(self, touched) -> None:
        """Read what is compared, with one query per model."""
        wanted = {}
        for _number, record, names, _rules in touched:
            if names:
                ids, fields_ = wanted.setdefault((record._name, record.env), (set(), set()))
                ids.update(record.ids)
                fields_.update(names)
        for (model_name, env), (ids, names) in wanted.items():
            env[model_name].browse(sorted(ids)).fetch(sorted(names))

    def _refuse(self, refused, system_id, message_id):
        errors = {}
        for number, (record, rules) in refused.items():
            owner = self.browse(next(iter(rules.values())).id).sudo().owner_name
            model = record._description
            if system_id is None:
                labels = [record._fields[name]._description_string(self.env) for name in rules if name]
                raise UserError(
                    self.env._(
                        "%(fields)s of %(model)s: changed in %(owner)s only.",
                        fields=", ".join(labels),
                        model=model,
                        owner=owner,
                    )
                    if labels
                    else self.env._("%(model)s: created in %(owner)s only.", model=model, owner=owner)
                )
            names = ", ".join(sorted(filter(None, rules))) or "record"
            source = self.env["interop.system"].sudo().browse(system_id).code
            errors[self._message_of(message_id, number)] = NeedsPerson(
                "authority.refused",
                f"{model}: {source} may not write {names}, owned by {owner}",
                exception_type="authority_conflict",
                exception_key=f"{record._name}:{source}",
            )
        if isinstance(message_id, (list, tuple)):
            raise SetFailed(errors)
        raise next(iter(errors.values()))

    def action_open_conflicts(self):
        """The open conflicts about this rule."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_hub.action_authority_conflict")
        return dict(action, domain=[("rule_id", "=", self.id)])
