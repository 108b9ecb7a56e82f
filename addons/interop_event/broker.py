"""Publishing to a message broker by kombu: confirmed, persistent, one topic exchange.

The address of the broker holds credentials and stays outside of the database:
environment ``INTEROP_BROKER_URL``, or ``broker_url`` in the ``[interop]``
section of odoo.conf, e.g. ``amqp://odoo:secret@broker.example:5671/prod?ssl=1``.
RabbitMQ is what the tests run against; kombu speaks to others by their URLs.
"""

from __future__ import annotations

import contextlib
import os
import time
from configparser import ConfigParser

from .sender import IDLE, Endpoint, Job, Result

EXCHANGE = "interop.events"
HEARTBEAT = 20


class NoBroker(Exception):
    """No broker is configured on this node."""


def broker_url() -> str:
    """Where the broker is; empty when none is configured."""
    if value := os.environ.get("INTEROP_BROKER_URL"):
        return value
    from odoo.tools import config

    if not config["config"]:
        return ""
    parser = ConfigParser(interpolation=None)
    parser.read(config["config"])
    return parser.get("interop", "broker_url", fallback="")


def connect(timeout: float):
    """A connection with publisher confirms.

    :raises NoBroker: none is configured
    """
    from kombu import Connection

    if not (url := broker_url()):
        raise NoBroker
    return Connection(
        url,
        connect_timeout=timeout,
        heartbeat=HEARTBEAT,
        transport_options={"confirm_publish": True, "read_timeout": timeout, "write_timeout": timeout},
    )


def exchange_of(name: str):
    """The durable topic exchange of this name."""
    from kombu import Exchange

    return Exchange(name or EXCHANGE, type="topic", durable=True, delivery_mode="persistent")


class BrokerEndpoint(Endpoint):
    """Publishes the deliveries of one subscription; each is done when the broker has confirmed it.

    :param exchange: name of the topic exchange; the routing key is the event's type
    """

    def __init__(self, subscription_id, exchange, results, *, parallel=1, timeout=15.0):
        super().__init__(subscription_id, "", [], results, parallel=parallel, timeout=timeout)
        self.exchange = exchange

    def _new_line(self):
        return _Channel(self.exchange, self.timeout)

    def _attempt(self, line, job: Job) -> Result:
        began = time.monotonic()
        error, ambiguous = "", False
        line.since = began
        try:
            line.publish(job)
        except NoBroker:
            error = "broker.unset"
        except TimeoutError:
            error, ambiguous = "broker.timeout", line.sent
        except Exception as failure:  # each transport has errors of its own
            error, ambiguous = f"broker.{type(failure).__name__}", line.sent
        finally:
            line.since = 0.0
        if error:
            line.close()
        milliseconds = int((time.monotonic() - began) * 1000)
        return Result(self.subscription_id, job.delivery_id, 0, error, ambiguous, 0.0, milliseconds)


class _Channel:
    """One connection with its channel, kept open."""

    def __init__(self, exchange: str, timeout: float):
        self.exchange = exchange
        self.timeout = timeout
        self.connection = self.producer = None
        self.since = self.used = 0.0
        self.sent = False

    def publish(self, job: Job) -> None:
        from kombu import Producer

        self.sent = False
        if self.connection is not None and time.monotonic() - self.used > min(IDLE, HEARTBEAT) / 2:
            self.close()  # nobody answered its heartbeats meanwhile
        if self.producer is None:
            self.connection = connect(self.timeout)
            self.connection.ensure_connection(max_retries=0, timeout=self.timeout, reraise_as_library_errors=False)
            exchange = exchange_of(self.exchange)
            self.producer = Producer(self.connection.default_channel, exchange=exchange, auto_declare=True)
        headers = dict(job.headers)
        self.sent = True
        self.producer.publish(
            job.body,
            routing_key=job.topic,
            content_type=headers.pop("Content-Type"),
            content_encoding="utf-8",
            headers=headers,
            message_id=job.message_id,
            delivery_mode=2,
            timestamp=int(time.time()),
            retry=False,
            mandatory=False,
            confirm_timeout=self.timeout,
        )
        self.used = time.monotonic()

    def cut(self) -> None:
        """Time limits are the transport's own."""

    def close(self) -> None:
        connection, self.connection, self.producer = self.connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.collect(socket_timeout=1)
