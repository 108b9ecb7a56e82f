from odoo import api, fields, models


class HealthCoverage(models.Model):
    """A patient's insurance with one payer.

    Quarantined while the sender's payer code has no approved mapping: the code
    is kept, the payer is empty, and nothing is billed by it.
    """

    _name = "health.coverage"
    _description = "Coverage"
    _order = "priority, id"

    account_id = fields.Many2one("health.patient.account", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="account_id.company_id")
    state = fields.Selection(
        [("active", "Active"), ("quarantined", "Quarantined"), ("ended", "Ended")], required=True, default="active"
    )
    priority = fields.Integer(default=1, help="1 = primary, as last said by the sender.")
    system_id = fields.Many2one("interop.system", "Source System", ondelete="restrict")
    payer_code = fields.Char("Source Payer Code")
    payer_name = fields.Char("Source Payer Name")
    payer_id = fields.Many2one("health.payer", index=True, ondelete="restrict")
    plan_code = fields.Char("Plan")
    member_id = fields.Char("Member ID")
    group_number = fields.Char("Group Number")
    relationship = fields.Char(help="Of the insured person to the patient, as sent.")
    valid_from = fields.Date()
    valid_to = fields.Date()
    encounter_link_ids = fields.One2many("health.encounter.coverage", "coverage_id", "Encounters")

    _member_uniq = models.UniqueIndex(
        "(account_id, COALESCE(system_id, 0), COALESCE(payer_code, ''), COALESCE(member_id, ''))"
        " WHERE payer_code IS NOT NULL",
        "The account has this coverage already.",
    )
    _quarantined_idx = models.Index("(system_id, payer_code) WHERE state = 'quarantined'")
    _payer_or_quarantine = models.Constraint(
        "CHECK (state <> 'active' OR payer_id IS NOT NULL)", "An active coverage names its payer."
    )

    @api.depends("payer_id.name", "payer_name", "payer_code", "plan_code")
    def _compute_display_name(self):
        for coverage in self:
            payer = coverage.payer_id.name or coverage.payer_name or coverage.payer_code or ""
            coverage.display_name = f"{payer} ({coverage.plan_code})" if coverage.plan_code else payer

    def _heal(self, mappings):
        """Give the quarantined coverages of newly approved payer codes their payer.

        Resolves the ``unmapped_payer`` exceptions of the codes and tells the
        intake's ``_coverages_changed`` hook which encounters are concerned.

        :param mappings: approved health.payer.mapping records
        """
        codes = {(mapping.system_id.id, mapping.code): mapping.payer_id for mapping in mappings if mapping.payer_id}
        if not codes:
            return
        waiting = self.search(
            [
                ("state", "=", "quarantined"),
                ("system_id", "in", [system for system, _code in codes]),
                ("payer_code", "in", [code for _system, code in codes]),
            ]
        ).grouped(lambda coverage: codes.get((coverage.system_id.id, coverage.payer_code)))
        healed = self.browse()
        for payer, coverages in waiting.items():
            if payer:
                coverages.write({"payer_id": payer.id, "state": "active"})
                healed |= coverages
        keys = [f"{mapping.system_id.code}:{mapping.code}" for mapping in mappings]
        encounters = healed.encounter_link_ids.encounter_id
        if encounters:
            self.env["health.intake"]._coverages_changed(encounters)
        self.env["interop.exception"].search(
            [("type", "=", "unmapped_payer"), ("key", "in", keys), ("state", "!=", "resolved")]
        )._resolve(self.env._("The payer code is mapped now."))

    def action_open_encounters(self):
        """Open the visits that this coverage is used for."""
        action = self.env["ir.actions.act_window"]._for_xml_id("health_core.action_health_encounter")
        return action | {"domain": [("coverage_ids.coverage_id", "in", self.ids)], "context": {}}
