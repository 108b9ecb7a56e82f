from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from .. import money, sql_rows, states
from ..row import COLUMNS, CONTENT, DECIDED, Row

#: Reasons that the facts decide; the others wait for a person or for the original.
EVALUATED = states.EVALUATED_REASONS


class HealthCharge(models.Model):
    """Deciding, from the facts of the moment, whether charges can be billed (business rule 7)."""

    _inherit = "health.charge"

    # -- reading -------------------------------------------------------------

    @api.model
    def _load(self, condition):
        """Return the :class:`Row` of each charge that meets an SQL condition, in order of capture.

        :param condition: :class:`odoo.tools.SQL` over the alias ``c``
        """
        self.env["health.charge"].flush_model()
        names = SQL(", ").join(SQL.identifier("c", name) for name in ("id", *COLUMNS))
        self.env.cr.execute(SQL("SELECT %s FROM health_charge c WHERE %s ORDER BY c.id", names, condition))
        rows = [Row(**dict(zip(("id", *COLUMNS), values, strict=True))) for values in self.env.cr.fetchall()]
        for row in rows:  # the connection reads numeric columns as float
            row.quantity, row.amount = Decimal(repr(row.quantity)), Decimal(repr(row.amount or 0.0))
        return rows

    # -- deciding --------------------------------------------------------------

    @api.model
    def _evaluate(self, rows):
        """Resolve what the rows name and decide each one's state.

        The reasons are looked at in a fixed order: visit, service, location,
        payer. One query per model, whatever the number of rows.
        """
        if not rows:
            return
        visits = self._visit_facts({row.encounter_id for row in rows if row.encounter_id})
        services = self._mapped("health.service.mapping", rows, "service_code")
        locations = self._mapped("health.location.mapping", rows, "unit_code")
        catalog = self._service_facts(set(services.values()))
        systems = self._system_codes({row.system_id for row in rows})
        for row in rows:
            row.service_id = services.get((row.system_id, row.service_code, row.service_date))
            row.location_id = locations.get((row.system_id, row.unit_code, row.service_date)) if row.unit_code else None
            billable, list_price = catalog.get(row.service_id, (True, None))
            if row.price_source == "list":
                row.amount = money.price(None, None, row.quantity, list_price)[0]
            visit = visits.get(row.encounter_id)
            if visit:
                row.account_id = visit.account_id
            self._decide(row, visit, billable, systems[row.system_id])

    @api.model
    def _decide(self, row, visit, billable, system):
        """Set the state of one row from its facts; ``visit`` is None or a :meth:`_visit_facts` value."""
        _ = self.env._
        if visit is None or visit.cancelled:
            key = row.visit_key or f"{system}:none"
            row.quarantine(states.VISIT, ("unknown_visit", key, _("Charges for an unknown or cancelled visit")))
        elif not row.service_id:
            key = f"{system}:{row.service_code}"
            row.quarantine(states.SERVICE, ("unmapped_service", key, _("Service %s is not mapped", key)))
        elif row.unit_code and not row.location_id:
            key = f"{system}:{row.unit_code}"
            row.quarantine(states.LOCATION, ("unmapped_location", key, _("Location %s is not mapped", key)))
        elif visit.payer_code is not None:
            key = f"{visit.payer_system or system}:{visit.payer_code}"
            row.quarantine(states.PAYER, ("unmapped_payer", key, _("Payer %s is not mapped", key)))
        elif not billable:
            row.settle(states.NON_BILLABLE)
        else:
            row.settle(states.CAPTURED)

    # -- writing ---------------------------------------------------------------

    @api.model
    def _store(self, rows):
        """Write evaluated rows: exceptions opened, new charges inserted, known ones moved, exceptions settled.

        :param rows: :class:`Row` objects, each key once, in order of capture
        """
        rows = [row for row in rows if row.changed]
        if not rows:
            return
        self._open_blockers(rows)
        known = [row for row in rows if row.id is not None]
        self._insert([row for row in rows if row.id is None])
        self._move([{"id": row.id, **{name: getattr(row, name) for name in (*CONTENT, *DECIDED)}} for row in known])
        self._void([row.id for row in known if row.void])
        touched = set().union(*(row.released for row in rows)) | {row.exception_id for row in rows}
        touched.discard(None)
        self._settle_exceptions(touched, self.env._("Nothing waits for it any more."))
        for row in rows:
            row.changed = row.evaluate = row.void = False
            row.released = set()

    @api.model
    def _insert(self, rows):
        now = self.env.cr.now()
        stamp = {"create_uid": self.env.uid, "write_uid": self.env.uid, "create_date": now, "write_date": now}
        columns = (*COLUMNS, "captured_at", *stamp)
        values = [(*(getattr(row, name) for name in COLUMNS), now, *stamp.values()) for row in rows]
        for row in rows:
            if row.state not in states.BIRTH:
                raise ValueError(f"A charge is not born {row.state}.")
        returned = sql_rows.insert_rows(
            self.env.cr,
            self._table,
            columns,
            values,
            suffix="ON CONFLICT (system_id, transaction_id, line) DO NOTHING"
            " RETURNING id, system_id, transaction_id, line",
            fetch=True,
        )
        ids = {tuple(key): charge_id for charge_id, *key in returned}
        for row in rows:
            row.id = ids[row.key]
        self.env["health.charge"].invalidate_model()

    @api.model
    def _void(self, charge_ids):
        """Mark what is on invoices for these charges to be taken back by the next billing run."""
        if not charge_ids:
            return
        self.env["health.charge.billing"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE health_charge_billing SET state = 'void_pending' WHERE state = 'active' AND charge_id IN %s",
                tuple(charge_ids),
            )
        )
        if self.env.cr.rowcount:
            self.env["health.charge.billing"].invalidate_model()
            self.env["health.billing"]._wake()

    @api.model
    def _open_blockers(self, rows):
        """Open one exception for each distinct thing that blocks rows, and note it on them."""
        blocked = [row for row in rows if row.blocker and not row.exception_id]
        if not blocked:
            return
        owners = self._owners(blocked)
        interfaces = self._interfaces({row.message_id for row in blocked if row.message_id})
        specs = {}
        for row in blocked:
            kind, key, summary = row.blocker
            spec = specs.setdefault(
                (kind, key, row.company_id),
                {
                    "type": kind,
                    "key": key,
                    "name": summary,
                    "company_id": row.company_id,
                    "interface_id": interfaces.get(row.message_id),
                    "owner_id": owners[row.system_id, row.facility_id],
                    "amount": Decimal(0),
                },
            )
            spec["amount"] += abs(row.amount)
        for spec in specs.values():
            spec["amount"] = float(spec["amount"])
        opened = self.env["interop.exception"].sudo()._open(list(specs.values()))
        ids = dict(zip(specs, opened.ids, strict=True))
        for row in blocked:
            row.exception_id = ids[row.blocker[0], row.blocker[1], row.company_id]

    @api.model
    def _interfaces(self, message_ids):
        """Return ``{message id: interface id}``."""
        if not message_ids:
            return {}
        self.env.cr.execute(SQL("SELECT id, interface_id FROM interop_message WHERE id IN %s", tuple(message_ids)))
        return dict(self.env.cr.fetchall())

    @api.model
    def _owners(self, rows):
        """Return ``{(system, facility): user id}``: who looks after what these sources could not name."""
        systems = self.env["interop.system"].sudo().browse({row.system_id for row in rows})
        facilities = self.env["health.facility"].sudo().browse({row.facility_id for row in rows})
        billing = self.env["health.billing"]
        return {
            (system.id, facility.id): billing._owner(system=system, facility=facility).id
            for system in systems
            for facility in facilities
        }

    @api.model
    def _settle_exceptions(self, exception_ids, reason):
        """Set the money at risk of exceptions anew and resolve those that block no charge any more."""
        exception_ids = [exception_id for exception_id in exception_ids if exception_id]
        if not exception_ids:
            return
        self.env["health.charge"].flush_model()
        exceptions = self.env["interop.exception"].sudo().browse(exception_ids)
        exceptions.flush_model(["amount"])
        self.env.cr.execute(
            SQL(
                """
                WITH blocked AS (
                    SELECT exception_id, SUM(ABS(amount)) AS amount
                      FROM health_charge
                     WHERE exception_id IN %(ids)s AND (state = 'quarantined' OR billing_blocked)
                  GROUP BY exception_id)
                UPDATE interop_exception e SET amount = blocked.amount
                  FROM blocked WHERE blocked.exception_id = e.id
             RETURNING e.id
                """,
                ids=tuple(exception_ids),
            )
        )
        held = {row[0] for row in self.env.cr.fetchall()}
        exceptions.invalidate_recordset(["amount"])
        free = exceptions.filtered(lambda exception: exception.id not in held and exception._blocks_nothing())
        if free:
            free._resolve(reason)

    # -- evaluating again ----------------------------------------------------------

    @api.model
    def _reevaluate(self, charge_ids=None, *, condition=None, reasons=EVALUATED):
        """Decide again about quarantined charges, in order of capture, as one set.

        :param charge_ids: limit to these, or None
        :param condition: further SQL over the alias ``c``
        :param reasons: quarantine reasons that are looked at
        :return: number of charges that are no longer quarantined
        """
        if charge_ids is not None and not charge_ids:
            return 0
        rows = self._load(
            SQL(
                "c.state = 'quarantined' AND c.quarantine_reason IN %s AND %s AND %s",
                tuple(reasons),
                SQL("c.id IN %s", tuple(charge_ids)) if charge_ids is not None else SQL("TRUE"),
                condition or SQL("TRUE"),
            )
        )
        return self._decide_again(rows)

    @api.model
    def _decide_again(self, rows):
        """Evaluate and store loaded rows; wake billing when something may be billed now."""
        self._evaluate(rows)
        self._store(rows)
        healed = sum(row.state != states.QUARANTINED for row in rows)
        if healed:
            self.env["health.billing"]._wake()
        return healed
