from collections import defaultdict

from odoo import api, models


class InteropOwnedMixin(models.AbstractModel):
    """Keeps people from changing what another system owns, and shows it on forms.

    Only the superuser mode passes unchecked: data files and the programs that
    apply partner data, which screen it themselves (``interop.authority._screen``).
    """

    _name = "interop.owned.mixin"
    _description = "Partly Owned by Other Systems"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self.env["interop.authority"]._screen([(self.browse(), vals) for vals in vals_list])
        return super().create(vals_list)

    def write(self, vals):
        authority = self.env["interop.authority"]
        if self.env.su or not self or not authority._rules(self._name):
            return super().write(vals)
        screened = authority._screen([(record, vals) for record in self])
        groups = defaultdict(self.browse)
        for record, kept in zip(self, screened, strict=True):
            groups[tuple(kept)] |= record
        for names, records in groups.items():
            if names or not vals:
                super(InteropOwnedMixin, records).write({name: vals[name] for name in names})
        return True

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        if self.env["interop.authority"]._rules(self._name):
            key += (self.env.company.id,)
        return key

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type in ("form", "list"):
            self._lock_owned(arch, view_type)
        return arch, view

    @api.model
    def _lock_owned(self, arch, view_type: str) -> None:
        """Lock the fields that others own; where a rule flags, only say so."""
        rules = self.env["interop.authority"]._verdicts(self._name, None, self.env.company.id).rules
        if not rules:
            return
        owners = {
            rule.id: rule.owner_name
            for rule in self.env["interop.authority"].sudo().browse({rule.id for rule in rules.values()})
        }
        for node in arch.xpath("//field[not(ancestor::field)]"):
            rule = rules.get(node.get("name"))
            if rule is None:
                continue
            locked = rule.policy != "flag"
            if locked:
                before = node.get("readonly")
                # A new record has no owner's value yet.
                node.set("readonly", f"({before}) or id" if before else "id")
            if view_type != "form":
                continue
            text = (
                self.env._("Owned by %s: change it there.", owners[rule.id])
                if locked
                else self.env._("Owned by %s: your value is kept aside until a steward accepts it.", owners[rule.id])
            )
            own = node.get("help") or self._fields[node.get("name")]._description_help(self.env) or ""
            node.set("help", f"{own}\n{text}".strip())
            classes = f"{node.get('class') or ''} o_interop_owned"
            node.set("class", classes.strip() + ("" if locked else " o_interop_owned_flag"))
