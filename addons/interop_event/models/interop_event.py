import json
import logging

from odoo import api, fields, models
from odoo.http import request

from odoo.addons.interop_api.rest import ids

from ..emission import Happened, uuid7s
from ..envelope import Event

_logger = logging.getLogger(__name__)

BATCH = 5000
RETENTION_DAYS = 90


class InteropEvent(models.Model):
    """The outbox: what happened, inserted in the transaction that made it happen.

    Nothing else is done there. After the commit the relay numbers the event
    (``position`` over all, ``sequence`` per subject; only these two columns
    are ever written, once) and hands it to the subscriptions.

    The columns ``uuid``, ``aggregatetype``, ``aggregateid``, ``type`` and
    ``payload`` are those that Debezium's outbox event router reads.
    """

    _name = "interop.event"
    _description = "Business Event"
    _log_access = False
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(string="Event ID", required=True, readonly=True)
    type = fields.Char(required=True, readonly=True)
    type_id = fields.Many2one("interop.event.type", string="Event Type", readonly=True, ondelete="restrict")
    aggregatetype = fields.Char(string="Object", required=True, readonly=True)
    aggregateid = fields.Char(
        string="Subject",
        required=True,
        readonly=True,
        help="Opaque id of what it is about, the same as in the REST resources",
    )
    payload = fields.Json(string="Attributes", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    facility = fields.Char(readonly=True)
    occurred_at = fields.Datetime(string="When", required=True, readonly=True)
    trace_id = fields.Char(string="Trace", readonly=True)
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model", readonly=True)
    position = fields.Integer(readonly=True, help="Place in the stream of all events; empty until the relay took it")
    sequence = fields.Integer(readonly=True, help="Number among the events of its subject")
    delivery_ids = fields.One2many("interop.delivery", "event_id", string="Deliveries", readonly=True)
    delivery_count = fields.Integer(compute="_compute_delivery_count")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _fresh = models.Index("(id) WHERE position IS NULL")
    _stream = models.UniqueIndex("(position) WHERE position IS NOT NULL")
    _record = models.Index("(res_model, res_id)")
    _when = models.Index("(occurred_at)")

    def init(self):
        self.env.cr.execute("CREATE SEQUENCE IF NOT EXISTS interop_event_position")
        self.env.cr.execute(
            "CREATE TABLE IF NOT EXISTS interop_event_subject (subject varchar PRIMARY KEY, last integer NOT NULL)"
        )
        self.env.cr.execute(
            "ALTER TABLE interop_event SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05,"
            " autovacuum_vacuum_insert_scale_factor = 0.1)"
        )

    def _compute_delivery_count(self):
        counts = dict(
            self.env["interop.delivery"]._read_group([("event_id", "in", self.ids)], ["event_id"], ["__count"])
        )
        for event in self:
            event.delivery_count = counts.get(event, 0)

    # -- recording -----------------------------------------------------------

    @api.model
    def _emit(self, happened: list[Happened]) -> None:
        """Record events in the current transaction: one statement, however many, and nothing that waits for others.

        Types that are archived are not recorded.

        :raises KeyError: a type that no addon declares: a mistake in the calling code
        """
        if not happened:
            return
        types = self.env["interop.event.type"]._in_force()
        trace = self._trace()
        subjects = self._subjects(event.subject or event.record for event in happened)
        rows = []
        for uuid, event in zip(uuid7s(len(happened)), happened, strict=True):
            if event.type not in types:
                self._assert_declared(event.type)
                continue
            type_id, kind = types[event.type]
            model, res_id = event.record
            rows.append(
                (
                    uuid,
                    event.type,
                    type_id,
                    kind,
                    subjects[event.subject or event.record],
                    json.dumps(event.attributes, default=str) if event.attributes else None,
                    event.company_id or None,
                    event.facility or None,
                    event.occurred_at,
                    trace,
                    model,
                    res_id,
                )
            )
        if not rows:
            return
        self.env.cr.execute_values(
            "INSERT INTO interop_event (uuid, type, type_id, aggregatetype, aggregateid, payload, company_id, facility,"
            " occurred_at, trace_id, res_model, res_id) VALUES %s",
            rows,
            template="(%s, %s, %s, %s, %s, %s::jsonb, %s, %s,"
            " COALESCE(%s, clock_timestamp() AT TIME ZONE 'UTC'), %s, %s, %s)",
            page_size=len(rows),
        )
        self.env["interop.lane"]._wake_fan_out()

    @staticmethod
    def _subjects(records) -> dict[tuple[str, int], str]:
        """Opaque ids of ``(model, id)`` pairs: those that the REST resources use, so a partner can ask for them."""
        numbers: dict[str, set[int]] = {}
        for model, res_id in records:
            numbers.setdefault(model, set()).add(res_id)
        return {
            (model, res_id): token
            for model, res_ids in numbers.items()
            for res_id, token in ids.encode_all(model, res_ids).items()
        }

    def _assert_declared(self, code: str) -> None:
        known = self.env["interop.event.type"].sudo().with_context(active_test=False)
        if not known.search_count([("code", "=", code)], limit=1):
            raise KeyError(f"No event type {code} is declared")

    def _trace(self) -> str | None:
        """The W3C trace context that this transaction belongs to."""
        if trace := self.env.context.get("interop_trace"):
            return trace
        dispatcher = getattr(request, "dispatcher", None) if request else None
        return getattr(getattr(dispatcher, "trace", None), "header", None)

    # -- reading -------------------------------------------------------------

    @api.model
    def _load(self, event_ids) -> dict[int, Event]:
        """Events as the senders need them, by id, with one query."""
        types = {record.id: record for record in self.env["interop.event.type"].sudo().with_context(
            active_test=False).search_fetch([], ["path", "version"])}  # fmt: skip
        self.env.cr.execute(
            """SELECT id, uuid, type, aggregateid, aggregatetype, sequence, company_id, facility, occurred_at, trace_id,
                      type_id, res_model, res_id, payload
                 FROM interop_event WHERE id = ANY(%s)""",
            [list(event_ids)],
        )
        return {
            row[0]: Event(*row[1:10], types[row[10]]._link(row[11], row[12]), row[13], types[row[10]].version)
            for row in self.env.cr.fetchall()
        }

    @api.model
    def _after(self, position: int, limit: int, type_ids, company_ids, facilities) -> tuple[list[Event], int]:
        """Events of the stream after a position, oldest first, and the position to go on from.

        :param company_ids: limit to these companies, None for all
        :param facilities: limit to these codes, None for all
        """
        self.env.cr.execute(
            """SELECT id, position FROM interop_event
                WHERE position > %s AND type_id = ANY(%s) AND (%s::int[] IS NULL OR company_id = ANY(%s::int[]))
                  AND (%s::text[] IS NULL OR facility = ANY(%s::text[]))
             ORDER BY position LIMIT %s""",
            [
                position,
                list(type_ids),
                *[None if company_ids is None else list(company_ids)] * 2,
                *[facilities] * 2,
                limit,
            ],
        )
        rows = self.env.cr.fetchall()
        events = self._load([row[0] for row in rows])
        return [events[row[0]] for row in rows], rows[-1][1] if rows else position

    @api.model
    def _source(self) -> str:
        """The CloudEvents source: this database."""
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"urn:uuid:{uuid}"

    # -- screens -------------------------------------------------------------

    def action_open_record(self):
        """The record that the event is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    @api.model
    def _action_of(self, records):
        """The recorded events about some records."""
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_event.action_event")
        return {**action, "domain": [("res_model", "=", records._name), ("res_id", "in", records.ids)], "context": {}}

    def action_open_deliveries(self):
        """Who got these events, and when."""
        action = self.env["ir.actions.act_window"]._for_xml_id("interop_event.action_delivery")
        return {**action, "domain": [("event_id", "in", self.ids)], "context": {}}

    @api.model
    def _retention_days(self) -> int:
        value = self.env["ir.config_parameter"].sudo().get_param("interop_event.retention_days")
        return int(value) if value and value.isdigit() else RETENTION_DAYS

    @api.autovacuum
    def _purge_expired(self):
        """Delete old events whose deliveries have all ended; their delivery log goes with them."""
        days = self._retention_days()
        if not days:
            return None
        self.env.cr.execute(
            """DELETE FROM interop_event WHERE id IN (
                   SELECT e.id FROM interop_event e
                    WHERE e.occurred_at < now() AT TIME ZONE 'UTC' - make_interval(days => %s)
                      AND e.position IS NOT NULL
                      AND NOT EXISTS (SELECT FROM interop_delivery d
                                       WHERE d.event_id = e.id AND d.state IN ('pending', 'retry', 'failed'))
                 ORDER BY e.occurred_at LIMIT %s)""",
            [days, BATCH],
        )
        done = self.env.cr.rowcount
        return done, done == BATCH
