import json
import re
import uuid
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import json_default

from odoo.addons.interop_api.scopes import Grant, Scope
from odoo.addons.interop_hub import net_guard

from ..broker import EXCHANGE
from ..envelope import BINARY, STANDARD, STRUCTURED

STATES = [("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("disabled", "Disabled")]
_PATTERN = re.compile(r"[a-z0-9_.*?]+\Z")
_METHOD = re.compile(r"_on_[a-z0-9_]+\Z")


class InteropSubscription(models.Model):
    """Who gets which events, and how.

    One that a partner's account owns only gets event types within the
    account's scopes, of the account's companies; that is looked at again
    whenever the account, the types or the subscription change.
    """

    _name = "interop.subscription"
    _description = "Event Subscription"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    name = fields.Char(required=True)
    uuid = fields.Char(required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4()))
    kind = fields.Selection(
        [("webhook", "Webhook"), ("broker", "Message broker"), ("listener", "Listener in Odoo")],
        required=True,
        default="webhook",
    )
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    patterns = fields.Char(
        string="Events", required=True, default="*", help="Codes of event types; * stands for anything: invoice.*"
    )
    type_ids = fields.Many2many(
        "interop.event.type", "interop_subscription_type_rel", "subscription_id", "type_id", string="Event Types",
        readonly=True, copy=False, help="What the pattern stands for now, within the account's scopes",
    )  # fmt: skip
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Only events of this company; empty: of all"
    )
    facilities = fields.Char(help="Only events of these facilities: their codes, by comma; empty: of all")
    facility_limit = fields.Char(readonly=True, copy=False, help="What the partner's account is limited to")
    filter = fields.Json(string="Filter (JSON)")
    filter_text = fields.Char(
        string="Filter", compute="_compute_filter_text", inverse="_inverse_filter_text",
        help='Only events whose attributes contain this JSON object, e.g. {"currency": "USD"}',
    )  # fmt: skip
    account_id = fields.Many2one(
        "interop.service.account", string="Partner", ondelete="cascade", index="btree_not_null",
        help="The partner that it belongs to: limits it to what this account may read",
    )  # fmt: skip
    owner_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user, help="Gets the alert when it fails"
    )
    note = fields.Text()

    # webhook
    url = fields.Char(string="Address", help="Where events are posted to", copy=False)
    host = fields.Char(compute="_compute_host")
    trusted = fields.Boolean(
        string="Host Allowed", copy=False, tracking=True,
        help="An administrator allows this host although it is inside our network, or speaks plain HTTP",
    )  # fmt: skip
    mode = fields.Selection(
        [(STANDARD, "Standard Webhooks"), (STRUCTURED, "CloudEvents, structured"), (BINARY, "CloudEvents, binary")],
        string="Format", required=True, default=STANDARD,
    )  # fmt: skip
    with_data = fields.Boolean(
        string="Send Attributes", help="Events carry what changed, not only a reference. Never patient data"
    )
    ordering = fields.Selection(
        [("none", "As fast as possible"), ("subject", "In order per subject")],
        string="Order", required=True, default="none",
        help="In order: while an event of a subject fails, later ones of this subject wait",
    )  # fmt: skip
    parallel = fields.Integer(string="Connections", default=4, required=True)
    timeout = fields.Integer(string="Answer Within (s)", default=15, required=True)
    disable_after_hours = fields.Integer(
        string="Disable After (h)", default=120, required=True, help="Disabled after failing for so long; 0: never"
    )
    secret_ids = fields.One2many("interop.subscription.secret", "subscription_id", string="Secrets", readonly=True)

    # broker
    exchange = fields.Char(default=EXCHANGE, help="Topic exchange; the routing key is the event's type")

    # listener
    listener_model = fields.Char(string="Model", help="Technical name of the model that listens")
    listener_method = fields.Char(string="Method", help="Called with the events; its name begins with _on_")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _running = models.Index("(id) WHERE state = 'active'")
    _parallel_range = models.Constraint("CHECK (parallel BETWEEN 1 AND 32)", "An endpoint has 1 to 32 connections.")
    _timeout_range = models.Constraint("CHECK (timeout BETWEEN 1 AND 30)", "An answer is waited for 1 to 30 seconds.")

    @api.depends("url")
    def _compute_host(self):
        for record in self:
            record.host = urlsplit(record.url).netloc if record.url else False

    @api.depends("filter")
    def _compute_filter_text(self):
        for record in self:
            record.filter_text = json.dumps(record.filter, default=json_default) if record.filter else False

    def _inverse_filter_text(self):
        for record in self:
            try:
                value = json.loads(record.filter_text) if record.filter_text else False
            except ValueError:
                raise ValidationError(self.env._("The filter is not JSON.")) from None
            record.filter = value

    @api.constrains("filter", "patterns", "facilities")
    def _check_what(self):
        for record in self:
            if record.filter and not isinstance(record.filter, dict):
                raise ValidationError(self.env._("The filter is not a JSON object."))
            if not all(_PATTERN.match(pattern) for pattern in record._pattern_list()) or not record._pattern_list():
                raise ValidationError(self.env._("Events are named by codes such as invoice.posted or invoice.*"))

    @api.constrains("kind", "url", "trusted", "listener_model", "listener_method", "state")
    def _check_where(self):
        for record in self:
            if record.kind == "webhook" and (record.url or record.state == "active"):
                record._check_url()
            if record.kind == "listener" and record.state == "active":
                record._listener()

    def _check_url(self):
        try:
            scheme, host, _port = net_guard.split(self.url or "")
        except net_guard.Forbidden as refused:
            raise ValidationError(self.env._("The address cannot be used: %s", refused.text)) from None
        if scheme != "https" and not self.trusted:
            raise ValidationError(
                self.env._("Events travel by HTTPS only, unless an administrator allows the host %s.", host)
            )

    def _listener(self):
        """The model and the method that listen.

        :raises ValidationError: when there is none of this name
        """
        model = self.env.get(self.listener_model or "")
        name = self.listener_method or ""
        if model is None or not _METHOD.match(name) or not callable(getattr(type(model), name, None)):
            raise ValidationError(self.env._("%s has no such listener.", self.listener_model or "?"))
        return model, name

    def _pattern_list(self) -> list[str]:
        return [part for part in re.split(r"[,\s]+", self.patterns or "") if part]

    def _allowed_hosts(self) -> frozenset[str]:
        """Hosts that the guard lets through for this subscription."""
        if not self.trusted or not self.url:
            return frozenset()
        _scheme, host, port = net_guard.split(self.url)
        return frozenset({f"{host}:{port}"})

    # -- authorization -------------------------------------------------------

    def _grant(self) -> Grant | None:
        """What the owning account may see; None when no account owns it."""
        account = self.account_id
        if not account:
            return None
        return Grant.parse(account.scopes)

    @api.model
    def _types_for(self, grant: Grant | None, patterns: list[str]):
        """Event types that fit patterns and that somebody may see.

        :param grant: scopes of a partner, None for ourselves
        """
        wanted = self.env["interop.event.type"]._named(patterns)
        if grant is None:
            return wanted
        return wanted.filtered(lambda kind: not kind.scope or grant.covers(Scope.parse(kind.scope)))

    @api.model
    def _facilities_of(self, account) -> list[str] | None:
        """Codes of the facilities that an account is limited to; None for all. Addons that know facilities override it."""
        return None

    def _match_types(self) -> None:
        """Look again which event types these subscriptions get, and of which facilities."""
        for record in self.sudo():
            account = record.account_id
            wanted = self._types_for(record._grant(), record._pattern_list())
            companies = record._account_companies()
            if account and (not account.active or (companies and record.company_id not in companies)):
                wanted = wanted.browse()
            facilities = self._facilities_of(account) if account else None
            limit = ",".join(facilities) if facilities is not None else False
            if wanted != record.type_ids or limit != record.facility_limit:
                record.write({"type_ids": [fields.Command.set(wanted.ids)], "facility_limit": limit})

    @api.constrains("account_id", "company_id")
    def _check_account(self):
        for record in self.filtered("account_id"):
            companies = record._account_companies()
            if companies and record.company_id not in companies:
                raise ValidationError(self.env._("This account may not see events of that company."))

    def _account_companies(self):
        account = self.sudo().account_id
        return account.company_id | account.company_ids

    @api.model_create_multi
    def create(self, vals_list):
        self._check_trust(*vals_list)
        records = super().create(vals_list)
        records._match_types()
        self.env["interop.audit.event"]._record("subscription.create", records)
        return records

    def write(self, vals):
        self._check_trust(vals)
        if "url" in vals and "trusted" not in vals and any(r.trusted and r.url != vals["url"] for r in self):
            vals = {**vals, "trusted": False}  # the administrator allowed another host
        result = super().write(vals)
        if {"patterns", "account_id"} & vals.keys():
            self._match_types()
        changed = sorted({"url", "patterns", "account_id", "company_id", "trusted", "with_data", "state"} & vals.keys())
        if changed:
            self.env["interop.audit.event"]._record("subscription.change", self, ", ".join(changed))
            self.env["interop.lane"]._wake_subscriptions(self.ids)
        return result

    def unlink(self):
        self.env["interop.audit.event"]._record("subscription.delete", self)
        return super().unlink()

    def _check_trust(self, *vals_list):
        if any(vals.get("trusted") for vals in vals_list) and not (
            self.env.su or self.env.user.has_group("interop_hub.group_admin")
        ):
            raise AccessError(self.env._("Only administrators may allow a host."))
