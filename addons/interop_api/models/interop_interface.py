from odoo import api, fields, models


class InteropInterface(models.Model):
    _inherit = "interop.interface"

    direction = fields.Selection(selection_add=[("serve", "Served")], ondelete={"serve": "cascade"})
    open_to_all = fields.Boolean(
        string="Open to Every Account", help="Every valid account may use it; else those that name it"
    )
    account_ids = fields.Many2many(
        "interop.service.account",
        "interop_service_account_interface_rel",
        "interface_id",
        "account_id",
        string="Allowed Accounts",
        help="Service accounts that name this interface",
    )
    account_rate = fields.Integer(
        string="Requests per Minute and Account", help="For accounts without a limit of their own; 0: no limit"
    )
    max_page = fields.Integer(string="Largest Page", default=500, required=True, help="Records in one answer")
    max_bundle = fields.Integer(
        string="Largest Bundle", default=500, required=True, help="Entries of one bundle or set that comes in"
    )
    max_json_depth = fields.Integer(string="Deepest JSON", default=64, required=True, help="Levels of a document")

    _quota_range = models.Constraint(
        "CHECK (max_page BETWEEN 1 AND 100000 AND max_bundle BETWEEN 1 AND 100000"
        " AND max_json_depth BETWEEN 2 AND 500 AND account_rate >= 0)",
        "Pages and bundles have 1 to 100,000 entries, documents 2 to 500 levels, and rates are not negative.",
    )

    @api.model
    def _door_fields(self):
        return [
            *super()._door_fields(),
            "max_page",
            "max_bundle",
            "max_json_depth",
            "open_to_all",
            "account_rate",
        ]
