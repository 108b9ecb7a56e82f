from odoo import api, fields, models
from odoo.tools import format_amount

from ..locks import DRAIN, WORKER

MINUTES = 60
WAITING = ("received", "retry", "held")
FAILED = ("quarantined", "ambiguous", "dead")
#: So many of the newest messages of an interface show its latency.
SAMPLE = 300


class InteropOverview(models.AbstractModel):
    """The numbers of the overview page, from indexes on open states and from counters per minute."""

    _name = "interop.overview"
    _description = "Overview"

    @api.model
    @api.readonly
    def get_data(self) -> dict:
        """All that the overview page shows, for the companies of the user.

        :return: ``totals``, ``minutes`` (processed and failed per minute of the
            last hour, oldest first), ``interfaces``, ``lanes``, ``exceptions``,
            ``brake``, ``rights``
        :raises AccessError: without the right to see messages
        """
        self.env["interop.message"]._check_right("metadata")
        interfaces = self.env["interop.interface"].search_fetch(
            [("state", "!=", "retired")], ["code", "name", "state", "direction", "lane_id", "system_id", "sla_seconds"]
        )
        counts, ages = self._counts(interfaces.ids), self._ages(interfaces.ids)
        series, latency = self._series(interfaces.ids), self._latency(interfaces.ids)
        rows = [self._interface(interface, counts, ages, series, latency.get(interface.id)) for interface in interfaces]
        totals = {state: sum(row["states"][state] for row in rows) for state in (*WAITING, *FAILED)}
        totals["waiting"] = sum(totals[state] for state in WAITING)
        totals["failed"] = sum(totals[state] for state in FAILED)
        totals["hour_done"] = sum(row["hour_done"] for row in rows)
        totals["hour_failed"] = sum(row["hour_failed"] for row in rows)
        totals["rate"] = sum(row["rate"] for row in rows)
        oldest = max((row for row in rows if row["oldest"] is not None), key=lambda row: row["oldest"], default=None)
        totals["oldest"] = oldest and {
            "seconds": oldest["oldest"],
            "interface_id": oldest["id"],
            "code": oldest["code"],
        }
        user = self.env.user
        return {
            "totals": totals,
            "minutes": [
                [sum(row["done"][n] for row in rows), sum(row["failed"][n] for row in rows)] for n in range(MINUTES)
            ],
            "interfaces": rows,
            "lanes": self._lanes(rows),
            "exceptions": self._exceptions(),
            "brake": self.env["interop.lane"]._brake_is_on(),
            "operator": user.has_group("interop_hub.group_operator"),
            "server_time": fields.Datetime.to_string(fields.Datetime.now()),
        }

    def _interface(self, interface, counts, ages, series, latency) -> dict:
        done, failed, milliseconds = series.get(interface.id) or ([0] * MINUTES, [0] * MINUTES, 0.0)
        oldest, last = ages.get(interface.id, (None, None))
        states = {state: counts.get((interface.id, state), 0) for state in (*WAITING, *FAILED)}
        handled = sum(done) + sum(failed)
        return {
            "id": interface.id,
            "code": interface.code,
            "name": interface.name,
            "system": interface.system_id.name,
            "state": interface.state,
            "direction": interface.direction,
            "lane_id": interface.lane_id.id,
            "lane": interface.lane_id.name,
            "states": states,
            "waiting": sum(states[state] for state in WAITING),
            "failed_now": sum(states[state] for state in FAILED),
            "oldest": oldest,
            "late": bool(oldest and interface.sla_seconds and oldest > interface.sla_seconds),
            "last": last,
            "done": done,
            "failed": failed,
            "hour_done": sum(done),
            "hour_failed": sum(failed),
            # The running minute is not full yet: the five before it give the rate.
            "rate": round(sum(done[-6:-1]) / 5, 1),
            "cost": round(milliseconds / handled, 2) if handled else None,
            "median": latency and latency[0],
            "p95": latency and latency[1],
        }

    def _counts(self, ids) -> dict:
        self.env.cr.execute(
            """SELECT interface_id, state, count(*) FROM interop_message
                WHERE interface_id = ANY(%s)
                  AND state IN ('received', 'retry', 'held', 'quarantined', 'ambiguous', 'dead')
             GROUP BY interface_id, state""",
            [ids],
        )
        return {(interface_id, state): count for interface_id, state, count in self.env.cr.fetchall()}

    def _ages(self, ids) -> dict:
        """Seconds since the oldest waiting and since the newest message, per interface."""
        self.env.cr.execute(
            """SELECT i.id, EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - LEAST(r.at, w.at))::int,
                      EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - l.at)::int
                 FROM unnest(%s) AS i(id)
            LEFT JOIN LATERAL (SELECT received_at AS at FROM interop_message
                                WHERE interface_id = i.id AND state = 'received' ORDER BY id LIMIT 1) r ON TRUE
            LEFT JOIN LATERAL (SELECT min(received_at) AS at FROM interop_message
                                WHERE interface_id = i.id AND state IN ('retry', 'held')) w ON TRUE
            LEFT JOIN LATERAL (SELECT received_at AS at FROM interop_message
                                WHERE interface_id = i.id ORDER BY received_at DESC LIMIT 1) l ON TRUE""",
            [ids],
        )
        return {
            row[0]: tuple(value if value is None else max(value, 0) for value in row[1:])
            for row in self.env.cr.fetchall()
        }

    def _series(self, ids) -> dict:
        """Processed and failed per minute of the last hour, and the milliseconds spent, per interface."""
        self.env.cr.execute(
            """SELECT interface_id, (EXTRACT(EPOCH FROM date_trunc('minute', now() AT TIME ZONE 'UTC') - at) / 60)::int,
                      sum(done)::int, sum(failed)::int, sum(milliseconds)
                 FROM interop_stat
                WHERE interface_id = ANY(%s)
                  AND at > date_trunc('minute', now() AT TIME ZONE 'UTC') - make_interval(mins => %s)
             GROUP BY 1, 2""",
            [ids, MINUTES],
        )
        series = {}
        for interface_id, ago, done, failed, milliseconds in self.env.cr.fetchall():
            entry = series.setdefault(interface_id, ([0] * MINUTES, [0] * MINUTES, 0.0))
            if 0 <= ago < MINUTES:
                entry[0][MINUTES - 1 - ago] += done or 0
                entry[1][MINUTES - 1 - ago] += failed or 0
                series[interface_id] = (entry[0], entry[1], entry[2] + (milliseconds or 0.0))
        return series

    def _latency(self, ids) -> dict:
        """Median and 95th percentile of seconds from acceptance to the end, of the newest messages of the last hour."""
        self.env.cr.execute(
            """SELECT i.id, s.percentiles
                 FROM unnest(%s) AS i(id), LATERAL (
                      SELECT percentile_cont(ARRAY[0.5, 0.95])
                             WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM n.done_at - n.received_at)) AS percentiles
                        FROM (SELECT state, received_at, done_at FROM interop_message
                               WHERE interface_id = i.id
                                 AND received_at > now() AT TIME ZONE 'UTC' - interval '1 hour'
                            ORDER BY received_at DESC LIMIT %s) n
                       WHERE n.state = 'done' AND n.done_at IS NOT NULL) s
                WHERE s.percentiles IS NOT NULL""",
            [ids, SAMPLE],
        )
        return {row[0]: [round(max(float(value), 0.0), 3) for value in row[1]] for row in self.env.cr.fetchall()}

    def _lanes(self, rows) -> list[dict]:
        self.env.cr.execute(
            """SELECT classid::bigint, objid::bigint FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND mode = 'ExclusiveLock'
                  AND classid::bigint = ANY(%s)
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
            [[WORKER, DRAIN]],
        )
        locks = self.env.cr.fetchall()
        workers = [number // 64 for kind, number in locks if kind == WORKER]
        drains = [number // 64 for kind, number in locks if kind == DRAIN]
        return [
            {
                "id": lane.id,
                "name": lane.name,
                "latency_class": lane.latency_class,
                "class_label": dict(lane._fields["latency_class"]._description_selection(self.env))[lane.latency_class],
                "paused": lane.paused,
                "parallelism": lane.parallelism,
                "waiting": sum(row["waiting"] for row in rows if row["lane_id"] == lane.id),
                "failed": sum(row["failed_now"] for row in rows if row["lane_id"] == lane.id),
                "rate": round(sum(row["rate"] for row in rows if row["lane_id"] == lane.id), 1),
                "oldest": max(
                    (row["oldest"] for row in rows if row["lane_id"] == lane.id and row["oldest"]), default=None
                ),
                "workers": workers.count(lane.id),
                "draining": drains.count(lane.id),
            }
            for lane in self.env["interop.lane"].search([])
        ]

    def _exceptions(self) -> dict:
        exceptions = self.env["interop.exception"]
        waiting = [("state", "in", ("open", "in_progress"))]
        labels = dict(exceptions._fields["type"]._description_selection(self.env))
        types = [
            {"type": kind, "label": labels.get(kind, kind), "count": count}
            for kind, count in exceptions._read_group(waiting, ["type"], ["__count"])
        ]
        amounts = {}
        for company, amount in exceptions._read_group(waiting, ["company_id"], ["amount:sum"]):
            currency = company.sudo().currency_id
            amounts[currency] = amounts.get(currency, 0.0) + (amount or 0.0)
        return {
            "count": sum(entry["count"] for entry in types),
            "mine": exceptions.search_count([*waiting, ("owner_id", "=", self.env.uid)]),
            "overdue": exceptions.search_count([*waiting, ("deadline", "<", fields.Datetime.now())]),
            "types": sorted(types, key=lambda entry: -entry["count"]),
            "amounts": [format_amount(self.env, amount, currency) for currency, amount in amounts.items() if amount],
        }
