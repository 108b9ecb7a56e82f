"""Endpoints of the subscriptions that one slot serves, kept while their settings stay as they are."""

from __future__ import annotations

from typing import NamedTuple

from .broker import BrokerEndpoint
from .sender import Endpoint


class Config(NamedTuple):
    """The settings of a subscription that decide how its endpoint works."""

    subscription_id: int
    kind: str
    url: str
    mode: str
    with_data: bool
    ordered: bool
    parallel: int
    timeout: int
    trusted: bool
    disable_after_hours: int
    secrets: tuple[int, ...]


class Served(NamedTuple):
    """An endpoint with the settings that it was made for."""

    config: Config
    endpoint: Endpoint


def follow(env, state, lane_id: int, slot: int, senders: dict) -> None:
    """Make, replace and close endpoints so that they are as the subscriptions say.

    :param state: the relay's state, with ``endpoints`` and ``results``
    :param senders: function that makes the endpoint, by kind of subscription
    """
    env.cr.execute(
        """SELECT s.id, s.kind, COALESCE(CASE s.kind WHEN 'broker' THEN s.exchange ELSE s.url END, ''), s.mode, COALESCE(s.with_data, FALSE), s.ordering = 'subject',
                  s.parallel, s.timeout, COALESCE(s.trusted, FALSE), s.disable_after_hours,
                  ARRAY(SELECT x.id FROM interop_subscription_secret x
                         WHERE x.subscription_id = s.id
                           AND (x.expires_at IS NULL OR x.expires_at > clock_timestamp() AT TIME ZONE 'UTC') ORDER BY x.id)
             FROM interop_subscription s JOIN interop_lane l ON l.id = %s
            WHERE s.state = 'active' AND s.kind = ANY(%s) AND s.id %% l.parallelism = %s""",
        [lane_id, list(senders), slot],
    )
    wanted = {row[0]: Config(*row[:10], tuple(row[10])) for row in env.cr.fetchall()}
    for subscription_id in [*state.endpoints]:
        if wanted.get(subscription_id) == state.endpoints[subscription_id].config:
            del wanted[subscription_id]
        else:
            recall(state, subscription_id)
            state.endpoints.pop(subscription_id).endpoint.close()
    if not wanted:
        return
    signers = env["interop.subscription.secret"]._signers(list(wanted))
    for subscription_id, config in wanted.items():
        endpoint = senders[config.kind](env, config, signers.get(subscription_id, []), state.results)
        state.endpoints[subscription_id] = Served(config, endpoint)


def recall(state, subscription_id: int) -> None:
    """Forget deliveries that were claimed for a subscription and that no thread has begun: they wait in the database."""
    begun = {flight.delivery_id for flight in state.flights.values() if flight.subscription_id == subscription_id}
    for delivery_id in state.endpoints[subscription_id].endpoint.recall():
        state.flights.pop(delivery_id, None)
        begun.discard(delivery_id)
    for key in [key for key in state.waiting if key[0] == subscription_id]:
        chain = state.waiting[key]
        while chain:
            flight, _job = chain.pop()
            state.flights.pop(flight.delivery_id, None)
            begun.discard(flight.delivery_id)
        if not any(state.flights[delivery_id].subject == key[1] for delivery_id in begun):
            del state.waiting[key]  # otherwise its head is under way and ends the chain itself


def broker_endpoint(env, config: Config, signers, results) -> Endpoint:
    """The endpoint of a subscription that publishes to the message broker."""
    return BrokerEndpoint(
        config.subscription_id, config.url, results, parallel=min(config.parallel, 4), timeout=config.timeout
    )


def webhook_endpoint(env, config: Config, signers, results) -> Endpoint:
    """The endpoint of a webhook."""
    allow = env["interop.subscription"].browse(config.subscription_id)._allowed_hosts()
    return Endpoint(
        config.subscription_id,
        config.url,
        signers,
        results,
        allow=allow,
        parallel=config.parallel,
        timeout=config.timeout,
    )
