from odoo import _, api, models
from odoo.exceptions import AccessDenied, ValidationError


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.constrains("active", "group_ids")
    def _check_technical_users(self):
        """Technical users of service accounts stay archived, and in the one group that is made for them."""
        accounts = self.env["interop.service.account"].sudo().with_context(active_test=False)
        technical = accounts.search([("user_id", "in", self.ids)]).user_id
        # Odoo itself adds the second one to whoever has more than one company.
        allowed = self.env.ref("interop_api.group_partner") | self.env.ref("base.group_multi_company")
        if any(user.active or user.group_ids - allowed for user in technical):
            raise ValidationError(_("The technical user of a service account cannot be activated or get more rights."))

    def _check_credentials(self, credential, env):
        """Technical users never log in, whatever somebody wrote into their record."""
        if self.env.user.sudo().has_group("interop_api.group_partner"):
            raise AccessDenied()
        return super()._check_credentials(credential, env)
