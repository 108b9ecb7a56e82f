from odoo import api, fields, models
from odoo.exceptions import UserError

DEMOGRAPHICS = (
    "family",
    "given",
    "middle",
    "birth_date",
    "sex",
    "street",
    "city",
    "state_code",
    "zip",
    "country_code",
    "phone",
    "email",
)


def patient_name(family, given, middle=None):
    """Return the name that people read: family name first."""
    first = " ".join(part for part in (given, middle) if part)
    return ", ".join(part for part in (family, first) if part)


class HealthPatientAccount(models.Model):
    """A patient's financial account: who, under which identifiers, with which visits and coverages.

    Holds protected health information; everything else refers to it by
    :attr:`reference` where such information has no place.
    """

    _name = "health.patient.account"
    _description = "Patient Account"
    _inherit = ["interop.owned.mixin", "interop.linked.mixin"]
    _order = "id desc"
    _rec_names_search = ["name", "identifier_ids.value"]

    reference = fields.Char(compute="_compute_reference", help="Names the account where no patient data may stand.")
    name = fields.Char(compute="_compute_name", store=True, index="trigram")
    family = fields.Char("Family Name")
    given = fields.Char("Given Name")
    middle = fields.Char("Middle Name")
    birth_date = fields.Date("Date of Birth")
    sex = fields.Selection([("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "Unknown")])
    street = fields.Char()
    city = fields.Char()
    state_code = fields.Char("State")
    zip = fields.Char("Postal Code")
    country_code = fields.Char("Country")
    phone = fields.Char()
    email = fields.Char()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: the patient was seen by facilities of several companies."
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Billing Partner",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="Created when the patient is first billed.",
    )
    merged_into_id = fields.Many2one(
        "health.patient.account", "Merged Into", index="btree_not_null", ondelete="restrict", copy=False, readonly=True
    )
    merged_ids = fields.One2many(
        "health.patient.account", "merged_into_id", "Merged Accounts", context={"active_test": False}
    )
    merged_at = fields.Datetime("Merged On", readonly=True, copy=False)
    identifier_ids = fields.One2many("health.patient.identifier", "account_id", "Identifiers")
    coverage_ids = fields.One2many("health.coverage", "account_id", "Coverages")
    encounter_ids = fields.One2many("health.encounter", "account_id", "Encounters")
    primary_identifier = fields.Char("Identifier", compute="_compute_primary_identifier")
    encounter_count = fields.Integer("Number of Encounters", compute="_compute_encounter_count")

    def _compute_reference(self):
        for account in self:
            account.reference = f"PA{account.id:07d}" if isinstance(account.id, int) else ""

    @api.depends("family", "given", "middle")
    def _compute_name(self):
        for account in self:
            account.name = patient_name(account.family, account.given, account.middle)

    @api.depends("name")
    def _compute_display_name(self):
        for account in self:
            account.display_name = account.name or account.reference or self.env._("New account")

    @api.depends("identifier_ids.value", "identifier_ids.type")
    def _compute_primary_identifier(self):
        for account in self:
            ranked = account.identifier_ids.sorted(lambda identifier: (identifier.type != "MR", identifier.id or 0))
            account.primary_identifier = ranked[:1].value

    def _compute_encounter_count(self):
        counts = dict(
            self.env["health.encounter"]._read_group([("account_id", "in", self.ids)], ["account_id"], ["__count"])
        )
        for account in self:
            account.encounter_count = counts.get(account, 0)

    def _survivors(self):
        """Return the accounts with each merged one replaced by the account that it ended in."""
        survivors = self
        while survivors.merged_into_id:
            survivors = survivors.browse(
                dict.fromkeys(account.merged_into_id.id or account.id for account in survivors)
            )
        return survivors

    def action_merge(self):
        """Merge the chosen accounts into the oldest of them, as a message would.

        :raises UserError: fewer than two living accounts are chosen
        """
        self.check_access("write")
        living = self._survivors().sorted("id")
        if len(living) < 2:
            raise UserError(self.env._("Choose at least two accounts that are not merged yet."))
        survivor = living[0]
        self.env["interop.audit.event"]._record("account.merge", living)
        self.env["health.intake"].sudo()._merge_accounts(survivor, living - survivor)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": survivor.id,
            "view_mode": "form",
        }

    def action_open_encounters(self):
        """Open the visits of these accounts."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_encounter")
        return action | {"domain": [("account_id", "in", self.ids)], "context": {}}
