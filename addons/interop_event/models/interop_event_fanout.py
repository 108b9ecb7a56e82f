from odoo import api, models

BATCH = 1000

#: Which subscriptions an event goes to. ``e`` is the event, ``s`` the subscription.
MATCH = """
        s.state IN ('active', 'paused')
    AND (s.company_id IS NULL OR s.company_id = e.company_id)
    AND (s.facilities IS NULL OR e.facility = ANY(regexp_split_to_array(s.facilities, '[,\\s]+')))
    AND (s.facility_limit IS NULL OR e.facility = ANY(string_to_array(s.facility_limit, ',')))
    AND (s.filter IS NULL OR e.payload @> s.filter)
"""


class InteropEvent(models.Model):
    """Numbering events and handing them out: done by one process at a time, after the commit.

    Concurrent transactions commit in another order than they took their ids,
    so no "last id seen" is safe. An event without a position is one that was
    not handed out yet, whenever it became visible; a partial index holds
    exactly those. Positions are given by one writer (it holds the lock of the
    relay's first slot), so a reader of the stream who has seen a position
    never misses a smaller one.
    """

    _inherit = "interop.event"

    @api.model
    def _fan_out(self, limit: int = BATCH) -> int:
        """Number the next events and make their deliveries, in the current transaction; return how many events."""
        self.env.cr.execute(
            """WITH fresh AS MATERIALIZED (
                   SELECT id, aggregateid AS subject FROM interop_event
                    WHERE position IS NULL ORDER BY id LIMIT %s),
               counted AS (
                   INSERT INTO interop_event_subject AS c (subject, last)
                   SELECT subject, count(*) FROM fresh GROUP BY subject ORDER BY subject
                   ON CONFLICT (subject) DO UPDATE SET last = c.last + EXCLUDED.last
                   RETURNING subject, last),
               numbered AS MATERIALIZED (
                   SELECT id, nextval('interop_event_position') AS position, sequence FROM (
                       SELECT f.id, c.last - count(*) OVER (PARTITION BY f.subject)
                              + row_number() OVER (PARTITION BY f.subject ORDER BY f.id) AS sequence
                         FROM fresh f JOIN counted c USING (subject) ORDER BY f.id) ordered)
               UPDATE interop_event e SET position = n.position, sequence = n.sequence
                 FROM numbered n WHERE n.id = e.id
            RETURNING e.id""",
            [limit],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        if ids:
            self._make_deliveries("e.id = ANY(%s)", [ids])
        return len(ids)

    @api.model
    def _make_deliveries(self, condition: str, values: list, *, again: bool = False) -> int:
        """Make the deliveries of events to the subscriptions that want them; return how many.

        :param condition: SQL over ``e`` (events) and ``s`` (subscriptions), written by us
        :param again: whether deliveries that have ended are made anew
        """
        conflict = (
            """DO UPDATE SET state = 'pending', attempts = 0, next_attempt = NULL, error_code = NULL, done_at = NULL,
                             replays = COALESCE(interop_delivery.replays, 0) + 1
                     WHERE interop_delivery.state IN ('delivered', 'failed', 'discarded', 'retry')"""
            if again
            else "DO NOTHING"
        )
        self.env.cr.execute(
            f"""INSERT INTO interop_delivery (subscription_id, event_id, company_id, position, subject, state, attempts,
                                              ambiguous, created_at)
                SELECT s.id, e.id, e.company_id, e.position, e.aggregateid, 'pending', 0, FALSE,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM interop_event e
                  JOIN interop_subscription_type_rel r ON r.type_id = e.type_id
                  JOIN interop_subscription s ON s.id = r.subscription_id
                 WHERE {condition} AND {MATCH}
             UNION ALL
                SELECT s.id, e.id, e.company_id, e.position, e.aggregateid, 'pending', 0, FALSE,
                       clock_timestamp() AT TIME ZONE 'UTC'
                  FROM interop_event e
                  JOIN interop_subscription s ON s.id = e.res_id
                 WHERE {condition} AND e.type = 'subscription.tested' AND s.state IN ('active', 'paused')
              ORDER BY position
           ON CONFLICT (subscription_id, event_id) {conflict}
             RETURNING subscription_id""",
            [*values, *values],
        )
        subscriptions = [row[0] for row in self.env.cr.fetchall()]
        self.env["interop.lane"]._wake_subscriptions(set(subscriptions))
        return len(subscriptions)
