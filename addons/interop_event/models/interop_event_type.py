import re
from fnmatch import fnmatchcase

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from odoo.addons.interop_api.rest import ids

#: The event of the test button; nobody subscribes to it.
TEST = "subscription.tested"
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")


class InteropEventType(models.Model):
    """One kind of business event: what it means, who answers for it, and what its attributes look like.

    A changed schema is a new version: the former one is archived, and events
    that were recorded under it keep pointing to it.
    """

    _name = "interop.event.type"
    _description = "Event Type"
    _order = "code, version desc"
    _rec_name = "code"

    code = fields.Char(required=True, help="What happened, in the past tense: object.verb")
    name = fields.Char(required=True, translate=True)
    description = fields.Text(required=True, translate=True, help="When exactly it happens; partners read this")
    object = fields.Char(required=True, help="Kind of thing that it is about, e.g. invoice")
    version = fields.Integer(default=1, required=True)
    schema = fields.Json(required=True, default=lambda self: {"type": "object"}, help="JSON Schema 2020-12")
    example = fields.Json(help="Attributes of one example")
    classification = fields.Selection(
        [("public", "Public"), ("internal", "Internal"), ("confidential", "Confidential")],
        required=True,
        default="internal",
        help="Of the attributes. Protected health information never travels in events",
    )
    scope = fields.Char(help="A partner's account needs this scope to subscribe, e.g. interop/invoice.read")
    path = fields.Char(
        string="Link", help="Where partners read more: a path with {id}; empty when there is no such place"
    )
    owner_id = fields.Many2one("res.users", default=lambda self: self.env.user, help="Answers questions about it")
    active = fields.Boolean(default=True, help="Archived types are not recorded any more")
    subscription_count = fields.Integer(compute="_compute_subscription_count")

    _version_unique = models.UniqueIndex("(code, version)", "This version of the event type exists already.")
    _current_unique = models.UniqueIndex("(code) WHERE active", "Another version of this event type is in force.")

    @api.constrains("code")
    def _check_code(self):
        for record in self:
            if not _CODE.match(record.code or ""):
                raise ValidationError(self.env._("An event's code has words in lower case, joined by dots."))

    @api.constrains("schema", "example")
    def _check_schema(self):
        for record in self:
            if not isinstance(record.schema, dict) or record.schema.get("type") != "object":
                raise ValidationError(self.env._("The schema of %s does not describe an object.", record.code))
            properties = record.schema.get("properties", {})
            missing = set(record.schema.get("required", ())) - (record.example or {}).keys()
            unknown = (record.example or {}).keys() - properties.keys()
            if record.example and (missing or unknown):
                raise ValidationError(self.env._("The example of %s does not fit its schema.", record.code))

    def _compute_subscription_count(self):
        counts = dict(
            self.env["interop.subscription"]._read_group(
                [("type_ids", "in", self.ids), ("state", "!=", "draft")], ["type_ids"], ["__count"]
            )
        )
        for record in self:
            record.subscription_count = counts.get(record, 0)

    @api.model_create_multi
    def create(self, vals_list):
        types = super().create(vals_list)
        self.env.registry.clear_cache()
        self.env["interop.subscription"].sudo().search([])._match_types()
        return types

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        if {"active", "code", "scope"} & vals.keys():
            self.env["interop.subscription"].sudo().search([])._match_types()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @tools.ormcache()
    def _in_force(self) -> dict[str, tuple[int, str]]:
        """``(id, object)`` of the types that are recorded, by code."""
        return {record.code: (record.id, record.object) for record in self.sudo().search([])}

    def _matching(self, patterns: list[str]):
        """The types whose codes fit one of the patterns (``*`` and ``?`` as in file names)."""
        return self.filtered(lambda record: any(fnmatchcase(record.code, pattern) for pattern in patterns))

    @api.model
    def _named(self, patterns: list[str]):
        """The types that can be subscribed to by these patterns."""
        return self.sudo().search([("code", "!=", TEST)])._matching(patterns)

    def _link(self, res_model: str, res_id: int) -> str | None:
        return self.path.replace("{id}", ids.encode(res_model, res_id)) if self.path and res_id else None

    def _schema_document(self) -> dict:
        """The schema as published, with its identity."""
        self.ensure_one()
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"/interop/v1/events/schema/{self.code}/{self.version}",
            "title": self.name,
            "description": self.description,
            **self.schema,
        }

    def action_open_subscriptions(self):
        """Who gets events of this type."""
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_event.action_subscription")
        return {**action, "domain": [("type_ids", "in", self.ids)], "context": {}}

    def action_open_events(self):
        """The recorded events of this type."""
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_event.action_event")
        return {**action, "domain": [("type_id", "in", self.ids)], "context": {}}
