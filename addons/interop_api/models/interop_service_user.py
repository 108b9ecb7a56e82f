from odoo import Command, _, api, fields, models
from odoo.exceptions import ValidationError

from ..scopes import MAX_TEXT, Grant, ScopeError

_QUIET = {"active_test": True, "no_reset_password": True, "tracking_disable": True, "mail_create_nosubscribe": True}


class InteropServiceAccount(models.Model):
    """What an account may do beyond sending: scopes, companies, and the user whom record rules limit."""

    _inherit = "interop.service.account"

    user_id = fields.Many2one(
        "res.users",
        string="Technical User",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Requests of this partner run as this user, so that record rules limit them. Nobody can log in as it",
    )
    company_ids = fields.Many2many(
        "res.company",
        "interop_service_account_company_rel",
        "account_id",
        "company_id",
        string="Further Companies",
        help="Beside its own company. An account without a company of its own reaches all of them",
    )
    scopes = fields.Text(
        help="What it may do, as in interop/invoice.read or system/Encounter.rs; separated by spaces or lines"
    )
    scope_count = fields.Integer(compute="_compute_scope_count")

    _user_unique = models.UniqueIndex("(user_id)", "A technical user belongs to one account.")

    @api.depends("scopes")
    def _compute_scope_count(self):
        for account in self:
            account.scope_count = len(Grant.parse(account.scopes).scopes)

    @api.constrains("scopes")
    def _check_scopes(self):
        for account in self:
            try:
                Grant.parse(account.scopes, strict=True)
            except ScopeError as error:
                raise ValidationError(
                    _("The scopes of %(account)s: %(error)s", account=account.name, error=error)
                ) from None
            if len(account.scopes or "") > MAX_TEXT:
                raise ValidationError(_("The scopes of an account have %s characters at most.", MAX_TEXT))

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts._make_users()
        return accounts

    def write(self, vals):
        result = super().write(vals)
        if {"name", "company_id", "company_ids"} & vals.keys():
            self._sync_users()
        return result

    @api.model
    def _make_missing_users(self):
        """Give accounts of earlier versions their technical users."""
        self.sudo().with_context(active_test=False).search([("user_id", "=", False)])._make_users()

    def _make_users(self) -> None:
        """Create the technical user of each account: archived, without a password, in one group."""
        accounts = self.sudo().filtered(lambda account: not account.user_id)
        if not accounts:
            return
        group = self.env.ref("interop_api.group_partner")
        users = (
            self.env["res.users"]
            .sudo()
            .with_context(**_QUIET)
            .create(
                [
                    {
                        **account._user_values(),
                        "login": f"service-account-{account.id}",
                        "active": False,
                        "group_ids": [Command.set(group.ids)],
                    }
                    for account in accounts
                ]
            )
        )
        for account, user in zip(accounts, users, strict=True):
            account.user_id = user

    def _user_values(self) -> dict:
        companies = self.company_id | self.company_ids if self.company_id else self.env["res.company"].search([])
        main = self.company_id or self.env.ref("base.main_company", raise_if_not_found=False) or companies[:1]
        return {
            "name": _("%s (service account)", self.name),
            "company_id": (main & companies or companies[:1]).id,
            "company_ids": [Command.set(companies.ids)],
        }

    def _sync_users(self) -> None:
        """Names and companies of the technical users follow their accounts."""
        for account in self.sudo().filtered("user_id"):
            account.user_id.with_context(**_QUIET).write(account._user_values())
