from odoo import models
from odoo.tools import SQL

from odoo.addons.interop_hub import keyring

from .. import money, sql_rows, states
from ..row import Row, fold

#: Of a visit's open and quarantined charges, those that its facts decide about.
LIVE = SQL(
    "(c.state = 'captured' OR (c.state = 'quarantined' AND c.quarantine_reason IN %s))", states.EVALUATED_REASONS
)


class HealthIntake(models.AbstractModel):
    """Charges, and what happens to charges when visits and patients change."""

    _inherit = "health.intake"

    # -- charges -----------------------------------------------------------------

    def _apply_charge_capture(self, steps):
        """Keep what was received, fold it onto the charges of its keys, decide and write them as one set.

        :param steps: ``Step`` objects of ``charge.capture``, oldest first
        """
        charges = self.env["health.charge"].sudo()
        ring = keyring.ring()
        said = self._said(steps, ring)
        if len(captured := self._keep_captures(steps, said)) < len(steps):
            steps, said = self._first_time(steps, said, captured)
        rows = {row.key: row for row in self._charges_of({row.key for row in said})}
        codes = charges._system_codes({step.system_id for step in steps})
        for step, new in zip(steps, said, strict=True):
            awaits = (
                "unknown_original",
                f"{codes[step.system_id]}:{ring.digest(f'{new.transaction_id}/{new.line}')}",
                self.env._("A credit was received for a charge that never came"),
            )
            rows[new.key] = fold(rows.get(new.key), new, step.command.action, awaits)
        charges._evaluate([row for row in rows.values() if row.evaluate])
        charges._store(list(rows.values()))
        self.env["interop.link"]._add(
            list({(step.message_id, "health.charge", rows[new.key].id) for step, new in zip(steps, said, strict=True)})
        )
        if any(row.state == states.CAPTURED for row in rows.values()):
            self.env["health.billing"]._wake()

    def _said(self, steps, ring):
        """Return a :class:`Row` per step with what its command says, references resolved."""
        visit_keys = [self._visit_key(step, step.command.visit) if step.command.visit else None for step in steps]
        visits = self._find_visits({key for key in visit_keys if key})
        performers = self._find_practitioners(
            [(step, step.command.performer) for step in steps if step.command.performer]
        )
        rows = []
        for step, visit_key in zip(steps, visit_keys, strict=True):
            command = step.command
            amount, source = money.price(command.amount, command.unit_price, command.quantity, None)
            row = Row(
                system_id=step.system_id,
                transaction_id=command.transaction_id,
                line=command.line,
                message_id=step.message_id or None,
                company_id=step.site.company_id,
                facility_id=step.site.id,
                visit_key=f"{visit_key[0]}:{ring.digest(visit_key[1])}" if visit_key else None,
                encounter_id=visits.get(visit_key),
                service_code=command.service_code,
                service_description=command.service_description or None,
                service_date=command.service_date,
                quantity=command.quantity,
                unit_price=command.unit_price,
                amount=amount,
                price_source=source,
                unit_code=(command.point_of_care.code or None) if command.point_of_care else None,
                performer_id=self._performer(performers, command.performer),
                modifiers=" ".join(command.modifiers) or None,
                order_number=command.order_number or None,
                diagnosis_codes=" ".join(command.diagnosis_codes) or None,
            )
            row.fingerprint = ring.mac("charge", self._content(row).encode()).hex()[:32]
            rows.append(row)
        return rows

    @staticmethod
    def _performer(performers, ref):
        return performers.get((ref.authority, ref.value)) if ref else None

    @staticmethod
    def _content(row):
        """Return what two receptions of the same charge have in common, as one text."""
        parts = (
            row.facility_id,
            row.visit_key,
            row.service_code,
            row.service_date,
            row.quantity.normalize(),
            row.price_source,
            row.amount if row.price_source != "list" else "",
            row.unit_code,
            row.modifiers,
            row.performer_id,
            row.order_number,
            row.diagnosis_codes,
        )
        return "\x1f".join("" if part is None else str(part) for part in parts)

    def _keep_captures(self, steps, said):
        """Write the append-only rows; return the ``(message, transaction, line)`` that were not there yet."""
        self.env["health.charge.capture"].flush_model()
        now = self.env.cr.now()
        columns = (
            "system_id",
            "transaction_id",
            "line",
            "action",
            "company_id",
            "facility_id",
            "service_date",
            "quantity",
            "amount",
            "message_id",
            "captured_at",
        )
        values = [
            (
                row.system_id,
                row.transaction_id,
                row.line,
                step.command.action,
                row.company_id,
                row.facility_id,
                row.service_date,
                row.quantity,
                row.amount if row.price_source != "list" else None,
                row.message_id,
                now,
            )
            for step, row in zip(steps, said, strict=True)
        ]
        return sql_rows.insert_rows(
            self.env.cr,
            "health_charge_capture",
            columns,
            values,
            suffix="ON CONFLICT (message_id, transaction_id, line) DO NOTHING"
            " RETURNING message_id, transaction_id, line",
            fetch=True,
        )

    @staticmethod
    def _first_time(steps, said, captured):
        """Leave out what the same message brought before: it was replayed after it was done."""
        fresh = {tuple(key) for key in captured}
        pairs = []
        for step, row in zip(steps, said, strict=True):
            key = (row.message_id, row.transaction_id, row.line)
            if key in fresh:
                fresh.discard(key)
                pairs.append((step, row))
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def _charges_of(self, keys):
        """Return the rows of the charges that exist under these keys."""
        systems, transactions, lines = (list(part) for part in zip(*keys, strict=True)) if keys else ([], [], [])
        return (
            self.env["health.charge"]
            .sudo()
            ._load(
                SQL(
                    "(c.system_id, c.transaction_id, c.line) IN"
                    " (SELECT * FROM unnest(%s::int[], %s::varchar[], %s::int[]))",
                    systems,
                    transactions,
                    lines,
                )
            )
        )

    # -- visits ------------------------------------------------------------------

    def _visits_arrived(self, encounters):
        super()._visits_arrived(encounters)
        self.env["health.charge"].sudo()._visits_arrived(encounters)

    def _encounters_finished(self, encounters):
        super()._encounters_finished(encounters)
        if encounters:
            self.env["health.billing"]._wake()

    def _encounters_cancelled(self, encounters):
        super()._encounters_cancelled(encounters)
        self._look_again(encounters)

    def _coverages_changed(self, encounters):
        super()._coverages_changed(encounters)
        self._look_again(encounters)

    def _visits_merged(self, pairs):
        super()._visits_merged(pairs)
        self.env["health.charge"].sudo()._follow_visits(pairs)

    def _visits_moved(self, moves):
        super()._visits_moved(moves)
        self.env["health.charge"].sudo()._follow_accounts([encounter.id for encounter, _former in moves])

    def _accounts_merged(self, pairs):
        super()._accounts_merged(pairs)
        self.env["health.receivable.transfer"].sudo()._request(pairs)

    def _look_again(self, encounters):
        """Decide again about the open and quarantined charges of encounters whose facts changed."""
        if encounters:
            charges = self.env["health.charge"].sudo()
            charges._decide_again(charges._load(SQL("c.encounter_id IN %s AND %s", tuple(encounters.ids), LIVE)))
