"""Writing what became of deliveries, a set at a time."""

from __future__ import annotations

from . import schedule

GONE = "http.410"
#: The receiver asks for less: it is left alone for as long as it says.
THROTTLED = ("http.429", "http.502", "http.503", "http.504")


class Recorder:
    """Writes results in the relay's transaction."""

    def __init__(self, env):
        self.env = env
        self.cr = env.cr

    @staticmethod
    def room(failures: int, usual: int) -> int:
        """How many deliveries an endpoint may have under way: few while it fails, one once its breaker was open."""
        if failures >= schedule.BREAKER_FAILURES:
            return 1
        return min(usual, 4) if failures else usual

    def write(self, batch, configs: dict) -> set[int]:
        """Write states, attempts and the endpoints' health; return the subscriptions to be left alone for a while.

        :param batch: ``[(Flight, Result)]``
        :param configs: settings of the subscriptions, by id
        """
        self.brokers = {number for number, config in configs.items() if config.kind == "broker"}
        good = [(flight, result) for flight, result in batch if not result.error]
        bad = [(flight, result) for flight, result in batch if result.error]
        if good:
            self._write_good(good)
        if bad:
            self._write_bad(bad)
        resting = self._write_health(batch)
        self._disable_gone(bad)
        if bad:
            self.env["interop.subscription"]._watch_failing()
        return resting

    def _write_good(self, good) -> None:
        self.cr.execute(
            """UPDATE interop_delivery d
                  SET state = 'delivered', attempts = v.attempts, next_attempt = NULL, status = v.status,
                      milliseconds = v.milliseconds, error_code = NULL,
                      done_at = clock_timestamp() AT TIME ZONE 'UTC'
                 FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[]) AS v(id, attempts, status, milliseconds)
                WHERE d.id = v.id AND d.state IN ('pending', 'retry')""",
            [
                [flight.delivery_id for flight, _result in good],
                [flight.attempts + 1 for flight, _result in good],
                [result.status for _flight, result in good],
                [result.milliseconds for _flight, result in good],
            ],
        )

    def _write_bad(self, bad) -> None:
        rows = []
        for flight, result in bad:
            if flight.subscription_id in self.brokers:
                pause = schedule.BROKER_PAUSE  # an outage only delays
            else:
                pause = schedule.delay(flight.attempts + 1, result.retry_after)
            rows.append(
                (
                    flight.delivery_id,
                    "failed" if pause is None else "retry",
                    flight.attempts + 1,
                    pause,
                    result.status,
                    result.milliseconds,
                    result.error[:64],
                    result.ambiguous,
                )
            )
        self.cr.execute_values(
            """UPDATE interop_delivery d
                  SET state = v.state, attempts = v.attempts, status = v.status, milliseconds = v.milliseconds,
                      error_code = v.error, ambiguous = d.ambiguous OR v.ambiguous,
                      next_attempt = now() AT TIME ZONE 'UTC' + make_interval(secs => v.pause::float8)
                 FROM (VALUES %s) AS v(id, state, attempts, pause, status, milliseconds, error, ambiguous)
                WHERE d.id = v.id AND d.state IN ('pending', 'retry')""",
            rows,
            template="(%s, %s, %s, %s::float8, %s, %s, %s, %s)",
            page_size=len(rows),
        )
        self.cr.execute_values(
            """INSERT INTO interop_delivery_attempt (delivery_id, number, at, status, error_code, milliseconds, ambiguous)
               SELECT v.id, v.number, clock_timestamp() AT TIME ZONE 'UTC', v.status, v.error, v.milliseconds, v.ambiguous
                 FROM (VALUES %s) AS v(id, number, status, error, milliseconds, ambiguous)
                 JOIN interop_delivery d ON d.id = v.id""",
            [(row[0], row[2], row[4], row[6], row[5], row[7]) for row in rows],
            page_size=len(rows),
        )
        self._report_failed(
            {flight.subscription_id for (flight, _r), row in zip(bad, rows, strict=True) if row[1] == "failed"}
        )

    def _report_failed(self, subscription_ids) -> None:
        """One exception per subscription for deliveries that were given up."""
        if not subscription_ids:
            return
        self.env["interop.exception"]._open(
            [
                {
                    "type": "subscription",
                    "key": f"{record.uuid}:failed",
                    "name": self.env._("Events to %s failed at their last attempt", record.name),
                    "company_id": (record.company_id or self.env.company).id,
                    "owner_id": record.owner_id.id,
                    "res_model": record._name,
                    "res_id": record.id,
                }
                for record in self.env["interop.subscription"].browse(subscription_ids)
            ]
        )

    def _write_health(self, batch) -> set[int]:
        """Count failures in a row; open the breaker, or close it and call in what was waiting."""
        outcome: dict[int, tuple[int, bool, str, float]] = {}
        for flight, result in batch:
            streak, succeeded, error, asked = outcome.get(flight.subscription_id, (0, False, "", 0.0))
            if result.error:
                if result.error in THROTTLED:
                    asked = max(asked, result.retry_after)
                outcome[flight.subscription_id] = (streak + 1, succeeded, result.error[:64], asked)
            else:
                outcome[flight.subscription_id] = (0, True, error, asked)
        self.cr.execute(
            "SELECT subscription_id, failures FROM interop_subscription_health WHERE subscription_id = ANY(%s)",
            [list(outcome)],
        )
        before = dict(self.cr.fetchall())
        rows = []
        for subscription_id, (streak, succeeded, error, asked) in outcome.items():
            failures = streak if succeeded else before.get(subscription_id, 0) + streak
            pause = max(schedule.breaker_pause(failures), asked)
            if subscription_id in self.brokers:
                pause = min(pause, schedule.BROKER_PAUSE)
            rows.append((subscription_id, failures, pause or None, succeeded, error or None))
        self.cr.execute_values(
            """INSERT INTO interop_subscription_health AS h (subscription_id, failures, failing_since, blocked_until,
                      last_success, last_failure, last_error)
               SELECT v.id, v.failures, CASE WHEN v.failures > 0 THEN now() AT TIME ZONE 'UTC' END,
                      now() AT TIME ZONE 'UTC' + make_interval(secs => v.pause),
                      CASE WHEN v.succeeded THEN now() AT TIME ZONE 'UTC' END,
                      CASE WHEN v.error IS NOT NULL THEN now() AT TIME ZONE 'UTC' END, v.error
                 FROM (VALUES %s) AS v(id, failures, pause, succeeded, error)
                 JOIN interop_subscription s ON s.id = v.id
               ON CONFLICT (subscription_id) DO UPDATE
                  SET failures = EXCLUDED.failures, blocked_until = EXCLUDED.blocked_until,
                      failing_since = CASE WHEN EXCLUDED.failures = 0 THEN NULL
                                           WHEN EXCLUDED.last_success IS NOT NULL THEN EXCLUDED.failing_since
                                           ELSE COALESCE(h.failing_since, EXCLUDED.failing_since) END,
                      last_success = COALESCE(EXCLUDED.last_success, h.last_success),
                      last_failure = COALESCE(EXCLUDED.last_failure, h.last_failure),
                      last_error = COALESCE(EXCLUDED.last_error, h.last_error)""",
            rows,
            template="(%s, %s, %s::float8, %s, %s)",
            page_size=len(rows),
        )
        back = [row[0] for row in rows if row[3] and not row[1] and before.get(row[0], 0) >= schedule.BREAKER_FAILURES]
        if back:
            # It takes events again: what waits for a later attempt need not wait.
            self.cr.execute(
                """UPDATE interop_delivery SET next_attempt = now() AT TIME ZONE 'UTC'
                    WHERE subscription_id = ANY(%s) AND state = 'retry' AND next_attempt > now() AT TIME ZONE 'UTC'""",
                [back],
            )
        return {row[0] for row in rows if row[2]}

    def _disable_gone(self, bad) -> None:
        gone = {flight.subscription_id for flight, result in bad if result.error == GONE}
        if gone:
            self.env["interop.subscription"].browse(gone)._disable(
                self.env._("the receiver answered that it is gone (410)"), GONE
            )
